"""Owns the rows of money: what the product's statements cost beside bare ones, and as tables grow."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from itertools import count
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bench import bare
from bench.rounds import Row
from bench.till import NOW, PEOPLE, PLAN, RATE, WALLET, charge, open_till, transfers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy import URL, TextClause

    from app.repo.db import Database
    from app.utils.redis import Cache
    from bench.till import Till

    Act = Callable[[], Awaitable[None]]
    Send = Callable[[TextClause, dict[str, Any]], Awaitable[Any]]
    Times = Callable[[], Awaitable[list[float]]]

PAGE, OPEN_INVOICES, ONE_BY_ONE = 1000, 100_000, 50
SMALL, LARGE, SCANS = 10_000, 1_000_000, 20
AT_ONCE, DURABLE, CROWDS = 16, 160, 4
PAGE_BOUND, SPEED_UP, DURABLE_BOUND, TAIL_BOUND, GROWTH_BOUND = 1.5, 15.0, 1.3, 2.5, 1.5


Step = tuple[float, float]


async def money_rows(url: URL, cache: Cache, rounds: int) -> list[Row]:
    """All rows; each needs a database of its own."""
    async with open_till(url, "pages", cache) as till:
        rows = await _pages(till, rounds)
    async with open_till(url, "durable", cache) as till:
        rows += await _confirmations(till, rounds)
        rows += await _purchases(till, rounds)
    async with open_till(url, "small", cache) as small, open_till(url, "large", cache) as large:
        rows += await _growth(small, large, rounds)
    return rows


async def _pages(till: Till, rounds: int) -> list[Row]:
    """A page of a thousand transfers among a hundred thousand open invoices: one statement, bare, and one by one."""
    await till.open("ton", OPEN_INVOICES)
    places = count(1, PAGE)
    beside, alone = [], []
    for _ in range(rounds + 1):
        ours, theirs = await _in_turn(1, lambda: _page(till, next(places)), lambda: _bare_page(till, next(places)))
        beside.append((median(ours), median(theirs)))
        alone.append((await _one_by_one(till, next(places)) * PAGE / ONE_BY_ONE, median(ours)))
    return [
        _row(f"{PAGE} transfers, {OPEN_INVOICES} open", beside[1:], PAGE_BOUND),
        _row("the same one by one (at least)", alone[1:], SPEED_UP, least=True),
    ]


async def _page(till: Till, place: int) -> list[float]:
    page = transfers(place, PAGE)
    took = await _alone(lambda: till.payments.settle(WALLET, page, RATE, NOW))
    again = await till.payments.settle(WALLET, page, RATE, NOW)
    if again.credits:
        raise RuntimeError(f"a page that was settled before was credited again: {len(again.credits)} transfers")
    return took


async def _bare_page(till: Till, place: int) -> list[float]:
    page = transfers(place, PAGE)

    async def write() -> None:
        rows = [
            {"hash": t.hash, "lt": t.lt, "at": t.at.isoformat(), "nano": t.nano, "comment": t.comment} for t in page
        ]
        params = {"rows": json.dumps(rows), "account": WALLET, "lt": page[-1].lt, "now": NOW}
        await till.database.run(bare.SETTLE, params)

    return await _alone(write)


async def _one_by_one(till: Till, place: int) -> float:
    async def each() -> None:
        for transfer in transfers(place, ONE_BY_ONE):
            await till.payments.settle(WALLET, [transfer], RATE, NOW)

    return await _timed(each)


async def _confirmations(till: Till, rounds: int) -> list[Row]:
    """A charge in Stars, committed; the bare statement writes the same rows."""
    ids = iter(await till.open("stars", (rounds + 1) * DURABLE * (CROWDS + 1) * 3))

    async def product() -> None:
        number = next(ids)
        await till.receipts.credit(charge(number, f"c{number}"), NOW)

    async def bare_one(send: Send) -> None:
        number = next(ids)
        await send(bare.CREDIT, {"payment_id": number, "key": f"c{number}", "now": NOW})

    return await _durable("payment confirmed", product, bare_one, till.database, rounds)


async def _purchases(till: Till, rounds: int) -> list[Row]:
    """A purchase, committed."""
    numbers = count(1)

    async def product() -> None:
        number = next(numbers)
        await till.shop.buy(1 + number % PEOPLE, PLAN, f"i{number}", NOW)

    async def bare_one(send: Send) -> None:
        number = next(numbers)
        params = {"tg_id": 1 + number % PEOPLE, "intent": f"i{number}", "plan_key": PLAN.key, "days": PLAN.days}
        await send(bare.BUY, params | {"price": PLAN.price.decimal, "now": NOW})

    return await _durable("purchase", product, bare_one, till.database, rounds)


async def _durable(
    title: str, product: Act, bare_one: Callable[[Send], Awaitable[None]], database: Database, rounds: int
) -> list[Row]:
    """Beside the statement as SQLAlchemy sends it; and, told without a bound, as the shop's own quick door does."""
    sides = (product, lambda: bare_one(database.run), lambda: bare_one(database.write))
    one, many, tails, quick = [], [], [], []
    for _ in range(rounds + 1):
        ours, theirs, _ = await _in_turn(DURABLE // 8, *(partial(_alone, side) for side in sides))
        one.append((median(ours), median(theirs)))
        ours, theirs, quickly = await _in_turn(CROWDS // 2, *(partial(_crowd, side) for side in sides))
        many.append((median(ours), median(theirs)))
        tails.append((quantiles(ours, n=100)[98], median(ours)))
        quick.append((median(ours), median(quickly)))
    return [
        _row(f"{title}, one at a time", one[1:], DURABLE_BOUND),
        _row(f"{title}, {AT_ONCE} at once", many[1:], DURABLE_BOUND),
        _row(f"{title}, {AT_ONCE} at once: p99 to p50", tails[1:], TAIL_BOUND),
        _row(f"{title}, {AT_ONCE} at once, both quick", quick[1:], None),
    ]


async def _in_turn(turns: int, *sides: Times) -> tuple[list[float], ...]:
    """What each took; the order is turned round, so that nobody always meets what the same one left to be done."""
    taken = tuple(list[float]() for _ in sides)
    for _ in range(turns):
        for times, side in (*zip(taken, sides, strict=True), *reversed(list(zip(taken, sides, strict=True)))):
            times += await side()
    return taken


async def _alone(act: Callable[[], Awaitable[Any]]) -> list[float]:
    return [await _timed(act)]


async def _crowd(act: Act) -> list[float]:
    """How long each took while sixteen were at it all the time."""
    times: list[float] = []

    async def one_of_them() -> None:
        times.extend([await _timed(act) for _ in range(DURABLE // AT_ONCE)])

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(one_of_them())
    return times


async def _growth(small: Till, large: Till, rounds: int) -> list[Row]:
    """What is due is found in a large table as in a small one."""
    for till, size in ((small, SMALL), (large, LARGE)):
        await till.open("ton", size, "paid", "confirmed")
        await till.open("ton", 20)
        await till.open("stars", 20)
        await till.vacuum()
    scans: dict[str, Callable[[Till], Awaitable[Any]]] = {
        "open invoices": lambda till: till.payments.pending("stars", NOW, 500),
        "overdue invoices": lambda till: till.payments.expire("stars", NOW, NOW),
        "invoices to sweep": lambda till: till.payments.drop_stale(NOW, 500),
    }
    rows = []
    for title, scan in scans.items():
        steps = [(await _middle(scan, large), await _middle(scan, small)) for _ in range(rounds + 1)]
        rows.append(_row(f"{title}: {LARGE:,} rows to {SMALL:,}", steps[1:], GROWTH_BOUND))
    return rows


async def _middle(scan: Callable[[Till], Awaitable[Any]], till: Till) -> float:
    return median([await _timed(lambda: scan(till)) for _ in range(SCANS)])


async def _timed(act: Callable[[], Awaitable[Any]]) -> float:
    began = perf_counter()
    await act()
    return perf_counter() - began


def _row(title: str, steps: Sequence[Step], bound: float | None, *, least: bool = False) -> Row:
    return Row.of(title, steps, bound, least=least)
