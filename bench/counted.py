"""Owns a shop behind counting proxies: what an update costs PostgreSQL and Redis in round trips, exactly."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import SecretStr

from bench.shop import ShopUnderTest, open_shop
from bench.wire import CountingProxy, before_postgres, before_redis
from config import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from bench.sessions import InstantSession


class Trips(NamedTuple):
    """Round trips; `redis` is None where Redis has no wire, being in this process."""

    postgres: int
    redis: int | None


class CountedShop:
    """A shop, and what each update made it ask. The Bot API answers at once."""

    def __init__(self, shop: ShopUnderTest, postgres: CountingProxy, redis: CountingProxy | None) -> None:
        self.shop = shop
        self.session: InstantSession = shop.answer_at_once()
        self._postgres = postgres
        self._redis = redis

    async def trips(self, update: dict[str, Any]) -> Trips:
        """What one update costs, with what it leaves to be finished behind it."""
        return await self.cost_of(lambda: self.shop.take(update))

    async def cost_of(self, work: Callable[[], Awaitable[object]]) -> Trips:
        """What any work costs, with what it leaves to be finished behind it."""
        postgres, redis = self._postgres.trips, self._redis.trips if self._redis else 0
        await work()
        own = await self.shop.settle()
        return Trips(self._postgres.trips - postgres, self._redis.trips - redis - own if self._redis else None)


@asynccontextmanager
async def counted_shop(database: URL, redis: Redis, home: Path, **more: Any) -> AsyncIterator[CountedShop]:
    """A shop on this database and on the Redis of this client, a proxy before each."""
    async with AsyncExitStack() as stack:

        async def listening(proxy: CountingProxy) -> CountingProxy:
            await proxy.start()
            stack.push_async_callback(proxy.stop)
            return proxy

        postgres = await listening(before_postgres(str(database.host), int(database.port or 5432)))
        before = before_redis(redis)
        wired = await listening(before) if before is not None else None
        settings = settings_for(
            database.set(host="127.0.0.1", port=postgres.port),
            home,
            redis_url=SecretStr(f"redis://127.0.0.1:{wired.port}") if wired else None,
            **more,
        )
        yield CountedShop(await stack.enter_async_context(open_shop(settings)), postgres, wired)


def settings_for(database: URL, home: Path, **more: Any) -> Settings:
    """The settings of a shop on this database, without a gateway: nothing here reaches out of the machine."""
    return Settings(
        bot_token=SecretStr("42:bench"),
        data_dir=home,
        database_host=database.host,
        database_port=int(database.port or 5432),
        database_user=database.username,
        database_password=SecretStr(str(database.password)),
        database_name=database.database,
        redis_share_default=False,
        **more,
    )
