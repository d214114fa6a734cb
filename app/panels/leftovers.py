"""Owns the removal of users from panels that their configs have left. Must not decide who that is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from app.failpoints import failpoint
from app.panels.census import tagged_config
from app.panels.faults import where
from app.panels.port import Panel, PanelError

if TYPE_CHECKING:
    from datetime import datetime

    from app.panels.gate import PanelGate
    from app.services.ports import Clock, PanelStore
    from app.services.upkeep_records import Leftover

log = structlog.get_logger(__name__)

SIDE_BY_SIDE = 4
LEASE_SECONDS = 30
REMOVAL_SECONDS = 25
LONGEST_PAUSE = timedelta(hours=1)


class LeftoverStore(Protocol):
    """Where it is remembered who has to go."""

    async def claim_leftovers(self, now: datetime, lease_seconds: int, limit: int) -> list[Leftover]:
        """Lease up to `limit` users to be removed from panels that are not silent."""
        ...

    async def removed(self, leftover: Leftover) -> None:
        """There is no such user any more, or it is the config's own again."""
        ...

    async def kept(self, leftover: Leftover, at: datetime, error: str) -> None:
        """Try again at `at`."""
        ...


class Leftovers:
    """Removes what stayed behind. Looks first: only a user with the config's name and our mark is ever removed."""

    def __init__(self, store: LeftoverStore, panels: PanelStore, gate: PanelGate, clock: Clock) -> None:
        self._store = store
        self._panels = panels
        self._gate = gate
        self._clock = clock

    async def run_once(self) -> int:
        """Remove a few users side by side; how many were taken up."""
        leftovers = await self._store.claim_leftovers(self._clock.now(), LEASE_SECONDS, SIDE_BY_SIDE)
        await asyncio.gather(*(self._see_to(leftover) for leftover in leftovers))
        return len(leftovers)

    async def _see_to(self, leftover: Leftover) -> None:
        """One removal, whatever it does: nothing of it may stop the others."""
        try:
            reason = await self._tried(leftover)
            if reason is None:
                await self._store.removed(leftover)
                return
            facts = {"config_id": leftover.config_id, "instance_id": leftover.instance_id}
            log.warning("panel_leftover_stays", **facts, reason=reason)
            pause = min(timedelta(seconds=2 ** min(leftover.attempts, 16)), LONGEST_PAUSE)
            await self._store.kept(leftover, self._clock.now() + pause, reason)
        except Exception as error:  # noqa: BLE001 - the job loop: logged, and the lease brings the removal back
            log.error("panel_leftover_failed", config_id=leftover.config_id, **where(error))

    async def _tried(self, leftover: Leftover) -> str | None:
        try:
            async with asyncio.timeout(REMOVAL_SECONDS):
                return await self._failure(leftover)
        except TimeoutError:
            failpoint("leftover.not_removed")
            return f"not done within {REMOVAL_SECONDS} s"

    async def _failure(self, leftover: Leftover) -> str | None:
        """None once there is no such user, or where it must stay."""
        if leftover.stands_here:
            return None
        access = await self._panels.get(leftover.instance_id)
        if access is None:
            return "the panel can't be opened"
        try:
            await self._gate.call(access, lambda client: _remove(client, leftover))
        except PanelError as failure:
            failpoint("leftover.not_removed")
            return str(failure)
        return None


async def _remove(client: Panel, leftover: Leftover) -> None:
    user = await client.get_user(leftover.username)
    if user is None:
        return
    if tagged_config(user) == leftover.config_id:
        await client.delete_user(leftover.username)
        failpoint("leftover.user_removed")
        log.info("panel_leftover_removed", config_id=leftover.config_id, instance_id=client.instance_id)
    else:
        log.error(
            "panel_user_foreign",
            instance_id=client.instance_id,
            config_id=leftover.config_id,
            username=leftover.username,
        )
