"""What an update asks of the stores, counted at the wire, and that no click or command goes through a thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiogram.methods import EditMessageText, GetMe

from app.core.actions import Menu, SetLanguage
from bench.counted import CountedShop, counted_shop
from bench.trips import count_all
from bench.updates import click, typed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database

NINA, MAX = 7, 8
COSTS = {
    "/start of a new person": (1, 1),
    "/start of a known person": (1, 1),
    "cold click: home": (1, 2),
    "warm click: home": (0, 1),
    "warm click: vpn": (0, 1),
    "warm click: plans": (0, 1),
    "warm click: balance": (0, 1),
    "warm click: settings": (0, 1),
    "warm click: help": (0, 1),
    "warm click: invite": (1, 1),
    "warm click: gifts": (1, 1),
    "warm click: renewal": (1, 1),
    "warm click: reminders": (1, 1),
    "warm click: history": (1, 1),
    "warm click: a plan": (0, 1),
    "purchase": (1, 2),
    "purchase of a gift": (1, 2),
}


@pytest.fixture
async def counted(database: Database, database_url: URL, redis: Redis, tmp_path: Path) -> AsyncIterator[CountedShop]:
    async with counted_shop(database_url, redis, tmp_path) as shop:
        yield shop


async def test_every_update_costs_as_many_round_trips_as_it_says(counted: CountedShop) -> None:
    counts = await count_all(counted, NINA, MAX)
    assert all(count.holds for count in counts)
    assert {count.title: count.trips.postgres for count in counts} == {title: cost[0] for title, cost in COSTS.items()}
    if all(count.trips.redis is not None for count in counts):
        assert {count.title: count.trips.redis for count in counts} == {title: cost[1] for title, cost in COSTS.items()}


async def test_no_click_and_no_command_goes_through_a_thread(
    counted: CountedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await counted.shop.take(typed(NINA, "/start"))
    hops: list[object] = []
    loop = asyncio.get_running_loop()
    in_executor = loop.run_in_executor

    def noted(executor: Any, work: Any, *args: Any) -> Any:
        hops.append(work)
        return in_executor(executor, work, *args)

    monkeypatch.setattr(loop, "run_in_executor", noted)
    await asyncio.to_thread(len, "")
    assert len(hops) == 1, "a hop must be seen where there is one"
    hops.clear()
    counted.session.calls.clear()
    for page in ("home", "vpn", "plans", "balance", "invite", "settings", "help"):
        await counted.shop.take(click(NINA, Menu(page=page).pack(), "", None))
    for text in ("/start", "/menu", "/help", "/language", "hello"):
        await counted.shop.take(typed(NINA, text))
    assert hops == []
    answers = [call for call in counted.session.calls if not isinstance(call, GetMe)]
    assert len(answers) == 7 * 2 + 5


async def test_a_click_behind_another_sees_what_that_one_changed(counted: CountedShop) -> None:
    await counted.shop.take(typed(NINA, "/start"))
    english, home = SetLanguage(code="en").pack(), Menu(page="home").pack()
    both = [await counted.shop.app.intake.accept(click(NINA, data, "", None)) for data in (english, home)]
    await asyncio.gather(*both)
    last = next(call for call in reversed(counted.session.calls) if isinstance(call, EditMessageText))
    assert "Free trial" in last.text
