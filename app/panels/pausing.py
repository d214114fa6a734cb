"""Owns the switching off and on again of users whose configs are paused. Must not decide who is paused, or when.

A user is switched off together with a mark in its note, in one call. Only a user with our mark is switched on again:
one that an operator switched off has none.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from app.failpoints import failpoint
from app.panels.creation import LONGEST_PAUSE, is_tagged, pause_after
from app.panels.port import PanelError, PanelUnavailable, PanelUserNotFound
from app.services.pauses import PauseOutcome, PauseStatus

if TYPE_CHECKING:
    from app.panels.gate import PanelGate
    from app.panels.port import PanelUser
    from app.services.pauses import PauseJob, PauseStore
    from app.services.ports import Clock, PanelStore
    from app.services.records import PanelAccess

log = structlog.get_logger(__name__)

SIDE_BY_SIDE = 8
LEASE_SECONDS = 60
JOB_SECONDS = 50
# Who had too many addresses so long ago may have none too many now.
TOO_LATE = timedelta(minutes=10)
MOST_NOTE = 500


def mark_of(job: PauseJob) -> str:
    """What the note of a user holds while this pause has it switched off."""
    return f"orbit:paused:{job.pause_id}"


class Pauser:
    """Works off the pauses that are due. Several may run at once: leases keep them apart."""

    def __init__(
        self, store: PauseStore, panels: PanelStore, gate: PanelGate, clock: Clock, most: int, lasts: timedelta
    ) -> None:
        self._store = store
        self._panels = panels
        self._gate = gate
        self._clock = clock
        self._most = most
        self._lasts = lasts

    async def run_once(self) -> int:
        """Take up to eight side by side and see each to its end or to its next try; how many were taken."""
        jobs = await self._store.claim_due(self._clock.now(), LEASE_SECONDS, SIDE_BY_SIDE)
        await asyncio.gather(*(self._see_to(job) for job in jobs))
        return len(jobs)

    async def _see_to(self, job: PauseJob) -> None:
        try:
            async with asyncio.timeout(JOB_SECONDS):
                await self._done(job)
        except PanelUserNotFound:
            await self._end(job, PauseOutcome.NOT_OURS)
        except (PanelError, TimeoutError) as failure:
            failpoint("pause.failed")
            reason = str(failure) if isinstance(failure, PanelError) else f"not done within {JOB_SECONDS} s"
            at = self._clock.now() + pause_after(job.attempts, LONGEST_PAUSE)
            log.warning("pause_waits", pause_id=job.pause_id, config_id=job.config_id, reason=reason)
            await self._store.retry(job, at, reason)

    async def _done(self, job: PauseJob) -> None:
        if not job.stands:
            # The user that it was about goes with the rest of what the config left behind.
            await self._end(job, PauseOutcome.NOT_OURS)
            return
        access = await self._panels.get(job.instance_id)
        is_late = job.status is PauseStatus.WANTED and self._clock.now() - job.created_at > TOO_LATE
        if access is None:
            # Whoever is paused there must not be forgotten: the row, or the key of its password, may come back.
            if not is_late:
                raise PanelUnavailable(job.instance_id, "not in the table, or its password can't be opened")
            await self._end(job, PauseOutcome.TOO_LATE)
            return
        user = await self._gate.call(access, lambda panel: panel.get_user(job.username))
        if user is None or not is_tagged(user, job.config_id):
            await self._end(job, PauseOutcome.NOT_OURS)
        elif job.status is PauseStatus.PAUSED:
            await self._resume(access, user, job)
        elif is_late and mark_of(job) not in _notes(user):
            await self._end(job, PauseOutcome.TOO_LATE)
        else:
            await self._pause(access, user, job)

    async def _pause(self, access: PanelAccess, user: PanelUser, job: PauseJob) -> None:
        mark = mark_of(job)
        note = f"{user.note or ''} {mark}".strip()
        # With the mark there it is ours: whoever did it died, or did not hear that it was done.
        if mark not in _notes(user):
            if not user.is_enabled or len(note) > MOST_NOTE:
                await self._end(job, PauseOutcome.NOT_OURS)
                return
            await self._set(access, job, enabled=False, note=note)
            failpoint("pause.user_disabled")
        now = self._clock.now()
        await self._store.begun(job, self._most, now, now + self._lasts)
        log.info("config_paused", config_id=job.config_id, instance_id=job.instance_id, pause_id=job.pause_id)

    async def _resume(self, access: PanelAccess, user: PanelUser, job: PauseJob) -> None:
        mark = mark_of(job)
        if mark not in _notes(user):
            # Let in by this pause, which could not write it down, or by an operator; or kept out by one.
            await self._end(job, PauseOutcome.RESUMED if user.is_enabled else PauseOutcome.NOT_OURS)
            return
        # One that somebody has switched on meanwhile only loses the mark.
        enabled = None if user.is_enabled else True
        note = re.sub(rf"\s?{re.escape(mark)}(?!\S)", "", user.note or "")
        await self._set(access, job, enabled=enabled, note=note)
        failpoint("pause.user_enabled")
        await self._end(job, PauseOutcome.RESUMED)

    async def _set(self, access: PanelAccess, job: PauseJob, *, enabled: bool | None, note: str) -> None:
        await self._gate.call(access, lambda panel: panel.set_enabled(job.username, enabled=enabled, note=note))

    async def _end(self, job: PauseJob, outcome: PauseOutcome) -> None:
        await self._store.over(job, outcome, self._clock.now())
        log.info("pause_over", config_id=job.config_id, pause_id=job.pause_id, outcome=outcome.value)


def _notes(user: PanelUser) -> list[str]:
    return (user.note or "").split()
