"""Owns the logs of a panel's cores and the sockets that read them; must not know what a line is for."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from aiohttp import web

from sandbox.marzban.guard import bearer
from sandbox.marzban.panel import Panel
from sandbox.refusals import RefusedError

_KEPT = 100
_LONGEST_INTERVAL = 10
_LOOK_SECONDS = 0.05


class Log:
    """What one core has written lately; a reader begins with all of it, and loses what it is too slow for."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self._readers: list[deque[str]] = []
        self.is_read = asyncio.Event()
        self.is_left = asyncio.Event()

    def write(self, line: str) -> None:
        """Write a line."""
        for lines in (self._lines, *self._readers):
            lines.append(line)

    @contextmanager
    def reader(self) -> Iterator[deque[str]]:
        """Read along: lines are to be taken from the left."""
        lines = deque(self._lines, maxlen=_KEPT)
        self._readers.append(lines)
        self.is_read.set()
        self.is_left.clear()
        try:
            yield lines
        finally:
            self._readers = [other for other in self._readers if other is not lines]
            if not self._readers:
                self.is_read.clear()
                self.is_left.set()


class Logs:
    """The log of the master core and of each node, made when first asked for."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._logs: dict[int | None, Log] = {}

    def routes(self) -> list[web.RouteDef]:
        """List the endpoints."""
        return [
            web.get("/api/core/logs", self.of_core),
            web.get("/api/node/{id:\\d+}/logs", self.of_node),
        ]

    def of(self, node_id: int | None) -> Log:
        """Return the log of a node, or the master's (None)."""
        return self._logs.setdefault(node_id, Log())

    def connect(self, username: str, node_id: int | None, host: str) -> None:
        """Let somebody come from an address, and the core write that it let them in or turned them away."""
        at = f"{self._panel.now():%Y/%m/%d %H:%M:%S.%f}"
        address = f"[{host}]" if ":" in host else host
        user = self._panel.users.get(username)
        if user is None or user.status != "active":
            self.of(node_id).write(f"{at} from {address}:40000 rejected  proxy/vless/encoding: invalid request user id")
            return
        email = f"{list(self._panel.users).index(username) + 1}.{username}"
        way = "tcp:example.com:443 [VLESS TCP REALITY >> DIRECT]"
        self.of(node_id).write(f"{at} from {address}:40000 accepted {way} email: {email}")

    async def of_core(self, request: web.Request) -> web.StreamResponse:
        """Stream the master core's log."""
        return await self._stream(request, None)

    async def of_node(self, request: web.Request) -> web.StreamResponse:
        """Stream a node's log, as long as it is connected."""
        return await self._stream(request, int(request.match_info["id"]))

    async def _stream(self, request: web.Request, node_id: int | None) -> web.StreamResponse:
        interval = self._admitted(request, node_id)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        gathered, sent_at = "", 0.0
        with self.of(node_id).reader() as lines, suppress(ConnectionResetError):
            while self._panel.up and self._is_connected(node_id):
                if gathered and time.monotonic() - sent_at >= interval:
                    await socket.send_str(gathered)
                    gathered, sent_at = "", time.monotonic()
                if lines:
                    # The first line of all goes alone, the next ones are gathered: so the panel's own loop does it.
                    gathered += f"{lines.popleft()}\n"
                elif await _is_closed(socket):
                    break
        await socket.close()
        return socket

    def _admitted(self, request: web.Request, node_id: int | None) -> float:
        """Return the interval in seconds. A socket that is closed before it was accepted is a 403, whatever it was."""
        try:
            admin = self._panel.admin_of(request.query.get("token") or bearer(request))
            interval = float(request.query.get("interval") or 0)
        except (RefusedError, ValueError):
            raise RefusedError(403, "Forbidden") from None
        if not admin.is_sudo or interval > _LONGEST_INTERVAL or not self._is_connected(node_id):
            raise RefusedError(403, "Forbidden")
        return interval

    def _is_connected(self, node_id: int | None) -> bool:
        node = None if node_id is None else self._panel.nodes.get(node_id)
        return node_id is None or (node is not None and node.status == "connected")


async def _is_closed(socket: web.WebSocketResponse) -> bool:
    try:
        message = await socket.receive(timeout=_LOOK_SECONDS)
    except TimeoutError:
        return False
    return message.type in {web.WSMsgType.CLOSE, web.WSMsgType.CLOSING, web.WSMsgType.CLOSED, web.WSMsgType.ERROR}
