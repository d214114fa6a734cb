"""One look at a person in one round trip: cached account, token of the rate limit, dialogue's state, membership."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from app.repo.account_cache import account_keys, load
from app.services.doors import Look

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator, Sequence

    from redis.commands.core import AsyncScript

    from app.services.doors import Bucket
    from app.utils.redis import Cache

BUCKET_SECONDS = 3600
# Who leaves the required channel is asked back no later than this.
MEMBER_SECONDS = 600

# A token bucket kept as one number: the moment at which it will be full again. A token moves it one interval on;
# there is none while that moment lies more than the whole bucket ahead. Redis's own clock serves all replicas.
LOOK_SCRIPT = """
local found = redis.call('MGET', unpack(KEYS, 2))
local interval = tonumber(ARGV[1])
local wait = 0
if interval > 0 then
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
    if full_at < now then full_at = now end
    full_at = full_at + interval
    wait = full_at - now - interval * tonumber(ARGV[2])
    if wait <= 0 then
        wait = 0
        redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'EX', ARGV[3])
    end
end
found[#KEYS] = tostring(wait)
return found
"""


class Doorman:
    """Implements services.doors.Door on one Lua script, and core.gate.Guests."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._script = cache.script(LOOK_SCRIPT)

    def look(self, tg_id: int, bucket: Bucket | None, state_key: str) -> Awaitable[Look]:
        """What the cache knows of the person, asked at once; a Redis that is away knows nothing."""
        action = bucket.action if bucket else "none"
        keys = [f"rate_limit:{tg_id}:{action}", *account_keys(tg_id), state_key, _member_key(tg_id)]
        args = (bucket.interval_ms, bucket.burst, BUCKET_SECONDS) if bucket else (0, 0, 0)
        return _Looking(self._cache, self._script, tg_id, keys, args)

    async def remember_member(self, tg_id: int) -> None:
        """The person was seen in the required channel: believed for some minutes."""
        await self._cache.set(_member_key(tg_id), "1", MEMBER_SECONDS)


class _Looking:
    """A look that is under way. No coroutine: one that nobody comes for would be warned of."""

    def __init__(
        self, cache: Cache, script: AsyncScript, tg_id: int, keys: Sequence[str], args: Sequence[str | int]
    ) -> None:
        self._tg_id = tg_id
        self._asked = cache.ask(script, keys, args)
        self._answer = partial(cache.answer, self._asked, script, keys, args)

    def __await__(self) -> Generator[Any, None, Look]:
        found = yield from self._answer().__await__()
        if found is None:
            return Look(None, "0", None, None)
        *values, state, member, wait_ms = found
        cached = load(self._tg_id, values)
        return Look(cached.account, cached.generation, int(wait_ms), state, is_member=member is not None)


def _member_key(tg_id: int) -> str:
    return f"member:{tg_id}"
