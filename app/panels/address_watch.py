"""Owns the watch over the addresses that configs are used from, on one replica at a time. Must switch nobody off."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

from app.domain.addresses import AddressBook

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.panels.limiter import IpLimiter
    from app.services.pauses import PauseStore
    from app.services.ports import Clock, PanelStore
    from app.services.records import PanelAccess

log = structlog.get_logger(__name__)


class Lead(Protocol):
    """Which replica watches."""

    async def acquire(self) -> None:
        """Wait until this one does."""
        ...

    async def still_leads(self) -> bool:
        """Whether it still does."""
        ...

    async def release(self) -> None:
        """Let another one."""
        ...


class AddressWatch:
    """Watches every active panel that has a limiter, and wants a pause for each config used from too many addresses.

    What it has seen is in memory only: after a start, and after the lead changed hands, counting begins anew.
    """

    def __init__(
        self,
        panels: PanelStore,
        limiter_of: Callable[[PanelAccess], IpLimiter | None],
        pauses: PauseStore,
        clock: Clock,
        most: int,
        wake: Callable[[str], None],
    ) -> None:
        self._panels = panels
        self._limiter_of = limiter_of
        self._pauses = pauses
        self._clock = clock
        self._wake = wake
        self._book = AddressBook(most)
        self._watched: dict[str, tuple[PanelAccess, asyncio.Task[None]]] = {}

    async def run(self, lead: Lead, window_seconds: float) -> None:
        """A service: watch while this replica leads, one window after the other."""
        try:
            while True:
                await lead.acquire()
                log.info("address_watch_begins")
                await self._lead(lead, window_seconds)
                log.warning("address_watch_handed_over")
        finally:
            await lead.release()

    def hear(self, username: str, host: str) -> None:
        """The config of this username was used from there."""
        self._book.note(username, host)

    async def judge(self) -> int:
        """End a window: have those paused that were over in it and in the one before; how many."""
        wanted = 0
        for username, addresses in self._book.close_window().items():
            if await self._pauses.want(username, addresses, self._clock.now()):
                wanted += 1
                log.info("addresses_exceeded", username=username, addresses=addresses)
        if wanted:
            self._wake("pauses")
        return wanted

    async def _lead(self, lead: Lead, window_seconds: float) -> None:
        self._book.forget()
        self._watched.clear()
        async with asyncio.TaskGroup() as group:
            while await lead.still_leads():
                await self._follow_table(group)
                await asyncio.sleep(window_seconds)
                await self.judge()
            for _, task in self._watched.values():
                task.cancel()

    async def _follow_table(self, group: asyncio.TaskGroup) -> None:
        """Watch the panels as they stand in the table now, and no other."""
        active = {access.instance_id: access for access in await self._panels.active()}
        for instance_id, (access, task) in tuple(self._watched.items()):
            if active.get(instance_id) != access:
                task.cancel()
                del self._watched[instance_id]
        for instance_id, access in active.items():
            limiter = self._limiter_of(access)
            if limiter is not None and instance_id not in self._watched:
                self._watched[instance_id] = access, group.create_task(limiter.watch(access, self.hear))
