"""What every repository shares: the database's door and a cache that may be empty or gone. Holds no query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.failpoints import failpoint

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

ACCOUNT_PARTS = ("profile", "balance", "sub_end", "active_sub", "discount", "configs")
# What a plan that is bought or given changes.
AFTER_A_SALE = ("balance", "sub_end", "active_sub", "discount")

DROP_SCRIPT = """
for i = 1, #KEYS do
    if string.sub(KEYS[i], -4) == ':gen' then
        redis.call('INCR', KEYS[i])
        redis.call('EXPIRE', KEYS[i], 600)
    else
        redis.call('DEL', KEYS[i])
    end
end
"""


def account_key(tg_id: int, part: str) -> str:
    """The cache key of one part of an account, `user:{tg_id}:balance` and the like."""
    return f"user:{tg_id}:{part}"


class BaseRepository:
    """A repository over one database and one cache; what it caches is for screens only."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self.database = database
        self.cache = cache
        self._drop = cache.script(DROP_SCRIPT)

    async def get_cached(self, key: str) -> str | None:
        """The cached value, or None."""
        return await self.cache.get(key)

    async def set_cache(self, key: str, value: str, ttl: int) -> None:
        """Cache the value for `ttl` seconds."""
        await self.cache.set(key, value, ttl)

    async def claim(self, key: str, ttl: int) -> bool:
        """Whether the key was free, and is taken for `ttl` seconds; True where Redis does not answer."""
        return await self.cache.claim(key, ttl)

    async def delete_cache(self, key: str) -> None:
        """Drop one key."""
        await self.cache.delete(key)

    async def invalidate_pattern(self, pattern: str) -> None:
        """Drop every key that matches the glob pattern."""
        await self.cache.delete_matching(pattern)

    async def drop_account(self, *tg_ids: int, parts: tuple[str, ...]) -> None:
        """Drop parts of the cached accounts, in one round trip.

        The generation moves along: a reader who took the old row from the database before the change can't put
        it back into the cache after it.
        """
        keys = [account_key(tg_id, part) for tg_id in tg_ids for part in (*parts, "gen")]
        await self.cache.run(self._drop, keys, ())
        failpoint("account.uncached")
