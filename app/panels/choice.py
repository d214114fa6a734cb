"""Owns the choice of the panel that gets the next user. Must not make users or judge why a panel failed."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from app.panels.health import Unfit
from app.panels.measure import measure
from app.panels.port import PanelError
from app.panels.table import MeasuredPanel, PanelTable, read_table

if TYPE_CHECKING:
    from app.domain.scores import RankedPanel
    from app.panels.gate import PanelGate
    from app.services.ports import Clock, PanelStore
    from app.services.records import PanelAccess

log = structlog.get_logger(__name__)

CACHE_KEY = "servers:best"
CACHE_SECONDS = 120
MEASURE_SECONDS = 3
# Where the cache is down, this keeps a burst of creations from becoming a burst of measurements.
FRESH = timedelta(seconds=2)


class TableCache(Protocol):
    """Where replicas share the table; it swallows its own failures."""

    async def get_cached(self, key: str) -> str | None:
        """The value under `key`, or None."""
        ...

    async def set_cache(self, key: str, value: str, ttl: int) -> None:
        """Keep `value` for `ttl` seconds."""
        ...


class PanelChoice:
    """Ranks the active panels by a table that is measured anew every 120 s, once for all replicas."""

    def __init__(self, panels: PanelStore, gate: PanelGate, cache: TableCache, clock: Clock) -> None:
        self._panels = panels
        self._gate = gate
        self._cache = cache
        self._clock = clock
        self._lock = asyncio.Lock()
        self._table: PanelTable | None = None
        self._reserved: Counter[str] = Counter()
        self._left_out: set[str] = set()

    async def ranked(self) -> list[RankedPanel]:
        """Panels that can take a user, best first; empty where none can. Within about 3 s."""
        return (await self._current()).ranking(self._reserved, self._left_out)

    async def best(self, exclude: frozenset[str] = frozenset()) -> str | None:
        """The instance id of the best panel outside `exclude`, or None."""
        ranking = await self.ranked()
        if not ranking and self._left_out:
            # All that were fit have failed since; one that was down at the last measurement may be up again.
            ranking = (await self._measured()).ranking(self._reserved, self._left_out)
        return next((panel.instance_id for panel in ranking if panel.instance_id not in exclude), None)

    def reserve(self, instance_id: str) -> None:
        """Count one user more on this panel, until the next measurement sees the user itself."""
        self._reserved[instance_id] += 1

    def leave_out(self, instance_id: str) -> None:
        """Choose others until the next measurement: this panel has just failed."""
        self._left_out.add(instance_id)

    async def _current(self) -> PanelTable:
        table = read_table(await self._cache.get_cached(CACHE_KEY))
        if table is None:
            return await self._measured()
        self._take(table)
        return table

    async def _measured(self) -> PanelTable:
        async with self._lock:
            if self._table is not None and self._clock.now() < self._table.measured_at + FRESH:
                return self._table
            table = await self._measure_all()
            self._take(table)
            # An empty table is not shared: the first panel to come back must not wait for it to age.
            if table.panels:
                await self._cache.set_cache(CACHE_KEY, table.model_dump_json(), CACHE_SECONDS)
            return table

    def _take(self, table: PanelTable) -> None:
        if self._table is None or self._table.measured_at != table.measured_at:
            self._reserved.clear()
            self._left_out.clear()
        self._table = table

    async def _measure_all(self) -> PanelTable:
        found = await asyncio.gather(*(self._measure(access) for access in await self._panels.active()))
        return PanelTable(
            measured_at=self._clock.now(), panels=tuple(panel for panel in found if panel is not None)
        )

    async def _measure(self, access: PanelAccess) -> MeasuredPanel | None:
        now = self._clock.now()
        try:
            async with asyncio.timeout(MEASURE_SECONDS):
                return await self._gate.call(access, lambda client: measure(client, access, now))
        except TimeoutError:
            reason = f"no measurement within {MEASURE_SECONDS} s"
        except (PanelError, Unfit) as error:
            reason = str(error)
        log.warning("panel_left_out", instance_id=access.instance_id, reason=reason)
        return None
