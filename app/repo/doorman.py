"""One look at a person in one round trip: the cached account, a token of the rate limit, the dialogue's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.repo.account_cache import account_keys, load
from app.services.doors import Look

if TYPE_CHECKING:
    from app.services.doors import Bucket
    from app.utils.redis import Cache

BUCKET_SECONDS = 3600

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
    """Implements services.doors.Door on one Lua script."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._script = cache.script(LOOK_SCRIPT)

    async def look(self, tg_id: int, bucket: Bucket | None, state_key: str) -> Look:
        """What the cache knows of the person; a Redis that is away knows nothing."""
        action = bucket.action if bucket else "none"
        keys = [f"rate_limit:{tg_id}:{action}", *account_keys(tg_id), state_key]
        args = (bucket.interval_ms, bucket.burst, BUCKET_SECONDS) if bucket else (0, 0, 0)
        found = await self._cache.run(self._script, keys, args)
        if found is None:
            return Look(None, "0", None, None)
        *values, state, wait_ms = found
        cached = load(tg_id, values)
        return Look(cached.account, cached.generation, int(wait_ms), state)
