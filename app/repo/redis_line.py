"""Owns one connection to Redis that all callers of scripts share. Must not know any key; gives up rather than waits.

The library's client takes a connection out of its pool for each call, which costs three times the trip itself.
Here calls go out as they come and answers return in that order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import hiredis
from redis.asyncio import SSLConnection

from app.utils.redis import LineLost

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from redis.asyncio import Redis

    Word = str | int
    Command = tuple[Word, ...]
    Words = Callable[[], tuple[Sequence[str], Sequence[Word]]]
    Connect = Callable[[Callable[[], asyncio.Protocol]], Awaitable[tuple[asyncio.BaseTransport, asyncio.Protocol]]]

PATIENCE_SECONDS = 0.5
POST_SECONDS = 0.005
INCOMPLETE = object()


def _packed(command: Command) -> bytes:
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub means a tuple of one
    return packed


class _Connection(asyncio.Protocol):
    """What was asked and not answered yet stands in `waiting`, oldest first; nothing stands there once it is closed."""

    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[Any]] = deque()
        self.transport: asyncio.Transport | None = None
        self._reader = hiredis.Reader(encoding="utf-8", notEnoughData=INCOMPLETE)
        self._posted: list[Callable[[], Command]] = []
        self._posting: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None

    def ask(self, *command: Word) -> asyncio.Future[Any]:
        """Send a command behind what was posted; its answer, or LineLost, or TimeoutError when Redis is silent."""
        if self.transport is None:
            raise LineLost
        posted = self._packed_posts() if self._posted else b""
        answer = self._expect_answer()
        self.transport.write(posted + _packed(command))
        return answer

    def post(self, command: Callable[[], Command]) -> None:
        """Send a command along with the next that is asked, or soon by itself; it is made only then."""
        self._posted.append(command)
        if self._posting is None:
            self._posting = asyncio.get_running_loop().call_later(POST_SECONDS, self._send_posts)

    def _send_posts(self) -> None:
        if self.transport is not None:
            self.transport.write(self._packed_posts())

    def _packed_posts(self) -> bytes:
        if self._posting is not None:
            self._posting.cancel()
            self._posting = None
        posted, self._posted = self._posted, []
        for _ in posted:
            self._expect_answer()
        return b"".join(_packed(command()) for command in posted)

    def _expect_answer(self) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self.waiting.append(answer)
        if self._watch is None:
            self._watch = loop.call_later(PATIENCE_SECONDS, self._look_after, answer)
        return answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop's call: it is open."""
        self.transport = transport  # type: ignore[assignment]  # streams are opened for reading and writing

    def data_received(self, data: bytes) -> None:
        """The loop's call: hand out the answers that are complete."""
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not INCOMPLETE:
            asked = self.waiting.popleft()
            if isinstance(answer, hiredis.ReplyError):
                # A refusal is rare and mostly NOSCRIPT after a restart: opening again teaches the scripts again.
                self.close(LineLost(str(answer)), asked)
                return
            if not asked.done():
                asked.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """The loop's call: it is closed."""
        self.close(LineLost())

    def close(self, error: Exception, *answered_wrong: asyncio.Future[Any]) -> None:
        """End the connection, and what waits on it with `error`."""
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.abort()
        for timer in (self._watch, self._posting):
            if timer is not None:
                timer.cancel()
        self._posted.clear()
        for asked in (*answered_wrong, *self.waiting):
            if not asked.done():
                asked.set_exception(error)
                asked.exception()  # counts as seen: not everybody who asks waits for the answer
        self.waiting.clear()

    def _look_after(self, oldest: asyncio.Future[Any]) -> None:
        """One timer for all that wait: one for each would cost as much as its trip."""
        self._watch = None
        if not self.waiting:
            return
        if self.waiting[0] is oldest:
            self.close(TimeoutError("Redis does not answer"))
            return
        self._watch = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._look_after, self.waiting[0])


class RedisLine:
    """Implements utils.redis.Line: opens at first use, and again after a loss."""

    def __init__(self, connect: Connect, greeting: Sequence[Command]) -> None:
        self._connect = connect
        self._greeting = list(greeting)
        self._open = _Connection()
        self._opening = asyncio.Lock()

    def learn(self, source: str) -> None:
        """Load the script whenever the line opens."""
        self._greeting.append(("SCRIPT", "LOAD", source))

    def ask(self, sha: str, keys: Sequence[str], args: Sequence[Word]) -> asyncio.Future[Any] | None:
        """Send now; the future raises LineLost, or TimeoutError where Redis is silent. None: the line is not open."""
        if self._open.transport is None:
            return None
        return self._open.ask("EVALSHA", sha, len(keys), *keys, *args)

    def post(self, sha: str, words: Words) -> bool:
        """Send along with what is asked next, or soon by itself; False where the line is not open."""
        if self._open.transport is None:
            return False

        def command() -> Command:
            keys, args = words()
            return ("EVALSHA", sha, len(keys), *keys, *args)

        self._open.post(command)
        return True

    async def open(self) -> None:
        """Open the line where it is not; the same errors."""
        if self._open.transport is None:
            await self._open_again()

    def close(self) -> None:
        """Hang up."""
        self._open.close(LineLost())

    async def _open_again(self) -> None:
        async with self._opening, asyncio.timeout(PATIENCE_SECONDS):
            if self._open.transport is not None:
                return
            connection = _Connection()
            try:
                await self._connect(lambda: connection)
                for command in self._greeting:
                    await connection.ask(*command)
            except TimeoutError:
                raise
            except OSError as error:
                raise LineLost from error
            self._open = connection


def line_to(client: Redis) -> RedisLine | None:
    """A line to the Redis of this client; None where only the client can reach it: by TLS, or in this process."""
    pool = client.connection_pool
    at: dict[str, Any] = pool.connection_kwargs
    if issubclass(pool.connection_class, SSLConnection) or "server" in at:
        return None

    async def connect(protocol: Callable[[], asyncio.Protocol]) -> tuple[asyncio.BaseTransport, asyncio.Protocol]:
        loop = asyncio.get_running_loop()
        if path := at.get("path"):
            return await loop.create_unix_connection(protocol, path)
        return await loop.create_connection(protocol, at.get("host", "localhost"), at.get("port", 6379))

    greeting: list[Command] = []
    if password := at.get("password"):
        greeting.append(("AUTH", *filter(None, (at.get("username"), password))))
    if db := at.get("db"):
        greeting.append(("SELECT", db))
    return RedisLine(connect, greeting)
