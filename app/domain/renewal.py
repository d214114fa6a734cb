"""Renewing by itself: when it is tried, what a person has agreed to, and the name of one purchase. Reads no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.money import Money
    from app.domain.plans import Plan
    from app.domain.promo import Offer

# It is first tried so long before the end, and never again so long after it: who came back by then decides anew.
BEFORE = timedelta(hours=24)
AFTER = timedelta(days=3)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The plan as it stood on the screen where the person switched it on."""

    plan_key: str
    price: Money
    days: int
    max_configs: int

    @classmethod
    def to(cls, plan: Plan) -> Agreement:
        """Agreed to as it is sold now; a discount that waits is not counted on."""
        return cls(plan.key, plan.price, plan.days, plan.max_configs)

    def covers(self, offer: Offer) -> bool:
        """Whether the offer costs no more and gives no less than what was agreed to."""
        plan = offer.plan
        return offer.price <= self.price and plan.days >= self.days and plan.max_configs >= self.max_configs


def intent_of(tg_id: int, end: datetime) -> str:
    """The one purchase that may renew what ends then; no button's intent has a colon."""
    return f"renew:{tg_id}:{(end - _EPOCH) // _MICROSECOND}"


def is_time(end: datetime, now: datetime) -> bool:
    """Whether what ends then may be renewed by itself now."""
    return end - BEFORE <= now < end + AFTER
