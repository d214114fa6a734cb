"""Owns what the background looks at providers cost while nobody pays: round trips of the product's own jobs."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from pydantic import HttpUrl, SecretStr

from bench.counted import counted_shop
from bench.trips import Bound, Count
from sandbox import chain, cryptopay
from sandbox.chain.ledger import Order
from sandbox.clock import SandboxClock
from sandbox.serve import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from bench.counted import CountedShop

TOKEN = "4242:AAbench-of-the-crypto-pay-app"  # noqa: S105 - opens nothing but the emulator
JOBS = {"ton": "idle look at the chain", "stars": "idle look at Stars", "cryptobot": "idle look at Crypto Pay"}
WARMING = 3
OLD_TRANSFERS = 3
MOST = Bound(1)


async def idle_counts(database: URL, redis: Redis, home: Path) -> list[Count]:
    """What each look costs once the shop runs; there are open invoices, and old charges in Telegram's list."""
    async with _shop_with_gateways(database, redis, home) as counted:
        jobs: dict[str, Any] = {}  # each is a coroutine function; the product's own list calls them objects
        counted.shop.app.cash.start_jobs(lambda name, _seconds, job: jobs.__setitem__(name, job))
        for name in JOBS:
            for _ in range(WARMING):
                await jobs[name]()
        return [Count(title, await counted.cost_of(jobs[name]), MOST) for name, title in JOBS.items()]


@asynccontextmanager
async def _shop_with_gateways(database: URL, redis: Redis, home: Path) -> AsyncIterator[CountedShop]:
    async with AsyncExitStack() as stack:
        clock = SandboxClock()
        index = chain.Chain(clock)
        for number in range(OLD_TRANSFERS):
            index.transfer(Order("alice", index.merchant, 10**9, f"of before {number}"))
        till = cryptopay.Till(clock, TOKEN)
        urls = []
        for app in (chain.create_app(index, None), cryptopay.create_app(till)):
            server = Server(app)
            urls.append(await server.start())
            stack.push_async_callback(server.stop)
        yield await stack.enter_async_context(
            counted_shop(
                database,
                redis,
                home,
                ton_address=index.merchant.raw,
                tonapi_url=HttpUrl(urls[0]),
                rates_url=HttpUrl(urls[0]),  # where no rates are: tonapi has them
                tonapi_key=SecretStr("bench"),
                cryptobot_token=SecretStr(TOKEN),
                cryptobot_api_url=HttpUrl(urls[1]),
            )
        )
