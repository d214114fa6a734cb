"""Rates over HTTP: fresh where they can be, believable always, and never an error."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.domain.assets import Asset
from app.utils.rates import KEYS
from tests.integration.rate_market import Market, PublicPrices, open_market

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

COIN = "the-open-network"


@pytest.fixture
def public() -> PublicPrices:
    return PublicPrices({COIN: Decimal(221), "tether": Decimal(80)})


@pytest.fixture
async def market(public: PublicPrices) -> AsyncIterator[Market]:
    async with open_market(public) as market:
        yield market


@pytest.fixture
async def alone(market: Market) -> Market:
    """A market in which nobody but tonapi is asked."""
    market.rates = market.replica("tonapi")
    return market


async def test_the_first_of_sources_that_agree_is_believed_for_both_pairs(market: Market) -> None:
    assert await market.now() == ("220", "tonapi")
    assert await market.now(Asset.USDT) == ("80", "tonapi")
    assert {name: source.asked for name, source in market.sources.items()} == dict.fromkeys(market.sources, 1)


async def test_each_learned_rate_is_noted_with_its_source_and_a_constant_never(market: Market) -> None:
    await market.rates.refresh()
    assert {(asset, rate.source) for asset, rate in market.history.noted} == {
        (Asset.TON, "tonapi"),
        (Asset.USDT, "tonapi"),
    }
    for name in market.sources:
        await market.silence(name)
    market.clock.advance(hours=2)
    assert [await market.now(asset) for asset in Asset] == [("210", "constant"), ("79", "constant")]
    assert len(market.history.noted) == 2


async def test_a_rate_is_asked_for_once_a_minute(alone: Market) -> None:
    await alone.price("231.07")
    assert await alone.now() == ("231.07", "tonapi")
    await alone.price("240")
    alone.clock.advance(seconds=59)
    assert await alone.now() == ("231.07", "tonapi")
    alone.clock.advance(seconds=1)
    assert await alone.now() == ("240", "tonapi")
    assert alone.sources["tonapi"].asked == 2


async def test_the_job_asks_before_a_customer_has_to_wait(alone: Market) -> None:
    await alone.rates.refresh()
    alone.clock.advance(seconds=29)
    await alone.rates.refresh()
    assert alone.sources["tonapi"].asked == 1
    alone.clock.advance(seconds=1)
    await alone.rates.refresh()
    assert alone.sources["tonapi"].asked == 2


async def test_callers_that_come_together_ask_once(market: Market) -> None:
    assert len({rate.rub for rate in await asyncio.gather(*(market.rates.of(Asset.TON) for _ in range(50)))}) == 1
    assert market.sources["tonapi"].asked == 1


async def test_who_comes_while_others_ask_is_served_with_what_is_known(alone: Market) -> None:
    await alone.rates.refresh()
    await alone.price("225")
    alone.clock.advance(seconds=61)
    _, meanwhile = await asyncio.gather(alone.rates.refresh(), alone.now())
    assert meanwhile == ("220", "tonapi")
    assert await alone.now() == ("225", "tonapi")


async def test_replicas_share_a_rate_through_the_cache(market: Market) -> None:
    first = await market.rates.of(Asset.TON)
    assert await market.replica().of(Asset.TON) == first
    assert market.sources["tonapi"].asked == 1


async def test_the_coin_is_asked_for_under_its_other_name_where_the_first_is_gone(alone: Market) -> None:
    await alone.chain.post("mode", rate_tokens=["gram"])
    assert [await alone.now(asset) for asset in Asset] == [("220", "tonapi"), ("80", "tonapi")]


@pytest.mark.parametrize("absurd", ["0", "-5", "1e12", "0.0000001"])
async def test_an_absurd_price_is_not_believed_and_the_next_source_is(market: Market, absurd: str) -> None:
    await market.price(absurd)
    assert await market.now() == ("220", "cryptopay")
    assert await market.now(rates=market.replica("nobody")) == ("220", "cryptopay")


@pytest.mark.parametrize("absurd", ["0", "-5", "1e12", "0.0000001"])
async def test_with_an_absurd_price_alone_the_constant_stands(alone: Market, absurd: str) -> None:
    await alone.price(absurd)
    assert await alone.now() == ("210", "constant")


@pytest.mark.parametrize(("price", "believed"), [("264", True), ("264.01", False), ("176", True), ("175.99", False)])
async def test_a_jump_of_more_than_a_fifth_is_not_believed_of_one_alone(
    alone: Market, price: str, believed: bool
) -> None:
    await alone.rates.of(Asset.TON)
    alone.clock.advance(seconds=60)
    await alone.price(price)
    assert await alone.now() == (price if believed else "220", "tonapi")


async def test_a_jump_that_two_sources_see_is_believed_at_once(market: Market, public: PublicPrices) -> None:
    await market.rates.of(Asset.TON)
    await market.price("500")
    public.rub[COIN] = Decimal("505")
    market.clock.advance(seconds=60)
    assert await market.now() == ("500", "tonapi")


async def test_one_source_that_runs_away_spoils_neither_its_other_pair_nor_the_other_sources(market: Market) -> None:
    await market.rates.refresh()
    for price in ("260", "310", "370", "440", "0", "220000"):
        await market.price(price)
        market.clock.advance(seconds=60)
        assert await market.now() == ("220", "cryptopay")
        assert (await market.now(Asset.USDT))[0] in {"80", "81.2"}


async def test_of_two_that_differ_the_one_that_moved_least_is_believed(market: Market) -> None:
    market.rates = market.replica("tonapi", "public")
    await market.rates.of(Asset.TON)
    for price in ("250", "280", "320", "360"):
        await market.price(price)
        market.clock.advance(seconds=60)
        assert await market.now() == ("221", "public")


async def test_a_replica_without_memory_judges_a_jump_by_the_cache(alone: Market) -> None:
    await alone.rates.of(Asset.TON)
    alone.clock.advance(minutes=10)
    await alone.price("500")
    assert await alone.now(rates=alone.replica("tonapi")) == ("210", "constant")


async def test_a_move_that_lasts_an_hour_is_the_new_price(alone: Market) -> None:
    await alone.rates.of(Asset.TON)
    await alone.price("500")
    alone.clock.advance(minutes=59)
    assert await alone.now() == ("210", "constant")
    alone.clock.advance(minutes=2)
    assert await alone.now() == ("500", "tonapi")


async def test_without_a_source_the_last_rate_serves_five_minutes_and_the_constant_after_that(alone: Market) -> None:
    await alone.price("230")
    await alone.rates.of(Asset.TON)
    await alone.silence("tonapi")
    alone.clock.advance(minutes=5)
    assert await alone.now() == ("230", "tonapi")
    alone.clock.advance(seconds=1)
    assert await alone.now() == ("210", "constant")
    await alone.heal("tonapi")
    assert await alone.now() == ("210", "constant")
    alone.clock.advance(seconds=15)
    assert await alone.now() == ("230", "tonapi")


@pytest.mark.parametrize("name", ["tonapi", "cryptopay", "public"])
async def test_any_source_may_be_silent(market: Market, name: str) -> None:
    await market.silence(name)
    assert (await market.now())[1] != name
    assert (await market.now())[1] in market.sources


@pytest.mark.parametrize("name", ["cryptopay", "public"])
async def test_a_source_that_answers_nonsense_is_as_good_as_silent(market: Market, name: str) -> None:
    await market.garble(name)
    assert await market.now(rates=market.replica(name)) == ("210", "constant")


async def test_a_source_that_fails_is_not_asked_again_by_every_caller(alone: Market) -> None:
    await alone.silence("tonapi")
    for _ in range(5):
        assert await alone.now() == ("210", "constant")
    assert alone.sources["tonapi"].asked == 1


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
async def test_a_spoilt_cache_is_as_good_as_none(alone: Market, kept: str) -> None:
    for key in KEYS.values():
        await alone.cache.set_cache(key, kept, 60)
    assert await alone.now() == ("220", "tonapi")
    assert alone.sources["tonapi"].asked == 1


@pytest.mark.parametrize(("asset", "rub"), [(Asset.TON, "220"), (Asset.USDT, "80")])
async def test_a_hole_in_the_history_is_filled_from_the_chart(market: Market, asset: Asset, rub: str) -> None:
    until = market.clock.now()
    await market.rates.cover(asset, until - timedelta(hours=6), until)
    learned = [rate for kind, rate in market.history.noted if kind is asset and rate.source == "tonapi-chart"]
    assert len(learned) == 200
    assert {rate.rub for rate in learned} == {Decimal(rub)}


async def test_a_chart_of_another_world_is_not_believed(alone: Market) -> None:
    until = alone.clock.now()
    await alone.rates.refresh()
    await alone.price("2200")
    await alone.rates.cover(Asset.TON, until - timedelta(hours=6), until)
    assert {rate.rub for _, rate in alone.history.noted} <= {Decimal(220), Decimal(80)}


async def test_without_a_chart_nothing_is_noted_and_it_is_not_asked_again_at_once(alone: Market) -> None:
    await alone.rates.refresh()
    await alone.silence("tonapi")
    until = alone.clock.now()
    for _ in range(3):
        await alone.rates.cover(Asset.TON, until - timedelta(hours=6), until)
    assert {rate.source for _, rate in alone.history.noted} == {"tonapi"}
