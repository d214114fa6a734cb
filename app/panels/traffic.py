"""Owns the reading of all configs' counters, panel by panel and page by page. Must not store or show what it read."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog

from app.panels.census import tagged_config
from app.panels.port import PanelError
from app.services.traffic import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.panels.gate import PanelGate
    from app.panels.port import ListedUser, Panel
    from app.services.ports import Clock, PanelStore

log = structlog.get_logger(__name__)

# As many names as an address may hold on its way through any proxy.
A_PAGE = 100
PANELS_AT_ONCE = 8


class CounterStore(Protocol):
    """Where counters go."""

    async def panels(self) -> list[str]:
        """The panels on which configs stand."""
        ...

    async def standing(self, instance_id: str, after: int, limit: int) -> list[tuple[int, str]]:
        """Configs that stand on the panel with their users' names, by their ids, those behind `after`."""
        ...

    async def count(self, instance_id: str, readings: Sequence[Reading], now: datetime) -> None:
        """Add to the day what the counters, read at `now`, show more than before; repeating it adds nothing."""
        ...


class TrafficReader:
    """One round is one call and one statement for a hundred configs; no more than that is ever held of a panel."""

    def __init__(self, store: CounterStore, panels: PanelStore, gate: PanelGate, clock: Clock) -> None:
        self._store = store
        self._panels = panels
        self._gate = gate
        self._clock = clock

    async def run_once(self) -> None:
        """Read every panel once, some side by side; one that fails is read again the next time."""
        turns = asyncio.Semaphore(PANELS_AT_ONCE)

        async def read(instance_id: str) -> None:
            async with turns:
                await self._read(instance_id)

        async with asyncio.TaskGroup() as group:
            for instance_id in await self._store.panels():
                group.create_task(read(instance_id))

    async def _read(self, instance_id: str) -> None:
        access = await self._panels.get(instance_id)
        if access is None:
            return
        after = 0
        while page := await self._store.standing(instance_id, after, A_PAGE):
            names, after = {username: config_id for config_id, username in page}, page[-1][0]
            # What is used while the panel answers counts the next time.
            asked_at = self._clock.now()
            try:
                users = await self._gate.call(access, partial(_named, list(names)))
            except PanelError as error:
                log.warning("panel_traffic_unread", instance_id=instance_id, reason=error.reason)
                return
            readings = [
                Reading(names[user.username], user.used_traffic, user.data_limit)
                for user in users
                if tagged_config(user) == names[user.username]
            ]
            if readings:
                await self._store.count(instance_id, readings, asked_at)


async def _named(names: Sequence[str], client: Panel) -> tuple[ListedUser, ...]:
    return await client.named_users(names)
