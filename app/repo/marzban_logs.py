"""Owns the reading of a Marzban core's log as it is written: transport only. Must not know what the lines mean."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

import aiohttp
from yarl import URL

from app.repo.panel_errors import PanelAuthFailed, PanelUnavailable
from app.repo.panel_http import Door, cause_of
from app.repo.panel_reach import connector

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from app.services.records import PanelAccess

CONNECT_SECONDS = 10
HEARTBEAT_SECONDS = 30
MOST_BYTES = 1_048_576
# In seconds: lines come collected for so long.
INTERVAL = "1"
# The panel begins with the last hundred lines that it has, which may be of any age: the first alone, the others with
# what comes within an interval.
BACKLOG_SECONDS = 2.5


class Bearer(Protocol):
    """Who is let in at the panel."""

    async def token(self, refused: str | None = None) -> str:
        """A token other than `refused`."""
        ...


class MarzbanLogs:
    """Sockets of logs, apart from the connections for calls: each stays open for as long as it is read."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        interval: str = INTERVAL,
        backlog_seconds: float = BACKLOG_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allow_private = allow_private
        self._interval = interval
        self._backlog_seconds = backlog_seconds
        self._monotonic = monotonic
        self._session: aiohttp.ClientSession | None = None

    async def follow(self, access: PanelAccess, client: Bearer, node_id: int | None) -> AsyncGenerator[str]:
        """What a node's core writes, or the panel's own (None), in texts of many lines, until the panel ends it.

        What was written before is left out. PanelUnavailable, PanelAuthFailed, and what a login may raise.
        """
        door = Door(access, allow_private=self._allow_private)
        path = "/api/core/logs" if node_id is None else f"/api/node/{node_id}/logs"
        url = URL(f"{door.base}{path}").with_query(interval=self._interval)
        try:
            socket = await self._connected(door, client, url)
            async with socket:
                began = self._monotonic()
                async for message in socket:
                    is_new = self._monotonic() - began >= self._backlog_seconds
                    if is_new and message.type is aiohttp.WSMsgType.TEXT:
                        yield message.data
        except (aiohttp.ClientError, OSError) as error:
            raise PanelUnavailable(access.instance_id, cause_of(error)) from None

    async def close(self) -> None:
        """Close all sockets; who reads one gets an error or its end."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _connected(self, door: Door, client: Bearer, url: URL) -> aiohttp.ClientWebSocketResponse:
        token = await client.token()
        try:
            return await self._open(door, url, token)
        except aiohttp.WSServerHandshakeError as refusal:
            # A token that is refused, no sudo account, a node that is gone or away: the panel says 403 to them all.
            if refusal.status not in {401, 403}:
                raise
        try:
            return await self._open(door, url, await client.token(refused=token))
        except aiohttp.WSServerHandshakeError as refusal:
            raise PanelAuthFailed(door.instance_id, f"log refused with status {refusal.status}") from None

    async def _open(self, door: Door, url: URL, token: str) -> aiohttp.ClientWebSocketResponse:
        # In a header, which no access log on the way writes down, as it would the address.
        headers = {"Authorization": f"Bearer {token}"}
        async with asyncio.timeout(CONNECT_SECONDS):
            return await self._opened().ws_connect(
                url, headers=headers, heartbeat=HEARTBEAT_SECONDS, max_msg_size=MOST_BYTES, ssl=door.tls
            )

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            stay = aiohttp.TraceConfig()
            stay.on_request_redirect.append(_refuse_redirect)
            self._session = aiohttp.ClientSession(
                connector=connector(allow_private=self._allow_private, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trace_configs=[stay],
            )
        return self._session


async def _refuse_redirect(*_: object) -> None:
    """Only the panel itself is ever asked; the library can't be told so for sockets."""
    raise aiohttp.ClientConnectionError
