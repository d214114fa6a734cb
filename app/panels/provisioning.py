"""Owns the loop that makes panels match the database, job by job. Must not choose panels or make users itself."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from app.failpoints import failpoint
from app.panels.creation import CANT_BE_OPENED, Creator, Later, is_ours, pause_after
from app.panels.faults import where
from app.panels.port import PanelError, PanelUserNotFound
from app.services.records import ConfigJob, ConfigWork

if TYPE_CHECKING:
    from app.panels.choice import PanelChoice
    from app.panels.gate import PanelGate
    from app.panels.port import Panel
    from app.services.ports import Clock, PanelStore, ProvisioningStore

log = structlog.get_logger(__name__)

SIDE_BY_SIDE = 8
# The deadline of a job stays well within its lease, so that no second worker holds it while the first still works.
LEASE_SECONDS = 30
JOB_SECONDS = 25


class Provisioner:
    """Works off what is due. Several may run at once, in one process or many: leases keep them apart."""

    def __init__(
        self,
        store: ProvisioningStore,
        panels: PanelStore,
        gate: PanelGate,
        choice: PanelChoice,
        clock: Clock,
        data_limit_bytes: int = 0,
        device_limit: int = 0,
    ) -> None:
        self._store = store
        self._panels = panels
        self._gate = gate
        self._clock = clock
        self.creator = Creator(store, panels, gate, choice, clock, data_limit_bytes, device_limit)

    async def run_once(self) -> int:
        """Take up to eight due jobs side by side and see each to its end or to its next try; how many were taken."""
        jobs = await self._store.claim_due(self._clock.now(), LEASE_SECONDS, SIDE_BY_SIDE)
        await asyncio.gather(*(self._see_to(job) for job in jobs))
        return len(jobs)

    async def _see_to(self, job: ConfigJob) -> None:
        """One job, whatever it does: nothing of it may stop the others."""
        try:
            later = await self._tried(job)
            if later is not None:
                failpoint("config.failed")
                now = self._clock.now()
                at = now + pause_before_next(job, later)
                log.warning("config_job_waits", config_id=job.config_id, work=job.work.value, reason=later.reason)
                await self._store.retry(job, now, at, later.reason)
        except Exception as error:  # noqa: BLE001 - the job loop: the store itself failed, the lease brings the job back
            log.error("config_job_lost", config_id=job.config_id, **where(error))

    async def _tried(self, job: ConfigJob) -> Later | None:
        try:
            async with asyncio.timeout(JOB_SECONDS):
                return await self._done(job)
        except TimeoutError:
            return Later(f"not done within {JOB_SECONDS} s")
        except Exception as error:  # noqa: BLE001 - the job loop: counted, logged and tried again
            log.error("config_job_failed", config_id=job.config_id, work=job.work.value, **where(error))
            return Later(f"unexpected {type(error).__name__}")

    async def _done(self, job: ConfigJob) -> Later | None:
        match job.work:
            case ConfigWork.CREATE:
                return await self.creator.create(job)
            case ConfigWork.SYNC:
                return await self._sync(job)
            case ConfigWork.DELETE:
                return await self._delete(job)

    async def _sync(self, job: ConfigJob) -> Later | None:
        if job.instance_id is None:
            return await self.creator.create(job)
        access = await self._panels.get(job.instance_id)
        if access is None:
            return Later(CANT_BE_OPENED)
        try:
            await self._gate.call(access, lambda client: client.set_expiry(job.username, job.expires_at))
            failpoint("config.user_moved")
        except PanelUserNotFound:
            failpoint("config.user_lost")
            log.warning("panel_user_lost", instance_id=access.instance_id, config_id=job.config_id)
            return await self.creator.create(job)
        except PanelError as failure:
            return Later(str(failure))
        await self._store.synced(job)
        return None

    async def _delete(self, job: ConfigJob) -> Later | None:
        if job.instance_id is not None:
            access = await self._panels.get(job.instance_id)
            if access is None:
                return Later(CANT_BE_OPENED)
            try:
                await self._gate.call(access, lambda client: _delete_ours(client, job))
            except PanelError as failure:
                return Later(str(failure))
        await self._store.deleted(job, self._clock.now())
        return None


async def _delete_ours(client: Panel, job: ConfigJob) -> None:
    user = await client.get_user(job.username)
    if user is None:
        return
    if is_ours(user, job):
        await client.delete_user(job.username)
        failpoint("config.user_deleted")
    else:
        log.error("panel_user_foreign", instance_id=client.instance_id, config_id=job.config_id, username=job.username)


def pause_before_next(job: ConfigJob, later: Later) -> timedelta:
    """Twice as long after each attempt within the bounds, spread by a fifth so that jobs don't come in step."""
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads the jobs, guards nothing
    return max(later.at_least, pause_after(job.attempts, later.at_most) * spread)
