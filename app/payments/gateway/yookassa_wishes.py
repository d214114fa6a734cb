"""What YooKassa is asked for: payments, refunds, receipts by 54-FZ, and the keys that make asking repeatable."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.payments.gateway.marks import Marks
    from app.payments.gateway.yookassa_models import Sum
    from app.services.records import Payment

CURRENCY = "RUB"
# Where the mark stands in a payment's metadata.
MARK = "orbit"


@dataclass(frozen=True, slots=True)
class Fiscal:
    """What a receipt by 54-FZ says: the address it goes to, and YooKassa's code for the rate of VAT."""

    email: str
    vat_code: int


class Wishes:
    """Writes the bodies. `key` is this installation's own: another one behind the same shop has other keys."""

    def __init__(self, marks: Marks, key: bytes, fiscal: Fiscal | None) -> None:
        self._marks = marks
        self._key = key
        self._fiscal = fiscal

    def payment(self, payment: Payment, return_url: str) -> dict[str, object]:
        """A payment in one step, after which the customer comes back to `return_url`."""
        amount = {"value": f"{payment.amount.decimal:.2f}", "currency": CURRENCY}
        description = f"OrbitVPN #{payment.id}"
        return {
            "amount": amount,
            "capture": True,
            "confirmation": {"type": "redirect", "return_url": return_url},
            "description": description,
            "metadata": {MARK: self._marks.write(payment.id, payment.owner, payment.amount)},
            **self._receipt(amount, description),
        }

    def payment_key(self, payment: Payment) -> str:
        """The same for the same payment. A number that is given anew after a restored backup has another deadline."""
        mark = self._marks.write(payment.id, payment.owner, payment.amount)
        return self._keyed(f"payment:{mark}:{payment.expires_at.isoformat()}")

    def refund(self, charge: str, amount: Sum) -> dict[str, object]:
        """A refund of `amount`."""
        given = {"value": f"{amount.value:.2f}", "currency": amount.currency}
        return {"payment_id": charge, "amount": given, **self._receipt(given, "OrbitVPN")}

    def refund_key(self, charge: str, amount: Sum, refused: int) -> str:
        """The same until something became of it: money was given back, or one more attempt was refused."""
        return self._keyed(f"refund:{charge}:{amount.value}:{amount.currency}:{refused}")

    def _keyed(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _receipt(self, amount: dict[str, str], description: str) -> dict[str, object]:
        if self._fiscal is None:
            return {}
        item = {
            "description": description,
            "quantity": "1.00",
            "amount": amount,
            "vat_code": self._fiscal.vat_code,
            # A balance is topped up: what will be bought with it is not known yet.
            "payment_mode": "advance",
            "payment_subject": "payment",
        }
        return {"receipt": {"customer": {"email": self._fiscal.email}, "items": [item]}}
