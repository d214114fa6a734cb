"""The cache in Redis. A comfort only: every failure reads as a miss, and nothing that matters is kept here alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import structlog
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

    Words = Callable[[], tuple[Sequence[str], Sequence[str | int]]]

log = structlog.get_logger(__name__)

UNREACHABLE = (RedisError, OSError, TimeoutError)


class LineLost(OSError):
    """The quick way broke, or Redis does not know the script there: the client may still succeed."""


class Line(Protocol):
    """A quick way to run scripts, beside the client."""

    def learn(self, source: str) -> None:
        """Have this script ready."""
        ...

    def ask(self, sha: str, keys: Sequence[str], args: Sequence[str | int]) -> Awaitable[Any] | None:
        """Send now; what comes raises LineLost or TimeoutError. None where the line is not open."""
        ...

    def post(self, sha: str, words: Words) -> bool:
        """Send soon, for nobody to wait for; False where the line is not open."""
        ...

    async def open(self) -> None:
        """Open the line; LineLost or TimeoutError."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Cache:
    """Strings under keys with a time to live, and scripts; a Redis that is down costs speed, never an error."""

    def __init__(self, client: Redis, line: Line | None = None) -> None:
        self.client = client
        self._line = line
        self._was_down = False

    async def get(self, key: str) -> str | None:
        """The value, or None where there is none or Redis does not answer."""
        try:
            value = await self.client.get(key)
        except UNREACHABLE as error:
            self._note(error)
            return None
        return value if isinstance(value, str) else None

    async def get_many(self, keys: Sequence[str]) -> list[str | None]:
        """The values under the keys in one round trip; None for each that is not there."""
        try:
            values = await self.client.mget(keys)
        except UNREACHABLE as error:
            self._note(error)
            return [None] * len(keys)
        return [value if isinstance(value, str) else None for value in values]

    async def set(self, key: str, value: str, ttl: int) -> None:
        """Keep the value for `ttl` seconds."""
        try:
            await self.client.set(key, value, ex=max(1, ttl))
        except UNREACHABLE as error:
            self._note(error)

    async def claim(self, key: str, ttl: int) -> bool:
        """Whether the key was free, and is taken for `ttl` seconds; True where Redis does not answer."""
        try:
            return bool(await self.client.set(key, "1", nx=True, ex=max(1, ttl)))
        except UNREACHABLE as error:
            self._note(error)
            return True

    async def delete(self, *keys: str) -> None:
        """Forget the keys."""
        try:
            await self.client.delete(*keys)
        except UNREACHABLE as error:
            self._note(error)

    async def delete_matching(self, pattern: str) -> int:
        """Forget all keys that match a glob pattern, without blocking Redis; how many."""
        gone = 0
        try:
            async for key in self.client.scan_iter(match=pattern, count=500):
                gone += int(await self.client.unlink(key))
        except UNREACHABLE as error:
            self._note(error)
        return gone

    def script(self, source: str) -> AsyncScript:
        """A Lua script to hand to `run`; loaded into Redis at its first use."""
        if self._line is not None:
            self._line.learn(source)
        return self.client.register_script(source)

    async def run(self, script: AsyncScript, keys: Sequence[str], args: Sequence[str | int]) -> Any | None:
        """The script's answer in one round trip, or None where Redis does not answer. A script may run twice."""
        return await self.answer(self.ask(script, keys, args), script, keys, args)

    def ask(self, script: AsyncScript, keys: Sequence[str], args: Sequence[str | int]) -> Awaitable[Any] | None:
        """Send the script off now, for `answer` to wait for; None where that takes waiting, too."""
        return self._line.ask(script.sha, keys, args) if self._line is not None else None

    async def answer(
        self, asked: Awaitable[Any] | None, script: AsyncScript, keys: Sequence[str], args: Sequence[str | int]
    ) -> Any | None:
        """The answer to what `ask` sent, or asked now where it could not send; None where Redis does not answer."""
        try:
            answer = await self._answer(asked, script, keys, args)
        except UNREACHABLE as error:
            self._note(error)
            return None
        self._was_down = False
        return answer

    async def post(self, script: AsyncScript, words: Words) -> None:
        """Run the script on the keys and arguments that `words` gives, before the next one that is run.

        Where the line is open nothing is waited for, and the words are asked for only when they go out.
        """
        if self._line is None or not self._line.post(script.sha, words):
            await self.run(script, *words())

    async def answers(self) -> bool:
        """Whether Redis serves right now."""
        try:
            return bool(await self.client.ping())
        except UNREACHABLE:
            return False

    def close(self) -> None:
        """Hang up the line; the client is its owner's to close."""
        if self._line is not None:
            self._line.close()

    async def _answer(
        self, asked: Awaitable[Any] | None, script: AsyncScript, keys: Sequence[str], args: Sequence[str | int]
    ) -> Any:
        try:
            if asked is None and self._line is not None:
                await self._line.open()
                asked = self._line.ask(script.sha, keys, args)
            if asked is not None:
                return await asked
        except LineLost:
            log.debug("redis_line_lost")
        return await script(keys=keys, args=args)

    def _note(self, error: BaseException) -> None:
        if not self._was_down:
            log.warning("redis_unavailable", error=type(error).__name__)
        self._was_down = True
