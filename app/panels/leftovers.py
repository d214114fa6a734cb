"""Owns the removal of users from panels that their configs have left. Must not decide who that is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from app.failpoints import failpoint
from app.panels.census import tagged_config
from app.panels.creation import pause_after
from app.panels.faults import where
from app.panels.port import Panel, PanelError, PanelUser

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

    async def same_user(self, leftover: Leftover, home: str, now: datetime) -> None:
        """The user is the one that the config has at `home`: nothing is left over, and operators are told."""
        ...

    async def kept(self, leftover: Leftover, at: datetime, error: str) -> None:
        """Try again at `at`."""
        ...


class SameUser(Exception):
    """The user is the very one with which the config works: one panel stands in two rows of the table."""


class Leftovers:
    """Removes what stayed behind. Looks first: only a user with the config's name and our mark is ever removed.

    Never the one whose key the config has now, which a panel shows under each of the rows that name it.
    """

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
            try:
                reason = await self._tried(leftover)
            except SameUser:
                await self._settle_same(leftover)
                return
            if reason is None:
                await self._store.removed(leftover)
                return
            facts = {"config_id": leftover.config_id, "instance_id": leftover.instance_id}
            log.warning("panel_leftover_stays", **facts, reason=reason)
            at = self._clock.now() + pause_after(leftover.attempts, LONGEST_PAUSE)
            await self._store.kept(leftover, at, reason)
        except Exception as error:  # noqa: BLE001 - the job loop: logged, and the lease brings the removal back
            log.error("panel_leftover_failed", config_id=leftover.config_id, **where(error))

    async def _settle_same(self, leftover: Leftover) -> None:
        home = leftover.home or ""
        log.error("panel_in_two_rows", instance_id=leftover.instance_id, home=home, config_id=leftover.config_id)
        await self._store.same_user(leftover, home, self._clock.now())

    async def _tried(self, leftover: Leftover) -> str | None:
        try:
            async with asyncio.timeout(REMOVAL_SECONDS):
                return await self._failure(leftover)
        except TimeoutError:
            failpoint("leftover.not_removed")
            return f"not done within {REMOVAL_SECONDS} s"

    async def _failure(self, leftover: Leftover) -> str | None:
        """None once there is no such user, or where it must stay; SameUser."""
        if leftover.stands_here:
            return None
        access = await self._panels.get(leftover.instance_id)
        if access is None:
            return "the panel can't be opened"
        try:
            is_same = await self._gate.call(access, lambda client: _is_same_or_removed(client, leftover))
        except PanelError as failure:
            failpoint("leftover.not_removed")
            return str(failure)
        if is_same:
            raise SameUser
        return None


async def _is_same_or_removed(client: Panel, leftover: Leftover) -> bool:
    user = await client.get_user(leftover.username)
    if user is None:
        return False
    if _has_key(user, leftover.link):
        return True
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
    return False


def _has_key(user: PanelUser, link: str | None) -> bool:
    """Whether the link lets in as this user; its host and its name may have changed since it was stored."""
    return link is not None and _key(link) in {_key(each) for each in user.links}


def _key(link: str) -> str:
    """What precedes the host; the whole link where it hides its parts."""
    return link.partition("@")[0]
