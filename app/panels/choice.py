"""Owns the choice of the panel that gets the next user. Must not make users or judge why a panel failed."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from app.domain.scores import LoadRule
from app.panels.board import Board
from app.panels.survey import Survey
from app.panels.table import PanelTable, read_table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.domain.scores import Candidate
    from app.panels.gate import PanelGate
    from app.services.panel_records import PanelRow
    from app.services.ports import Clock
    from app.services.records import PanelAccess

CACHE_KEY = "servers:best"
CACHE_SECONDS = 120
STALE = timedelta(seconds=CACHE_SECONDS)
LOOK_AGAIN = timedelta(seconds=1)
# Who measures for all replicas. A turn ends before the period does, so that the same replica may go on.
MEASURE_EVERY_SECONDS = 30
TURN_KEY, TURN_SECONDS = "servers:measuring", 25


class TableCache(Protocol):
    """Where replicas share the table; it swallows its own failures."""

    async def get_cached(self, key: str) -> str | None:
        """The value under `key`, or None."""
        ...

    async def set_cache(self, key: str, value: str, ttl: int) -> None:
        """Keep `value` for `ttl` seconds."""
        ...

    async def claim(self, key: str, ttl: int) -> bool:
        """Whether `key` was free, and is ours for `ttl` seconds; True where nobody can tell."""
        ...


class PanelRows(Protocol):
    """The table of panels."""

    async def active(self) -> list[PanelAccess]:
        """All active panels with open passwords."""
        ...

    async def get(self, instance_id: str) -> PanelAccess | None:
        """One panel, active or not."""
        ...

    async def occupancy(self, since: datetime) -> list[PanelRow]:
        """Every row; pending are those on their way there, new or moving, and those made there since."""
        ...


class PanelChoice:
    """Chooses from a snapshot in memory: a measurement that a job makes for all replicas, and what was taken since.

    The rows are looked at again once a second while somebody chooses, so that another replica's users, a new capacity
    and a panel switched off count at once. What this replica takes counts in the same moment.
    """

    def __init__(
        self, panels: PanelRows, gate: PanelGate, cache: TableCache, clock: Clock, rule: LoadRule | None = None
    ) -> None:
        self._panels = panels
        self._cache = cache
        self._clock = clock
        self._survey = Survey(panels, gate, clock, rule or LoadRule())
        self._looking = asyncio.Lock()
        self._looked_at = datetime.min.replace(tzinfo=UTC)
        self._table: PanelTable | None = None
        self._board: Board | None = None
        # Taken here and not among the rows of the last look; and those of them that the next look will find there.
        self._taken: Counter[str] = Counter()
        self._written: Counter[str] = Counter()
        self._failed: set[str] = set()

    async def keep_fresh(self) -> None:
        """The background job of every replica: one of them measures, the others read what it found."""
        if await self._cache.claim(TURN_KEY, TURN_SECONDS):
            await self._anew()
        else:
            async with self._looking:
                await self._look_again()

    @asynccontextmanager
    async def place(
        self, exclude: frozenset[str] = frozenset(), country: str | None = None, *, strict: bool = False
    ) -> AsyncIterator[str | None]:
        """The best panel as `best` has it or None, for a user that is written down by the end of the block."""
        instance_id = await self.best(exclude, country, strict=strict)
        if instance_id is None:
            yield None
            return
        self._taken[instance_id] += 1
        if self._board is not None:
            self._board.take(instance_id)
        try:
            yield instance_id
        finally:
            self._written[instance_id] += 1

    async def best(
        self, exclude: frozenset[str] = frozenset(), country: str | None = None, *, strict: bool = False
    ) -> str | None:
        """The instance id of the best panel outside `exclude`, or None.

        It is one in `country` where any there can take a user; in no other where `strict`.
        """
        board = await self._current()
        if board.is_empty:
            # None was fit, or all have failed since; one that was down at the last measurement may be up again.
            board = await self._anew()
        return board.choose(exclude, country, strict=strict)

    def countries(self) -> frozenset[str]:
        """Where a panel can take a user, by what is in memory; nowhere while that is too old to be believed."""
        board = self._usable()
        return frozenset() if board is None else board.countries()

    async def ranked(self) -> list[Candidate]:
        """Panels that can take a user, best first; empty where none can."""
        return (await self._current()).ranked()

    def leave_out(self, instance_id: str) -> None:
        """Choose others until the next measurement: this panel has just failed."""
        self._failed.add(instance_id)
        if self._board is not None:
            self._board.leave_out(instance_id)

    async def _current(self) -> Board:
        board = self._usable()
        # While one looks, the others go on with what they have.
        if board is not None and (self._looked_lately() or self._looking.locked()):
            return board
        async with self._looking:
            if not self._looked_lately():
                await self._look_again()
        return self._usable() or await self._anew()

    def _usable(self) -> Board | None:
        board = self._board
        return board if board is not None and self._clock.now() < board.measured_at + STALE else None

    def _looked_lately(self) -> bool:
        return self._clock.now() < self._looked_at + LOOK_AGAIN

    async def _anew(self) -> Board:
        table = await self._survey.table()
        # An empty table is not shared: the first panel to come back must not wait for it to age.
        if table.panels:
            await self._cache.set_cache(CACHE_KEY, table.model_dump_json(), CACHE_SECONDS)
        async with self._looking:
            board = self._usable()
            return board if board is not None and self._table is table else await self._look(table)

    async def _look_again(self) -> None:
        table = read_table(await self._cache.get_cached(CACHE_KEY)) or self._table
        if table is not None:
            await self._look(table)

    async def _look(self, table: PanelTable) -> Board:
        """Take the table over where it is newer, and see what the rows say now."""
        if self._table is None or table.measured_at > self._table.measured_at:
            self._table = table
            self._failed.clear()
        self._looked_at = self._clock.now()
        written, self._written = self._written, Counter()
        try:
            rows = await self._panels.occupancy(self._table.measured_at)
        except BaseException:
            self._written += written
            raise
        self._taken -= written
        self._board = Board(self._table, rows, self._taken, self._failed)
        return self._board
