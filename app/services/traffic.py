"""Traffic by the day: what a person's configs carried, and what is left of their limits. Asks no panel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from app.services.ports import Clock

DAYS_SHOWN = 30
DAYS_KEPT = 90
A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Reading:
    """What a panel says that a config has used of how much; None and 0 mean no bound."""

    config_id: int
    used: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What is stored of one config, or of all of a person's: bytes by day, and what their limits leave.

    `name` is the config's, None for all; `left_bytes` None where some have no limit, or nothing was read yet.
    """

    name: str | None
    bytes_of: Mapping[date, int]
    left_bytes: int | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """The last 30 days (UTC), oldest first, and what is left."""

    name: str | None
    last_day: date
    days: tuple[int, ...]
    left_bytes: int | None

    @property
    def today(self) -> int:
        """Bytes since midnight."""
        return self.days[-1]

    @property
    def week(self) -> int:
        """Bytes of the last seven days."""
        return sum(self.days[-A_WEEK:])

    @property
    def month(self) -> int:
        """Bytes of all the days."""
        return sum(self.days)


class TrafficStore(Protocol):
    """The daily series."""

    async def of_owner(self, tg_id: int, config_id: int | None, day: date) -> Counted:
        """What the person's living configs, or this one, carried from that day on; NotFound where it is another's."""
        ...

    async def forget(self, day: date, most: int) -> int:
        """Forget up to `most` days of configs that were before that day; how many."""
        ...


class TrafficBook:
    """The use cases around a person's traffic, filtered by owner."""

    def __init__(self, store: TrafficStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def of(self, owner: int, config_id: int | None = None) -> Traffic:
        """The last 30 days of one config or of all; NotFound where it is another's or gone."""
        today = self._clock.now().date()
        days = [today - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1)]
        counted = await self._store.of_owner(owner, config_id, days[0])
        carried = tuple(counted.bytes_of.get(day, 0) for day in days)
        return Traffic(counted.name, today, carried, counted.left_bytes)

    async def forget_old(self) -> None:
        """Forget what nobody is shown any more, in batches that hold nothing up."""
        before = self._clock.now().date() - timedelta(days=DAYS_KEPT)
        while await self._store.forget(before, 5_000):
            pass
