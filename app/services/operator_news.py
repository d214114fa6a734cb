"""What operators are told without having asked, and the night's audit. Reads the state of the books; moves no money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.services.ports import Clock
    from app.services.receipts import Provider
    from app.services.records import Payment
    from app.services.reversals import MoneyEvent

NOTED_EVERY = timedelta(minutes=5)
# Who was noted last so long ago has said nothing for 15 minutes at least.
SILENCE = timedelta(minutes=15) + NOTED_EVERY
# An audit that was cut off is begun again after this long.
CUT_OFF = timedelta(hours=1)
MOST_NAMED = 10


class NewsKind(StrEnum):
    """What an operator is told of."""

    UNMATCHED = "unmatched"
    DEBT = "debt"
    SILENT = "silent"
    BACK = "back"
    AUDIT_RIGHT = "audit_right"
    AUDIT_BROKEN = "audit_broken"
    UNDELIVERED = "undelivered"
    RETURNED = "returned"
    PANEL_LEFT = "panel_left"
    SWEEP_STOPPED = "sweep_stopped"
    PANEL_TWICE = "panel_twice"


@dataclass(frozen=True, slots=True)
class News:
    """A stored wish to tell every operator something; `told` are those who know."""

    id: int
    kind: NewsKind
    facts: Mapping[str, str]
    told: frozenset[int]
    attempts: int


class NewsStore(Protocol):
    """News for operators; implemented in repo."""

    async def gather(self, now: datetime) -> None:
        """Store what the tables show to be new: money that waits, refunds that became a debt."""
        ...

    async def listen(self, providers: Sequence[str], since: datetime, before: datetime, now: datetime) -> None:
        """Store who was last heard before `before` and who is back; who never was is reckoned from `since`."""
        ...

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> Sequence[News]:
        """Lease up to `limit` untold news, oldest first."""
        ...

    async def told(self, ids: Sequence[int], admin: int) -> None:
        """This operator knows these."""
        ...

    async def done(self, ids: Sequence[int], now: datetime) -> None:
        """Nobody is left to be told."""
        ...

    async def retry(self, ids: Sequence[int], at: datetime) -> None:
        """Tell again at `at`."""
        ...

    async def languages(self, admins: Sequence[int]) -> Mapping[int, str]:
        """The languages of those operators who have an account."""
        ...


class Sightings(Protocol):
    """When providers last answered; implemented in repo."""

    async def heard(self, provider: str, now: datetime) -> None:
        """The provider answered usefully."""
        ...


class WatchedProvider:
    """A provider whose useful answers are noted, so that its silence can be told; implements receipts.Provider."""

    def __init__(self, provider: Provider, sightings: Sightings, clock: Clock) -> None:
        self._provider = provider
        self._sightings = sightings
        self._clock = clock
        self._answered_at: datetime | None = None
        self._noted_at: datetime | None = None

    @property
    def name(self) -> str:
        """Its method's name."""
        return self._provider.name

    async def look(self, open_payments: Sequence[Payment]) -> Sequence[MoneyEvent]:
        """Money that came; raises ProviderSilent, and nothing is noted then."""
        began_at = self._clock.now()
        events = await self._provider.look(open_payments)
        # What it told the time before is booked by now, what it tells this time is not yet: whoever begins anew need
        # not ask for anything older than what is noted here. Not at each look, which then asks the database for nothing
        # else: silence is told after a multiple of this.
        answered_at, self._answered_at = self._answered_at if events else began_at, began_at
        if answered_at is not None and (self._noted_at is None or answered_at - self._noted_at >= NOTED_EVERY):
            await self._sightings.heard(self.name, answered_at)
            self._noted_at = answered_at
        return events


class OperatorWatch:
    """Finds what operators should know. Call it every minute; what is stored already is not stored again."""

    def __init__(self, store: NewsStore, clock: Clock, providers: Sequence[str]) -> None:
        self._store = store
        self._clock = clock
        self._providers = providers
        self._since = clock.now()

    async def run_once(self) -> None:
        """Store what is new. A shop that has just been started has heard of nobody and blames nobody."""
        now = self._clock.now()
        await self._store.gather(now)
        if now - self._since >= SILENCE:
            await self._store.listen(self._providers, self._since, now - SILENCE, now)


class NightStore(Protocol):
    """The nights' audits; implemented in repo."""

    async def claim(self, night: str, now: datetime, cut_off_before: datetime) -> bool:
        """Whether the night is this replica's; one begun before `cut_off_before` and not ended is taken over."""
        ...

    async def examine(self, now: datetime) -> Sequence[str]:
        """Each broken row, with its rule; empty where the books are right."""
        ...

    async def finish(self, night: str, broken: int, named: Sequence[str], now: datetime) -> None:
        """Store how it ended, and have it told: one transaction."""
        ...


class NightlyAudit:
    """Has the books audited once a night over all replicas. A broken book is told of and stops nothing."""

    def __init__(self, store: NightStore, clock: Clock, hour: int) -> None:
        self._store = store
        self._clock = clock
        self._hour = hour

    async def run_once(self) -> bool:
        """Audit, if it is time and nobody else does; whether it was done."""
        now = self._clock.now()
        night = now.date().isoformat()
        if now.hour < self._hour or not await self._store.claim(night, now, now - CUT_OFF):
            return False
        broken = await self._store.examine(now)
        await self._store.finish(night, len(broken), broken[:MOST_NAMED], self._clock.now())
        return True
