"""Purchases that wait for money: what was shown, and what becomes of it when money comes. Reads no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.money import Money
from app.domain.plans import Plan
from app.domain.promo import offer_version

# Who pays so long after the wish may have thought better of it: then the money just goes to the balance.
HONOURED = timedelta(hours=24)


class Outcome(StrEnum):
    """What became of it; the value is its status in the table."""

    BOUGHT = "bought"
    SHORT = "short"
    CHANGED = "changed"
    LATE = "late"
    HAD = "had"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Wish:
    """A plan as it was shown, for oneself or as a gift: `use_id` is the discount's (0 for none), in `price` already.

    It is bought once for its `intent`, by whichever payment or button comes first.
    """

    plan: Plan
    use_id: int
    price: Money
    intent: str
    is_gift: bool

    @property
    def version(self) -> str:
        """What a button carries that asks for the same again."""
        return offer_version(self.plan, self.use_id)


@dataclass(frozen=True, slots=True)
class Moment:
    """How the buyer and the shop stand when money has come: `sold` is the plan under that key, where there is one."""

    sold: Plan | None
    use_id: int
    balance: Money
    is_banned: bool
    is_had: bool
    wished_at: datetime
    paid_at: datetime


def outcome(wish: Wish, moment: Moment) -> Outcome:
    """What has to happen to the wish now; nothing but BOUGHT spends."""
    if moment.is_had:
        return Outcome.HAD
    if moment.is_banned:
        return Outcome.BANNED
    if moment.paid_at > moment.wished_at + HONOURED:
        return Outcome.LATE
    if moment.sold != wish.plan or moment.use_id != wish.use_id:
        return Outcome.CHANGED
    return Outcome.BOUGHT if moment.balance >= wish.price else Outcome.SHORT
