"""What an invoice of ours carries, so that its money finds its owner whatever was lost. Keeps nothing."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.money import Money

_FORM = re.compile(r"orbit1:(?P<payment>[0-9]{1,18}):(?P<owner>[0-9]{1,18}):(?P<seal>[0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Marked:
    """The payment and the person that an invoice was made for."""

    payment_id: int
    owner: int


class Marks:
    """Writes and reads payloads. The seal covers the amount and is made with this installation's own key.

    Two installations behind one token, a test beside the shop, count their payments from 1 alike: without a seal
    money of one would be credited in the other.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, payment_id: int, owner: int, amount: Money) -> str:
        """The payload of an invoice over `amount`."""
        return f"orbit1:{payment_id}:{owner}:{self._seal(payment_id, owner, amount)}"

    def read(self, payload: str, amount: Money) -> Marked | None:
        """Whose invoice it is; None where the payload isn't ours, or was made for another amount."""
        form = _FORM.fullmatch(payload)
        if form is None:
            return None
        payment_id, owner = int(form["payment"]), int(form["owner"])
        if not hmac.compare_digest(form["seal"], self._seal(payment_id, owner, amount)):
            return None
        return Marked(payment_id, owner)

    def _seal(self, payment_id: int, owner: int, amount: Money) -> str:
        text = f"{payment_id}:{owner}:{amount.kopecks}"
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]
