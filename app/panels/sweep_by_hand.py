"""Owns a comparison that an operator asks for, of whole panels at once. What is done about it stands in sweep.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.panels.clients import PanelClients
from app.panels.gate import PanelGate
from app.panels.port import PanelError
from app.panels.sweep import CONFIGS, DONE, Sweeper, TooManyDifferences
from app.services.upkeep_records import Sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.panels.sweep import SweepStore
    from app.services.ports import Clock, PanelStore
    from app.services.records import PanelAccess


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a whole comparison found; `stopped` says why it did not come to its end."""

    instance_id: str
    counts: Mapping[str, int]
    stopped: str | None = None


class HandSweep:
    """Goes through a panel from the beginning, and leaves no trace of how far it came."""

    def __init__(self, sweeper: Sweeper, clock: Clock) -> None:
        self._sweeper = sweeper
        self._clock = clock

    async def whole(self, access: PanelAccess) -> SweepReport:
        """The panel compared to the end, or to what stopped it."""
        sweep = Sweep(access.instance_id, 0, CONFIGS, 0, 0, {}, self._clock.now())
        try:
            while sweep.phase != DONE:
                sweep = await self._sweeper.page(access, sweep)
        except (TooManyDifferences, PanelError) as end:
            return SweepReport(access.instance_id, sweep.counts, getattr(end, "reason", str(end)))
        return SweepReport(access.instance_id, sweep.counts)


def hand_sweep(
    store: SweepStore,
    panels: PanelStore,
    clients: PanelClients,
    clock: Clock,
    data_limit_bytes: int,
    *,
    acts: bool,
    is_bounded: bool,
) -> HandSweep:
    """A comparison that asks by these clients."""
    sweeper = Sweeper(
        store,
        panels,
        PanelGate(clients, clock),
        clock,
        every=timedelta(),
        data_limit_bytes=data_limit_bytes,
        acts=acts,
        is_bounded=is_bounded,
    )
    return HandSweep(sweeper, clock)
