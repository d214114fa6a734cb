"""Composes what looks after panels: watch, moves, sweep, traffic. Part of the root; only app/main.py imports it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.panels.leftovers import Leftovers
from app.panels.moves import Mover
from app.panels.sweep import Sweeper
from app.panels.traffic import TrafficReader
from app.panels.watch import PanelWatch
from app.repo.moves import MoveRepository
from app.repo.traffic import TrafficRepository
from app.repo.upkeep import UpkeepRepository

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.panels.choice import PanelChoice
    from app.panels.clients import PanelClients
    from app.panels.creation import Creator
    from app.panels.gate import PanelGate
    from app.repo.db import Database
    from app.repo.panels import PanelRepository
    from app.services.ports import Clock
    from config import Settings

    Every = Callable[[str, float, object], None]

WATCH_SECONDS = 60
MOVE_SECONDS = 15
SWEEP_SECONDS = 60
TRAFFIC_SECONDS = 1800


def silence(settings: Settings) -> timedelta | None:
    """How long a panel is silent before its configs are moved; None for ever."""
    return timedelta(minutes=settings.panel_failover_minutes) or None


class Upkeep:
    """Several replicas share the work by leases on its rows."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        panels: PanelRepository,
        clients: PanelClients,
        gate: PanelGate,
        choice: PanelChoice,
        creator: Creator,
        wake: Callable[[str], None],
    ) -> None:
        self._wake = wake
        moves, state = MoveRepository(database), UpkeepRepository(database)
        grace = timedelta(hours=settings.panel_leftover_hours)
        self._has_sweeps = settings.panel_sweep_minutes > 0
        self._watch = PanelWatch(state, panels, clients, clock)
        self._mover = Mover(moves, panels, choice, creator, clock, silence=silence(settings), grace=grace)
        self._leftovers = Leftovers(moves, panels, gate, clock)
        self._traffic = TrafficReader(TrafficRepository(database), panels, gate, clock)
        self._sweeper = Sweeper(
            state,
            panels,
            gate,
            clock,
            every=timedelta(minutes=settings.panel_sweep_minutes),
            data_limit_bytes=settings.data_limit_bytes,
        )

    async def run_once(self) -> bool:
        """Every job once; whether there was something to do for it."""
        await self._watch.run_once()
        await self._traffic.run_once()
        swept = await self._sweeper.run_once()
        return bool(await self._mover.run_once() + await self._leftovers.run_once()) or swept

    def start_jobs(self, every: Every) -> None:
        """Hand every job to `every` (name, seconds between runs, coroutine function)."""
        every("panel-watch", WATCH_SECONDS, self._watch.run_once)
        every("config-moves", MOVE_SECONDS, self._move)
        every("traffic", TRAFFIC_SECONDS, self._traffic.run_once)
        if self._has_sweeps:
            every("panel-sweep", SWEEP_SECONDS, self._sweep)

    async def _move(self) -> None:
        while await self._mover.run_once() + await self._leftovers.run_once():
            self._wake("notices")

    async def _sweep(self) -> None:
        while await self._sweeper.run_once():
            self._wake("provisioning")
