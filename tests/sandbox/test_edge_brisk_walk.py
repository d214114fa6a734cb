"""The rate limits beside a brisk walk through the whole bot: a person with quick thumbs never meets one.

The buttons are pressed in the emulated Telegram, and what each carried is then replayed at a person's pace.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.locales.locales import translator
from app.services.records import NewPayment
from app.utils.rate_limit import ADD_FUNDS, BUY, OTHER, PAY, START, LocalBuckets, limit_of_click
from tests.support.shop_floor import NINA, ShopFloor, button, shop_floor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.rate_limit import Limit
    from sandbox.telegram.people import Person

EN = translator("en")
# A press as soon as the new screen is there, and the second half of a double tap.
QUICK, DOUBLE = 0.4, 0.12
PAGES = 12


@dataclass
class Walk:
    """Somebody who presses what they see at once, taps twice what matters, and goes back and forth."""

    floor: ShopFloor
    person: Person
    taken: list[tuple[float, Limit]] = field(default_factory=list)

    async def press(self, *keys: str, taps: int = 1, **values: object) -> None:
        """The newest buttons with these words, one after the other; the last is tapped so often."""
        for number, key in enumerate(keys, start=1):
            message, data = button(self.person, EN.plain(key, **values) if "." in key else key)
            for tap in range(taps if number == len(keys) else 1):
                self.taken.append((DOUBLE if tap else QUICK, limit_of_click(data)))
                await self.floor.rested()
                await self.floor.click(self.person, data, message)

    async def says(self, words: str) -> None:
        """A command or a text, which takes longer to type than a button to press."""
        self.taken.append((2 * QUICK, START if words == "/start" else OTHER))
        await self.floor.rested()
        await self.floor.says(self.person, words)


async def looks_around(walk: Walk) -> None:
    """Every page of the menu, in and out, Back tapped twice."""
    await walk.says("/start")
    await walk.says("/menu")
    for page in ("menu.vpn", "menu.balance", "menu.invite", "menu.settings", "menu.help"):
        await walk.press(page)
        await walk.press("menu.back", taps=2)
    for _ in range(2):
        await walk.press("menu.renew", "1 month", "menu.back", "12 months", "menu.back", "menu.back")


async def compares_ways_to_pay(walk: Walk) -> None:
    """Each way to pay with a sum, and away again; then one of them for good, checked twice."""
    ways = ("method.stars", "method.ton", "method.usdt")
    for way in (*ways, ways[1]):
        await walk.says("/menu")
        await walk.press("menu.balance", "balance.top_up", way)
        await walk.press("150", "invoice.cancel")
    await walk.press("menu.home", "menu.balance", "balance.top_up", ways[1], "400")
    await walk.press("invoice.check", taps=2)


async def buys(walk: Walk) -> None:
    """A plan, tapped twice, and one as a gift right behind it."""
    await walk.says("/menu")
    await walk.press("menu.renew", "1 month")
    await walk.press("Buy for", taps=2)
    await walk.press("menu.home", "menu.renew", "1 month", "gift.buy")


async def reads_history(walk: Walk) -> None:
    """Page by page to the end, a receipt now and then, and back."""
    await walk.says("/menu")
    await walk.press("menu.balance", "history.open")
    for number in range(PAGES):
        if number % 3 == 0:
            await walk.press("1", "menu.back")
        await walk.press("history.older")
    for _ in range(PAGES):
        await walk.press("history.newer")
    await walk.press("menu.back", "menu.back")


@pytest.fixture
async def walk(tmp_path: Path, database: Database, database_url: URL, redis: Redis) -> AsyncIterator[Walk]:
    """Somebody with money, and a history of many pages."""
    del database  # emptied, which is all that is wanted of it
    async with shop_floor(tmp_path, database_url, redis, stars_enabled=True, usdt_enabled=True) as floor:
        nina = await floor.customer()
        await floor.tops_up(nina, 1000)
        for hours in range(8 * PAGES):
            at = floor.app.clock.now() - timedelta(hours=hours)
            spent = NewPayment(NINA, PaymentMethod.STARS, Money.rub(100), created_at=at, expires_at=at, stars=75)
            await floor.app.payments.open(spent, 10**6)
        yield Walk(floor, nina)


async def test_a_brisk_walk_through_all_of_the_bot_meets_no_limit(walk: Walk) -> None:
    for part in (looks_around, buys, compares_ways_to_pay, reads_history):
        await part(walk)
    limits = (START, ADD_FUNDS, PAY, BUY, OTHER)
    needed = {limit: needed_burst(walk.taken, limit) for limit in limits}
    assert {limit for limit, _ in needed.items() if limit not in {drawn for _, drawn in walk.taken}} == set()
    # A third more than was needed: the walk of tomorrow has a screen more.
    assert {limit.action: burst for limit, burst in needed.items() if 4 * burst > 3 * limit.burst} == {}


def needed_burst(taken: list[tuple[float, Limit]], limit: Limit) -> int:
    """The smallest bucket of this action that never says wait."""
    return next(burst for burst in range(1, 200) if not has_to_wait(taken, replace(limit, burst=burst)))


def has_to_wait(taken: list[tuple[float, Limit]], limit: Limit) -> bool:
    now = [0.0]
    buckets = LocalBuckets(lambda: now[0])
    waits = []
    for seconds, drawn in taken:
        now[0] += seconds
        if drawn.action == limit.action:
            waits.append(buckets.wait_ms(NINA, limit))
    return any(waits)
