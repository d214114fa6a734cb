"""The cache in Redis. A comfort only: every failure reads as a miss, and nothing that matters is kept here alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

log = structlog.get_logger(__name__)

UNREACHABLE = (RedisError, OSError, TimeoutError)


class Cache:
    """Strings under keys with a time to live, and scripts; a Redis that is down costs speed, never an error."""

    def __init__(self, client: Redis) -> None:
        self.client = client
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
        return self.client.register_script(source)

    async def run(self, script: AsyncScript, keys: Sequence[str], args: Iterable[str | int]) -> Any | None:
        """The script's answer in one round trip, or None where Redis does not answer."""
        try:
            answer = await script(keys=keys, args=args)
        except UNREACHABLE as error:
            self._note(error)
            return None
        self._was_down = False
        return answer

    async def answers(self) -> bool:
        """Whether Redis serves right now."""
        try:
            return bool(await self.client.ping())
        except UNREACHABLE:
            return False

    def _note(self, error: BaseException) -> None:
        if not self._was_down:
            log.warning("redis_unavailable", error=type(error).__name__)
        self._was_down = True
