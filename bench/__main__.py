"""Owns `./orbit bench`: runs every row, prints the tables, writes the chart; exit code 1 where a bound is missed."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import ClientSession
from pydantic import HttpUrl

from app.repo.redis_line import line_to
from app.utils.logging import configure_logging
from app.utils.redis import Cache
from bench.chats import InstantChats, LoopbackChats, emulator, pages_of
from bench.counted import counted_shop, settings_for
from bench.engines import open_engines
from bench.idle import idle_counts
from bench.money import money_rows
from bench.panels import PANELS, SICK, panel_rows
from bench.report import chart, print_counts, print_rows
from bench.rounds import Row, measure
from bench.screens import print_screens, screen_chart, screen_costs
from bench.shop import open_shop
from bench.trips import count_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import URL

    from app.embedded.redis import OpenRedis
    from bench.chats import Page

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "data" / "bench"
FIRST_PERSON = 1_000_000
PARTS = ("clicks", "money", "panels")
ROUNDS, PEOPLE = 9, 200
QUICK_ROUNDS, QUICK_PEOPLE = 7, 50
# A load above this share of the processors is other work, which the bench would measure as well.
BUSY = 0.5


def main() -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="orbit bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer clicks a round: a first look, with more spread")
    parser.add_argument("--only", choices=PARTS, help="these rows alone")
    asked = parser.parse_args()
    configure_logging(enabled=True, level="ERROR", aiogram=False, secrets=[])
    parts = [asked.only] if asked.only else PARTS
    return asyncio.run(run(parts, *((QUICK_ROUNDS, QUICK_PEOPLE) if asked.quick else (ROUNDS, PEOPLE))))


async def run(parts: Sequence[str], rounds: int, people: int) -> int:
    """The rows of these parts; 1 where a bound is missed."""
    holds = True
    async with open_engines(HOME) as (database, redis):
        if os.getloadavg()[0] > BUSY * (os.cpu_count() or 1):
            print("this machine is busy: every trip to a store waits for a processor, and the ratios show that")
        if "clicks" in parts:
            holds = await _clicks(database, redis, rounds, people)
        if "money" in parts:
            holds = await _money(database, redis, rounds) and holds
        if "panels" in parts:
            holds = await _panels(database, redis, rounds, people) and holds
    return 0 if holds else 1


async def _clicks(database: URL, redis: OpenRedis, rounds: int, people: int) -> bool:
    print(f"{rounds} rounds of {people} clicks for each bot, in turn; Redis: {redis.kind}", flush=True)
    instant, pages = await _instant(database, rounds, people)
    rows = [*instant, *await _loopback(database, rounds, people, pages)]
    print_rows(rows)
    async with counted_shop(database, redis.client, HOME) as counted:
        counts = await count_all(counted, FIRST_PERSON * 3, FIRST_PERSON * 4)
    print_counts(counts)
    _draw("click.svg", chart(rows))
    screens = await screen_costs(database, redis.client, HOME)
    print_screens(screens)
    _draw("screens.svg", screen_chart(screens))
    verdicts = [*(row.holds for row in rows), *(count.holds for count in counts), *(cost.holds for cost in screens)]
    return all(verdicts)


async def _money(database: URL, redis: OpenRedis, rounds: int) -> bool:
    print(f"\n{rounds} rounds of money, in turn with bare statements", flush=True)
    cache = Cache(redis.client, line_to(redis.client))
    rows = await money_rows(database, cache, rounds)
    cache.close()
    print_rows(rows, "money beside bare statements", ("shop", "bare"))
    counts = await idle_counts(database, redis.client, HOME)
    print_counts(counts)
    bars = [row for row in rows if not row.least]
    _draw("money.svg", chart(bars, "What money costs beside bare statements", "1.00 is as much; lower is better"))
    return all(row.holds for row in rows) and all(count.holds for count in counts)


async def _panels(database: URL, redis: OpenRedis, rounds: int, creates: int) -> bool:
    print(f"\n{rounds} rounds of panels: {PANELS} in service, {SICK} of them hang and {SICK} are down", flush=True)
    rows, calls = await panel_rows(database, Cache(redis.client), rounds, creates)
    print_rows(rows, "panels, some of them sick", ("shop", "beside"))
    print(f"\n{'calls to panels by clicks and their choices':44} {calls} of 0  {'FAIL' if calls else 'pass'}")
    bars = [row for row in rows if not row.least]
    title, note = f"What customers notice of {2 * SICK} sick panels of {PANELS}", "1.00 is all healthy; lower is better"
    _draw("panels.svg", chart(bars, title, note))
    return all(row.holds for row in rows) and not calls


def _draw(name: str, svg: str) -> None:
    (HOME / name).write_text(svg, "utf-8")
    print(f"\nchart: {(HOME / name).relative_to(ROOT)}", flush=True)


async def _instant(database: URL, rounds: int, people: int) -> tuple[list[Row], dict[str, Page]]:
    async with open_shop(settings_for(database, HOME)) as shop:
        pages = await pages_of(shop, FIRST_PERSON)
        chats = InstantChats(shop, range(FIRST_PERSON + 1, FIRST_PERSON + people + 1), pages)
        await chats.open()
        gc.freeze()
        return await measure(chats, pages, rounds), pages


async def _loopback(database: URL, rounds: int, people: int, pages: dict[str, Page]) -> list[Row]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(emulator())
        http = await stack.enter_async_context(ClientSession(url))
        settings = settings_for(database, HOME, telegram_api_url=HttpUrl(url))
        shop = await stack.enter_async_context(open_shop(settings))
        chats = LoopbackChats(shop, url, http, range(FIRST_PERSON * 2, FIRST_PERSON * 2 + people), pages)
        stack.push_async_callback(chats.close)
        await chats.open()
        return await measure(chats, pages, rounds)


if __name__ == "__main__":
    sys.exit(main())
