"""Owns the measuring of all active panels side by side. Must not choose one, nor share or store what it found."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from app.domain.scores import Candidate, ranked
from app.panels.health import Unfit
from app.panels.measure import measure
from app.panels.port import PanelError
from app.panels.table import LeftOut, MeasuredPanel, PanelTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.scores import LoadRule
    from app.panels.gate import PanelGate
    from app.services.ports import Clock, PanelStore
    from app.services.records import PanelAccess

log = structlog.get_logger(__name__)

MEASURE_SECONDS = 3
# Whoever asks while another measures, or right after, is content with that measurement.
FRESH = timedelta(seconds=2)


class Survey:
    """Looks at every panel at once, each with a deadline of its own: one that hangs costs the others nothing."""

    def __init__(self, panels: PanelStore, gate: PanelGate, clock: Clock, rule: LoadRule) -> None:
        self._panels = panels
        self._gate = gate
        self._clock = clock
        self._rule = rule
        self._turn = asyncio.Lock()
        self._last: tuple[datetime, PanelTable] | None = None
        self._told: dict[str, str] = {}

    async def table(self) -> PanelTable:
        """All panels as they are now, or as a measurement found them that ended less than 2 s ago; within about 3 s."""
        async with self._turn:
            if self._last is not None and self._clock.now() < self._last[0] + FRESH:
                return self._last[1]
            table = await self._measured()
            self._last = self._clock.now(), table
            self._tell(table.left_out)
            return table

    async def _measured(self) -> PanelTable:
        now = self._clock.now()
        panels = await self._panels.active()
        found = await asyncio.gather(*(self._measure(access) for access in panels))
        fit = {each.instance_id: each for each in found if isinstance(each, MeasuredPanel)}
        order = ranked(_candidate(fit[panel.instance_id], panel) for panel in panels if panel.instance_id in fit)
        return PanelTable(
            measured_at=now,
            panels=tuple(fit[each.instance_id] for each in order),
            left_out=tuple(each for each in found if isinstance(each, LeftOut)),
        )

    async def _measure(self, access: PanelAccess) -> MeasuredPanel | LeftOut:
        now = self._clock.now()
        try:
            async with asyncio.timeout(MEASURE_SECONDS):
                return await self._gate.call(access, lambda client: measure(client, access, now, self._rule))
        except TimeoutError:
            reason = f"no measurement within {MEASURE_SECONDS} s"
        except PanelError as error:
            reason = error.reason
        except Unfit as unfit:
            reason = str(unfit)
        except Exception as error:
            log.error("panel_measurement_failed", instance_id=access.instance_id, exc_info=error)
            reason = f"unexpected {type(error).__name__}"
        return LeftOut(instance_id=access.instance_id, reason=reason)

    def _tell(self, left_out: Sequence[LeftOut]) -> None:
        """Log what has changed: a panel that stays away for a day would be thousands of lines."""
        reasons = {left.instance_id: left.reason for left in left_out}
        for instance_id, reason in reasons.items():
            if self._told.get(instance_id) != reason:
                log.warning("panel_left_out", instance_id=instance_id, reason=reason)
        for instance_id in self._told.keys() - reasons.keys():
            log.info("panel_back", instance_id=instance_id)
        self._told = reasons


def _candidate(panel: MeasuredPanel, access: PanelAccess) -> Candidate:
    return Candidate(panel.instance_id, panel.node, panel.score, panel.step, access.priority)
