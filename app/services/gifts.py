"""Plans that are bought for somebody else: paid from the balance, shown to who gave them. Redeeming is promos.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from app.domain.promo import GIFT_LENGTH, new_code

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.money import Money
    from app.domain.plans import Plan
    from app.services.ports import Clock
    from app.services.shop import Shop


@dataclass(frozen=True, slots=True)
class Gift:
    """A paid plan for whoever has the code, for the eyes of who gave it only."""

    code: str = field(repr=False)
    plan_key: str
    days: int
    created_at: datetime
    redeemed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GiftBought:
    """A gift with what paying for it has left on the balance."""

    gift: Gift
    price: Money
    balance: Money


class GiftStore(Protocol):
    """Gifts in the database."""

    async def buy(self, tg_id: int, plan: Plan, use_id: int, intent: str, code: str, now: datetime) -> GiftBought:
        """Debit, ledger and gift in one statement; the same intent again returns the gift it made.

        Raises InsufficientBalance, OfferChanged, Banned, NotFound.
        """
        ...

    async def of_giver(self, tg_id: int, limit: int) -> Sequence[Gift]:
        """The newest gifts of this person."""
        ...


SHOWN = 8


class Gifts:
    """The use cases of who gives."""

    def __init__(self, store: GiftStore, shop: Shop, clock: Clock) -> None:
        self._store = store
        self._shop = shop
        self._clock = clock

    async def buy(self, tg_id: int, plan_key: str, version: str, intent: str) -> GiftBought:
        """Buy the plan as it was shown, as a gift, once for this intent.

        Raises PlanChanged, OfferChanged, InsufficientBalance, Banned, NotFound.
        """
        plan, use_id = self._shop.shown(plan_key, version)
        return await self._store.buy(tg_id, plan, use_id, intent, new_code(GIFT_LENGTH), self._clock.now())

    async def of(self, tg_id: int) -> Sequence[Gift]:
        """The person's newest gifts, with their codes."""
        return await self._store.of_giver(tg_id, SHOWN)
