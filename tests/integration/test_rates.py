"""Rates over HTTP: fresh where they can be, believable always, and never an error."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.utils.rates import CACHE_KEY, LAST_GOOD_KEY, TonRates
from tests.integration.ton_world import ChainWorld, HandClock, open_chain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence


class MemoryCache:
    """A cache whose keys die by the test's clock."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.kept: dict[str, tuple[str, int]] = {}

    async def get_cached(self, key: str) -> str | None:
        value, dies_at = self.kept.get(key, (None, 0))
        return value if self._clock.now().timestamp() < dies_at else None

    async def set_cache(self, key: str, value: str, ttl: int) -> None:
        self.kept[key] = (value, int(self._clock.now().timestamp()) + ttl)


class Counted:
    """A client that counts what it is asked."""

    def __init__(self, chain: ChainWorld) -> None:
        self._client = chain.client()
        self.asked: list[str] = []

    async def rates(self, tokens: Sequence[str], currencies: Sequence[str]) -> Mapping[str, Mapping[str, Decimal]]:
        self.asked += tokens
        return await self._client.rates(tokens, currencies)


class Market:
    """Rates with a chain, a clock and a cache of their own."""

    def __init__(self, chain: ChainWorld) -> None:
        self.chain = chain
        self.clock = HandClock()
        self.cache = MemoryCache(self.clock)
        self.source = Counted(chain)
        self.rates = self.replica()

    def replica(self) -> TonRates:
        return TonRates(self.source, self.cache, self.clock, Decimal(220))

    async def price(self, rub: str) -> None:
        await self.chain.post("rate", rub=rub)

    async def now(self) -> tuple[str, str]:
        rate = await self.rates.ton()
        return f"{rate.rub.normalize():f}", rate.source


@pytest.fixture
async def market() -> AsyncIterator[Market]:
    async with open_chain() as chain:
        yield Market(chain)


async def test_a_rate_is_asked_for_once_a_minute(market: Market) -> None:
    await market.price("231.07")
    assert await market.now() == ("231.07", "tonapi")
    await market.price("240")
    market.clock.advance(seconds=59)
    assert await market.now() == ("231.07", "tonapi")
    market.clock.advance(seconds=1)
    assert await market.now() == ("240", "tonapi")
    assert market.source.asked == ["ton", "ton"]


async def test_callers_that_come_together_ask_once(market: Market) -> None:
    assert len({rate.rub for rate in await asyncio.gather(*(market.rates.ton() for _ in range(50)))}) == 1
    assert market.source.asked == ["ton"]


async def test_replicas_share_a_rate_through_the_cache(market: Market) -> None:
    first = await market.rates.ton()
    assert await market.replica().ton() == first
    assert market.source.asked == ["ton"]


async def test_the_coin_is_asked_for_under_its_other_name_where_the_first_is_gone(market: Market) -> None:
    await market.chain.post("mode", rate_tokens=["gram"])
    assert await market.now() == ("220", "tonapi")
    assert market.source.asked == ["ton", "gram"]


@pytest.mark.parametrize("absurd", ["0", "-5", "1e12", "0.0000001"])
async def test_an_absurd_price_is_not_believed(market: Market, absurd: str) -> None:
    await market.price(absurd)
    assert await market.now() == ("220", "constant")


@pytest.mark.parametrize(("price", "believed"), [("264", True), ("264.01", False), ("176", True), ("175.99", False)])
async def test_a_jump_of_more_than_a_fifth_is_not_believed(market: Market, price: str, believed: bool) -> None:
    await market.rates.ton()
    market.clock.advance(seconds=60)
    await market.price(price)
    assert await market.now() == (price if believed else "220", "tonapi")


async def test_a_replica_without_memory_judges_a_jump_by_the_cache(market: Market) -> None:
    await market.rates.ton()
    market.clock.advance(minutes=10)
    await market.price("500")
    rate = await market.replica().ton()
    assert (rate.rub, rate.source) == (Decimal(220), "constant")


async def test_a_move_that_lasts_an_hour_is_the_new_price(market: Market) -> None:
    await market.rates.ton()
    await market.price("500")
    market.clock.advance(minutes=59)
    assert await market.now() == ("220", "constant")
    market.clock.advance(minutes=2)
    assert await market.now() == ("500", "tonapi")


async def test_without_a_source_the_last_rate_serves_five_minutes_and_the_constant_after_that(market: Market) -> None:
    await market.price("230")
    await market.rates.ton()
    await market.chain.fault("error", times=-1)
    market.clock.advance(minutes=5)
    assert await market.now() == ("230", "tonapi")
    market.clock.advance(seconds=1)
    assert await market.now() == ("220", "constant")
    await market.chain.heal()
    assert await market.now() == ("220", "constant")
    market.clock.advance(seconds=15)
    assert await market.now() == ("230", "tonapi")


async def test_a_source_that_fails_is_not_asked_again_by_every_caller(market: Market) -> None:
    await market.chain.fault("error", times=-1)
    for _ in range(5):
        assert await market.now() == ("220", "constant")
    assert market.source.asked == ["ton"]


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "null",
        "{}",
        "230",
        '{"rub": "0", "source": "tonapi", "fetched_at": "2026-09-01T12:00:00+00:00"}',
        '{"rub": "NaN", "source": "tonapi", "fetched_at": "2026-09-01T12:00:00+00:00"}',
        '{"rub": "999", "source": "tonapi", "fetched_at": "2026-09-01T12:00:00"}',
        '{"rub": "999", "source": "tonapi", "fetched_at": "2026-09-01T12:00:01+00:00"}',
    ],
)
async def test_a_spoilt_cache_is_as_good_as_none(market: Market, kept: str) -> None:
    for key in (CACHE_KEY, LAST_GOOD_KEY):
        await market.cache.set_cache(key, kept, 60)
    assert await market.now() == ("220", "tonapi")
    assert market.source.asked == ["ton"]
