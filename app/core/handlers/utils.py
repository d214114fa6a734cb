"""Small helps of the handlers: collaborators by type, ids out of hostile data. Holds no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from app.domain.errors import MalformedAction, StorageUnavailable
from app.domain.payment import PaymentMethod

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


def safe_get_repo(collaborators: Mapping[str, object], name: str, kind: type[T]) -> T:
    """The collaborator under `name`; StorageUnavailable, which has words, where it is not there."""
    found = collaborators.get(name)
    if not isinstance(found, kind):
        raise StorageUnavailable
    return found


def method_of(value: str) -> PaymentMethod:
    """The payment method that a button names; MalformedAction where there is none of that name."""
    try:
        return PaymentMethod(value)
    except ValueError:
        raise MalformedAction from None


def row_id(value: int) -> int:
    """An id that a button names; MalformedAction where it can't be one (the column is 64 bits wide)."""
    if not 0 < value < 2**63:
        raise MalformedAction
    return value
