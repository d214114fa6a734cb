"""Purchases that wait for money, in memory, beside shop_model.py: what the real ones are compared with. No SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.sales_model import Sales

if TYPE_CHECKING:
    from app.domain.money import Money
    from app.domain.plans import Plan

HONOURED = timedelta(hours=24)
OPEN = {"waiting", "due", "short"}


@dataclass
class Waiting:
    """What is to be bought when a payment's money has come; `status` is the real one's."""

    owner: int
    plan: Plan
    use_id: int
    price: Money
    intent: str
    is_gift: bool
    wished_at: datetime
    status: str = "waiting"
    paid_at: datetime | None = None


@dataclass
class Pending(Sales):
    """The wishes of payments, by their ids."""

    wishes: dict[int, Waiting] = field(default_factory=dict)

    def complete(self, payment_id: int, end: str | None, code: str) -> bool:
        """Whether the look at what is due can have ended so; None: somebody else had looked."""
        wish = self.wishes[payment_id]
        if end is None or wish.status != "due":
            return end is None and wish.status != "due"
        if end != self._end(wish):
            return False
        wish.status = end
        if end != "bought":
            return True
        if wish.is_gift:
            return self.give(wish.owner, wish.plan, wish.intent, wish.use_id, code)
        return self.buy(wish.owner, wish.plan, wish.intent, wish.use_id)

    def money_came(self, payment_id: int, at: datetime) -> None:
        """Money that names the payment was credited."""
        wish = self.wishes.get(payment_id)
        if wish is not None and wish.status in OPEN:
            in_time = wish.paid_at if wish.status == "due" else None
            wish.status, wish.paid_at = "due", min(at, in_time or at)

    def invoice_gone(self, payment_id: int, *, for_good: bool) -> None:
        """The invoice was cancelled, or, for good, swept."""
        if for_good:
            self.wishes.pop(payment_id, None)
        elif payment_id in self.wishes and self.wishes[payment_id].status == "waiting":
            self.wishes[payment_id].status = "cancelled"

    def _end(self, wish: Waiting) -> str:
        person = self.people[wish.owner]
        if wish.intent in (person.given if wish.is_gift else person.intents):
            return "had"
        if wish.paid_at is not None and wish.paid_at > wish.wished_at + HONOURED:
            return "late"
        if person.use_shown(self.now) != wish.use_id:
            return "changed"
        return "bought" if person.balance >= wish.price else "short"
