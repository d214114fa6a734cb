"""Owns the seam for limits of addresses: how one kind of panel tells from where its users come. Must not count.

A kind that keeps such a limit by itself is given it with each user and needs no limiter here: its place in the table
of limiters is empty.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

import structlog

from app.panels.port import PanelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.panels.clients import PanelClients
    from app.panels.gate import PanelGate
    from app.repo.marzban_logs import MarzbanLogs
    from app.services.records import PanelAccess

    Hear = Callable[[str, str], None]

log = structlog.get_logger(__name__)

# Of xray's access log: `… from 198.51.100.7:5555 accepted tcp:example.com:443 [in >> out] email: 1.bob`. The user
# stands at the end, and before it nothing that a client sends can hold a space or a line's end.
LINE = re.compile(
    r"\bfrom (?:tcp:|udp:)?(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[0-9.]{7,15}):\d{1,5} accepted .*"
    r"\bemail: \d+\.(?P<username>[a-z0-9_]{3,32})\s*$",
    re.ASCII,
)
MOST_LINE = 2048
NODES_EVERY_SECONDS = 60.0
FIRST_DELAY, MOST_DELAY = 5.0, 300.0


class IpLimiter(Protocol):
    """Tells from where the users of panels of one kind come."""

    async def watch(self, access: PanelAccess, hear: Hear) -> None:
        """Tell `hear` of each connection of this panel, as username and host, until cancelled."""
        ...


def connections_in(text: str) -> list[tuple[str, str]]:
    """Username and host of each connection that lines of an access log tell of; all other lines are passed over."""
    found = (LINE.search(line) for line in text.splitlines() if len(line) <= MOST_LINE)
    return [(match["username"], match["host"].strip("[]")) for match in found if match]


class LogWatch:
    """Marzban: the access logs of the panel's own core and of each connected node. Implements IpLimiter."""

    def __init__(
        self,
        clients: PanelClients,
        gate: PanelGate,
        logs: MarzbanLogs,
        *,
        nodes_every_seconds: float = NODES_EVERY_SECONDS,
        first_delay: float = FIRST_DELAY,
    ) -> None:
        self._clients = clients
        self._gate = gate
        self._logs = logs
        self._nodes_every_seconds = nodes_every_seconds
        self._first_delay = first_delay

    async def watch(self, access: PanelAccess, hear: Hear) -> None:
        """Tell `hear` of each connection of this panel, as username and host, until cancelled."""
        read: dict[int | None, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                wanted = await self._sources(access, known=frozenset(read))
                for source in read.keys() - wanted:
                    read.pop(source).cancel()
                for source in wanted - read.keys():
                    read[source] = group.create_task(self._follow(access, source, hear))
                await asyncio.sleep(self._nodes_every_seconds)

    async def _sources(self, access: PanelAccess, known: frozenset[int | None]) -> frozenset[int | None]:
        """The panel's own core (None) and its connected nodes; those known before where it does not say."""
        try:
            health = await self._gate.call(access, lambda panel: panel.health())
        except PanelError as error:
            log.warning("address_watch_blind", instance_id=access.instance_id, reason=error.reason)
            return known
        return frozenset({None, *(node.id for node in health.nodes if node.is_connected)})

    async def _follow(self, access: PanelAccess, node_id: int | None, hear: Hear) -> None:
        """One log for as long as it is wanted, opened again later each time that it can't be had."""
        delay = self._first_delay
        while True:
            reason = "the panel ended it"
            try:
                client = self._clients.for_instance(access)
                async with aclosing(self._logs.follow(access, client, node_id)) as texts:
                    async for text in texts:
                        delay = self._first_delay
                        for username, host in connections_in(text):
                            hear(username, host)
            except PanelError as error:
                reason = error.reason
            log.warning("address_log_ended", instance_id=access.instance_id, node_id=node_id, reason=reason)
            await asyncio.sleep(delay)
            delay = min(delay * 2, MOST_DELAY)
