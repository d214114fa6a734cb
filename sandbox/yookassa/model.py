"""Owns payments and refunds and their JSON in YooKassa's own words; must not decide anything."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

# A payment that the customer does not confirm in this time is canceled by YooKassa.
CONFIRMATION_TIME = timedelta(hours=1)
METHODS = {"bank_card": "Bank card *4477", "sbp": "SBP"}


@dataclass
class Payment:
    """A payment of one shop; `status` as somebody made it, None while the customer has done nothing."""

    id: str
    amount: Decimal
    created_at: datetime
    is_test: bool
    capture: bool
    return_url: str
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    status: str | None = None
    reason: str | None = None
    method: str | None = None
    paid_at: datetime | None = None
    refunded: Decimal = Decimal(0)

    def state(self, now: datetime) -> str:
        """Return pending, waiting_for_capture, succeeded or canceled."""
        if self.status is not None:
            return self.status
        return "canceled" if now >= self.created_at + CONFIRMATION_TIME else "pending"

    def wire(self, now: datetime, shop_id: str) -> dict[str, object]:
        """Write it as the API and the notifications do; what isn't there is left out."""
        state = self.state(now)
        paid = state in {"succeeded", "waiting_for_capture"}
        fields: dict[str, object | None] = {
            "id": self.id,
            "status": state,
            "amount": money(self.amount),
            "income_amount": money(self.amount * Decimal("0.965")) if state == "succeeded" else None,
            "description": self.description,
            "recipient": {"account_id": shop_id, "gateway_id": "2042424"},
            "payment_method": self._method(),
            "captured_at": moment(self.paid_at) if self.paid_at and state == "succeeded" else None,
            "created_at": moment(self.created_at),
            "confirmation": self._confirmation() if state == "pending" else None,
            "test": self.is_test,
            "refunded_amount": money(self.refunded) if state == "succeeded" else None,
            "paid": paid,
            "refundable": state == "succeeded" and self.refunded < self.amount,
            "metadata": self.metadata,
            "cancellation_details": self._cancellation() if state == "canceled" else None,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _confirmation(self) -> dict[str, str]:
        url = f"https://yoomoney.ru/checkout/payments/v2/contract?orderId={self.id}"
        return {"type": "redirect", "return_url": self.return_url, "confirmation_url": url}

    def _cancellation(self) -> dict[str, str]:
        return {"party": "yoo_money", "reason": self.reason or "expired_on_confirmation"}

    def _method(self) -> dict[str, object] | None:
        if self.method is None:
            return None
        return {"type": self.method, "id": self.id, "saved": False, "title": METHODS[self.method]}


@dataclass
class Refund:
    """Money that goes back, all of a payment or a part of it."""

    id: str
    payment_id: str
    amount: Decimal
    created_at: datetime
    status: str

    def wire(self) -> dict[str, object]:
        """Write it as the API and the notifications do."""
        fields: dict[str, object] = {
            "id": self.id,
            "payment_id": self.payment_id,
            "status": self.status,
            "created_at": moment(self.created_at),
            "amount": money(self.amount),
        }
        if self.status == "canceled":
            fields["cancellation_details"] = {"party": "yoo_money", "reason": "insufficient_funds"}
        return fields


def money(amount: Decimal) -> dict[str, str]:
    """Write rubles with their two places."""
    return {"value": f"{amount:.2f}", "currency": "RUB"}


def moment(at: datetime) -> str:
    """Write a moment in milliseconds with a Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
