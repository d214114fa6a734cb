"""Promo codes and gift codes as people type them, and as the operator makes them. The decision is the store's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.domain.errors import PromoRefused
from app.domain.promo import Discount, Refusal, normal_form

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from decimal import Decimal

    from app.domain.money import Money
    from app.domain.promo import PromoKind, Terms
    from app.services.ports import Clock


@dataclass(frozen=True, slots=True)
class NewPromo:
    """A code about to be made; `value` is in percent, rubles or days."""

    code: str
    kind: PromoKind
    value: Decimal
    terms: Terms


@dataclass(frozen=True, slots=True)
class PromoReport:
    """A code as the operator sees it: `given` is rubles taken off prices or put on balances, `days` what it gave."""

    promo: NewPromo
    used: int
    reserved: int
    given: Money
    days: int
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class RublesGiven:
    """A code that put rubles on the balance."""

    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class DaysGiven:
    """A code or a gift that added days to the time left."""

    days: int
    subscription_end: datetime
    is_gift: bool = False


Redeemed = RublesGiven | DaysGiven | Discount


class PromoStore(Protocol):
    """Codes, their uses, and gifts at the moment they are redeemed."""

    async def redeem(self, tg_id: int, code: str, intent: str, now: datetime) -> Redeemed:
        """Use the code once for this intent, or keep its discount for the next purchase: one transaction.

        Raises PromoRefused, Banned, NotFound.
        """
        ...

    async def release_lapsed(self, now: datetime) -> int:
        """Give back the uses of discounts that nobody has used in time; how many."""
        ...


class PromoDesk(Protocol):
    """What the operator does with codes."""

    async def add(self, promo: NewPromo, now: datetime) -> bool:
        """Store a code; False where there is one of that name."""
        ...

    async def stop(self, code: str, now: datetime) -> bool:
        """End a code, and give back the discounts that wait by it; False where there is none."""
        ...

    async def listing(self) -> Sequence[PromoReport]:
        """Every code, newest first."""
        ...


class Promos:
    """The use cases around codes that a person has."""

    def __init__(self, store: PromoStore, clock: Clock, wake: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake

    async def redeem(self, tg_id: int, typed: str, intent: str) -> Redeemed:
        """Take a promo code or a gift as it was typed; the same message again takes it once. Raises PromoRefused."""
        code = normal_form(typed)
        if code is None:
            raise PromoRefused(Refusal.UNKNOWN)
        redeemed = await self._store.redeem(tg_id, code, intent, self._clock.now())
        if isinstance(redeemed, DaysGiven):
            self._wake("provisioning")
            self._wake("notices")
        return redeemed

    async def release_lapsed(self) -> None:
        """Give back what nobody has used in time."""
        await self._store.release_lapsed(self._clock.now())
