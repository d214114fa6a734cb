"""Who is shut out, why and until when. A ban stops a person's clicks; money that comes is credited all the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.services.ports import Clock


@dataclass(frozen=True, slots=True)
class Ban:
    """A ban that stands; the reason is the operator's own text, and `until` is None where it has no end."""

    tg_id: int
    name: str
    reason: str
    who: str
    at: datetime
    until: datetime | None


class BanStore(Protocol):
    """Bans in the database."""

    async def ban(self, tg_id: int, reason: str, who: str, now: datetime, until: datetime | None) -> bool:
        """Shut the person out, or change reason and end of the ban that stands; whether there is such an account."""
        ...

    async def lift(self, tg_id: int, now: datetime) -> bool:
        """Let the person in again; whether they were banned."""
        ...

    async def of(self, tg_id: int) -> Ban | None:
        """The ban of this person that stands."""
        ...

    async def standing(self) -> Sequence[Ban]:
        """All that stand, the newest first."""
        ...

    async def lift_lapsed(self, now: datetime) -> int:
        """Let in whose ban has ended; how many."""
        ...


class Bans:
    """The use cases around bans."""

    def __init__(self, store: BanStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def ban(self, tg_id: int, reason: str, who: str, days: int | None = None) -> bool:
        """Shut the person out, for so many days or for good; whether there is such an account."""
        now = self._clock.now()
        return await self._store.ban(tg_id, reason, who, now, None if days is None else now + timedelta(days=days))

    async def lift(self, tg_id: int) -> bool:
        """Let the person in again; whether they were banned."""
        return await self._store.lift(tg_id, self._clock.now())

    async def of(self, tg_id: int) -> Ban | None:
        """The ban of this person that stands."""
        return await self._store.of(tg_id)

    async def standing(self) -> Sequence[Ban]:
        """All that stand, the newest first."""
        return await self._store.standing()

    async def lift_lapsed(self) -> None:
        """Let in whose ban has ended."""
        await self._store.lift_lapsed(self._clock.now())
