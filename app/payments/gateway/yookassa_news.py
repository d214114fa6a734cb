"""Reads what claims to come from YooKassa. Nothing of it is believed but the name of what to ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, ValidationError

from app.payments.gateway.answers import Answer, place_of
from app.payments.gateway.strict_json import NotStrictJson, read_json
from app.payments.gateway.yookassa_models import Name

PAID = "payment.succeeded"
REFUNDED = "refund.succeeded"


class BadNews(Exception):
    """Nothing that YooKassa is known to send; the text quotes none of it."""


class _Object(Answer):
    id: Name


class _Notification(Answer):
    type: Annotated[str, Field(pattern="^notification$")]
    event: str
    object: _Object


@dataclass(frozen=True, slots=True)
class News:
    """What to ask for: a payment or a refund, by its id."""

    is_refund: bool
    id: str


def news_in(body: bytes) -> News | None:
    """What the notification is about; None where it is about nothing that moves money. Raises BadNews."""
    try:
        told = _Notification.model_validate(read_json(body))
    except NotStrictJson as problem:
        raise BadNews(str(problem)) from None
    except ValidationError as error:
        raise BadNews(f"unexpected_form at {place_of(error)}") from None
    return News(told.event == REFUNDED, told.object.id) if told.event in {PAID, REFUNDED} else None
