"""The command that shows what assets are worth, by whom and since when. Asks, and changes nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import aiohttp
import typer

from app.cli.context import with_stores
from app.clients import open_crypto_pay, open_tonapi
from app.clock import open_clock
from app.domain.assets import Asset
from app.domain.rates import storable
from app.payments.rates import rate_sources
from app.repo.rates import RateRepository
from app.services.ports import ChainUnavailable
from app.utils.rates import USABLE, RateUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from app.services.records import Rate
    from app.stores import Stores
    from app.utils.rates import RateSource
    from config import Settings

ANSWER_SECONDS = 10


class Told(NamedTuple):
    """What a source says now; empty where it is silent, with the reason."""

    name: str
    prices: Mapping[Asset, Decimal]
    reason: str


def register(app: typer.Typer) -> None:
    """Add `rates`."""
    app.command()(rates)


def rates() -> None:
    """Show what assets are worth: the rate in use, and what each source says now.

    Exit code 1 where none is of use.
    """

    async def work(settings: Settings, stores: Stores) -> list[str]:
        history = RateRepository(stores.database)
        now = open_clock(settings.clock_offset_file).now()
        told = await asked(settings)
        used = {asset: await history.newest(asset) for asset in Asset}
        return [line for asset in Asset for line in _lines(asset, used[asset], now, told)]

    lines = with_stores(work)
    for line in lines:
        print(line)
    raise typer.Exit(1 if any(line.endswith("no source answers") for line in lines) else 0)


async def asked(settings: Settings) -> list[Told]:
    """What every source that the settings name says now."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as http:
        return list(await asyncio.gather(*(_told(source) for source in _sources(settings, http))))


def age(rate: Rate | None, now: datetime) -> str:
    """The rate in use with its source and age; history keeps it to the minute."""
    if rate is None:
        return "none was ever learned"
    seconds = max(0, int((now - rate.fetched_at).total_seconds()))
    words = f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
    stale = "" if now - rate.fetched_at <= 2 * USABLE else ", stale: the constant stands in for it"
    return f"{rate.rub.normalize():f} by {rate.source}, {words} ago{stale}"


def of(asset: Asset, told: list[Told]) -> dict[str, Decimal]:
    """What may be a price of the asset, by source."""
    return {each.name: rub for each in told if (rub := storable(each.prices.get(asset))) is not None}


def _lines(asset: Asset, used: Rate | None, now: datetime, told: list[Told]) -> list[str]:
    prices = of(asset, told)
    said = [f"        {name:10} {price.normalize():f}" for name, price in prices.items()]
    silent = [f"        {each.name:10} {each.reason or 'no price'}" for each in told if each.name not in prices]
    answer = [] if prices else [f"        {asset.pair}: no source answers"]
    return [f"{asset.pair}  {age(used, now)}", *said, *silent, *answer]


def _sources(settings: Settings, http: aiohttp.ClientSession) -> list[RateSource]:
    index, crypto_pay = open_tonapi(settings, http), open_crypto_pay(settings, http)
    return list(rate_sources(index, crypto_pay, http, str(settings.rates_url)))


async def _told(source: RateSource) -> Told:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return Told(source.name, await source.prices(), "")
    except (RateUnavailable, ChainUnavailable, TimeoutError) as problem:
        return Told(source.name, {}, str(problem) or "timeout")
