"""Owns TCP proxies that count round trips between the app and its stores; must not change a byte."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

import hiredis

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
    Upstream = Callable[[], Awaitable[Streams]]

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
READY_FOR_QUERY = ord("Z")
HEADER_BYTES = 5
CHUNK_BYTES = 65536
INCOMPLETE = object()


class Reading(Protocol):
    """Reads along on one connection and says how many round trips ended with what the server sent."""

    def asked(self, sent: bytes) -> None:
        """The client sent this."""
        ...

    def answered(self, sent: bytes) -> int:
        """The server sent this: how many round trips it ended."""
        ...


class PostgresReading:
    """A round trip is whatever the client sent, up to the server's ReadyForQuery."""

    def __init__(self) -> None:
        self._asked = False
        self._awaits_tls_answer = False
        self._buffer = b""

    def asked(self, sent: bytes) -> None:
        """Note that something was asked; the plea for TLS is answered by one bare byte."""
        self._asked = True
        self._awaits_tls_answer = self._awaits_tls_answer or sent == SSL_REQUEST

    def answered(self, sent: bytes) -> int:
        """Walk over the whole messages so far: a type, a length that counts itself, a body."""
        if self._awaits_tls_answer:
            self._awaits_tls_answer, sent = False, sent[1:]
        self._buffer += sent
        trips = at = 0
        while at + HEADER_BYTES <= len(self._buffer):
            end = at + 1 + int.from_bytes(self._buffer[at + 1 : at + HEADER_BYTES])
            if end > len(self._buffer):
                break
            if self._buffer[at] == READY_FOR_QUERY and self._asked:
                trips, self._asked = trips + 1, False
            at = end
        self._buffer = self._buffer[at:]
        return trips


class RedisReading:
    """A round trip is one whole answer of the server; commands in one pipeline count each."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader(notEnoughData=INCOMPLETE)

    def asked(self, sent: bytes) -> None:
        """Commands need no reading: each has its answer."""

    def answered(self, sent: bytes) -> int:
        """Count the answers that are whole now."""
        self._reader.feed(sent)
        trips = 0
        while self._reader.gets() is not INCOMPLETE:
            trips += 1
        return trips


class CountingProxy:
    """Listens on a free port of 127.0.0.1 and passes everything on; `trips` is the sum over all connections."""

    def __init__(self, upstream: Upstream, reading: Callable[[], Reading]) -> None:
        self.trips = 0
        self.port = 0
        self._upstream = upstream
        self._reading = reading
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection and stop listening."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection is always served in a task
        self._open.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._pass_on(reader, writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await self._upstream()
        reading = self._reading()

        async def answers() -> None:
            while sent := await from_server.read(CHUNK_BYTES):
                self.trips += reading.answered(sent)
                writer.write(sent)
            writer.close()

        try:
            async with asyncio.TaskGroup() as tasks:
                answering = tasks.create_task(answers())
                while sent := await reader.read(CHUNK_BYTES):
                    reading.asked(sent)
                    to_server.write(sent)
                answering.cancel()
        finally:
            to_server.close()


def before_postgres(host: str, port: int) -> CountingProxy:
    """A proxy to stand before this PostgreSQL."""
    return CountingProxy(lambda: asyncio.open_connection(host, port), PostgresReading)


def before_redis(client: Redis) -> CountingProxy | None:
    """A proxy to stand before the Redis of this client; None where that one has no socket, being in this process."""
    at = client.connection_pool.connection_kwargs
    if "server" in at:
        return None
    if path := at.get("path"):
        return CountingProxy(lambda: asyncio.open_unix_connection(path), RedisReading)
    return CountingProxy(lambda: asyncio.open_connection(at["host"], at["port"]), RedisReading)
