"""Buying with what is yet to be paid: an invoice for what is missing, and the purchase when its money has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.domain.errors import InsufficientBalance, InvalidAmount
from app.domain.pending import Outcome, Wish
from app.domain.promo import GIFT_LENGTH, new_code
from app.services.topups import MAXIMUM, MINIMUM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from app.domain.money import Money
    from app.domain.payment import PaymentMethod
    from app.domain.plans import Catalogue, Plan
    from app.services.gifts import GiftBought, Gifts
    from app.services.pending_records import Due
    from app.services.ports import Clock
    from app.services.records import OpenedPayment, Purchase
    from app.services.shop import Shop
    from app.services.topups import Gateways

BATCH = 100


class PendingStore(Protocol):
    """Wishes that wait for money; implemented in repo."""

    async def due(self, limit: int) -> Sequence[Due]:
        """Up to `limit` wishes whose money came, oldest first."""
        ...

    async def complete(self, due: Due, sold: Plan | None, code: str, now: datetime) -> Outcome | None:
        """Buy what is due if it can be bought, and have its owner told: one transaction, once for its intent.

        `sold` is what is on sale under the plan's key, `code` the gift's. None where somebody else was first.
        """
        ...


class Checkout:
    """The use case of a person who wants a plan and has less than it costs."""

    def __init__(self, shop: Shop, gifts: Gifts, gateways: Gateways) -> None:
        self._shop = shop
        self._gifts = gifts
        self._gateways = gateways

    async def pay(
        self, tg_id: int, method: PaymentMethod, key: str, version: str, intent: str, *, is_gift: bool
    ) -> OpenedPayment | Purchase | GiftBought:
        """An invoice for what is missing, which buys the plan as it was shown when it is paid.

        Where the balance suffices by now, the plan is bought at once, and where this intent has bought it, that is
        told again. Raises PlanChanged, OfferChanged, Banned, NotFound, InvalidAmount, and what the gateway refuses.
        """
        sell = self._gifts.buy if is_gift else self._shop.buy
        try:
            return await sell(tg_id, key, version, intent)
        except InsufficientBalance as short:
            missing = to_pay(short.need, short.have)
            if missing > MAXIMUM:
                raise InvalidAmount(MINIMUM, MAXIMUM) from None
            plan, use_id = self._shop.shown(key, version)
            wish = Wish(plan, use_id, short.need, intent, is_gift)
            return await self._gateways.open(tg_id, method, missing, wish)


class PendingPurchases:
    """The job that buys what was waiting for money. Safe to run twice, and on two replicas at once."""

    def __init__(
        self, store: PendingStore, catalogue: Catalogue, clock: Clock, wake: Callable[[str], None]
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._wake = wake

    async def run_once(self) -> int:
        """Complete all that is due; how many there were."""
        count = 0
        while due := await self._store.due(BATCH):
            for each in due:
                await self._complete(each)
            count += len(due)
        return count

    async def _complete(self, due: Due) -> None:
        code = new_code(GIFT_LENGTH)
        end = await self._store.complete(due, self._catalogue.find(due.wish.plan.key), code, self._clock.now())
        if end is Outcome.BOUGHT:
            self._wake("provisioning")
        self._wake("notices")


def to_pay(price: Money, balance: Money) -> Money:
    """What an invoice has to be over for the balance to reach the price: what is missing, or the smallest one."""
    return max(price - balance, MINIMUM)
