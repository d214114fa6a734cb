"""What was paid and not delivered: operators hear of it, and after a while its price goes back. Knows no panel.

A purchase is undelivered where the buyer asked for a config while its time ran, has none that works, and has had none
that worked since the purchase. So a renewal beside a working config never is, nor is a purchase that was used for a
while; a trial and days that were given cost nothing; a gift is its giver's, who has been told that it works, and is
left to operators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from app.domain.money import Money
    from app.services.ports import Clock

BATCH = 100


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Somebody who waits for a config and has none, with one thing that was paid for them; without, it was free.

    `is_used`: since it was paid a config of theirs has worked. `reason` is the last failure and holds no secret.
    """

    owner: int
    since: datetime
    reference: str | None
    plan_key: str | None
    price: Money | None
    is_used: bool
    instance_id: str | None
    attempts: int
    reason: str | None

    @property
    def is_returned_in_time(self) -> bool:
        """Whether its price goes back by itself."""
        return self.reference is not None and self.reference.startswith("purchase:") and not self.is_used


@dataclass(frozen=True, slots=True)
class Returned:
    """The price that went back, when the buyer's subscription ends without it, and the last failure."""

    amount: Money
    subscription_end: datetime
    reason: str | None


class DeliveryStore(Protocol):
    """Purchases and the configs that should have followed; implemented in repo."""

    async def listing(self, before: datetime, limit: int) -> Sequence[Undelivered]:
        """Who has waited since `before` or longer, who longest first, once for each thing that was paid for."""
        ...

    async def report(self, before: datetime, now: datetime) -> None:
        """Have operators told of what has waited since `before` and was not told of yet."""
        ...

    async def overdue(self, before: datetime, limit: int) -> Sequence[tuple[int, int]]:
        """Purchases, with who bought, of which nothing was delivered since `before`."""
        ...

    async def give_back(self, purchase_id: int, tg_id: int, before: datetime, now: datetime) -> Returned | None:
        """Return the price, take the time, withdraw the wish and have both told, once and in one transaction.

        None where it was delivered or returned meanwhile.
        """
        ...


class Deliveries:
    """Looks after what was paid and not delivered. Call it every minute, on as many replicas as there are."""

    def __init__(
        self,
        store: DeliveryStore,
        clock: Clock,
        wake: Callable[[str], None],
        *,
        alarm_after: timedelta,
        return_after: timedelta,
    ) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._alarm_after = alarm_after
        self._return_after = return_after

    async def run_once(self) -> int:
        """Have news told of what got old, and give back what waited too long; how many prices went back."""
        now = self._clock.now()
        await self._store.report(now - self._alarm_after, now)
        returned = 0
        for purchase_id, owner in await self._store.overdue(now - self._return_after, BATCH):
            done = await self._store.give_back(purchase_id, owner, now - self._return_after, self._clock.now())
            returned += done is not None
        if returned:
            self._wake("notices")
            self._wake("provisioning")
        return returned
