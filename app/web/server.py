"""Owns the HTTP server under the ASGI app, as a service in our event loop. Must not take signals or configure logs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

GRACE_SECONDS = 5


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the process's owner."""
        yield


class WebServer:
    """`app` on one address. Call `bind` first: what can go wrong at the start goes wrong there."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._app = app
        self._address = (host, port)
        self._listener: socket.socket | None = None
        self._server: _Server | None = None
        self._ended = asyncio.Event()
        self._ended.set()
        self._stopping = False

    def bind(self) -> int:
        """Take the address and return the port (a free one for port 0); OSError where it is taken."""
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=2048)
        listener.settimeout(0.0)
        self._listener = listener
        bound = int(listener.getsockname()[1])
        # A restarted service comes back to the port that others were told.
        self._address = (host, bound)
        return bound

    async def run(self) -> None:
        """A service: serve until `stop`, or until cancelled, which also lets requests in hand end for 5 s."""
        if self._stopping:
            return
        if self._listener is None:
            self.bind()
        sockets = [self._listener] if self._listener is not None else []
        server = self._server = _Server(self._config())
        self._ended.clear()
        try:
            await server.serve(sockets=sockets)
        except asyncio.CancelledError:
            if server.started:
                await server.shutdown(sockets=sockets)
            raise
        finally:
            for listener in sockets:
                listener.close()
            self._listener = None
            self._ended.set()

    async def stop(self) -> None:
        """Take no new connection, let requests in hand end for up to 5 s, return when all is closed."""
        self._stopping = True
        if self._server is not None:
            self._server.should_exit = True
        await self._ended.wait()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
