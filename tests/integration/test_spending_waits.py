"""A spending that waited for somebody else's change of the same balance reckons with what became of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.domain.money import Money
from app.repo.waiting import ADJUST
from tests.support.books import NOW, Books, blocked
from tests.support.office import Office

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from app.repo.db import Database
    from app.utils.redis import Cache

SPENDINGS: dict[str, tuple[int, Callable[[Office], Coroutine[object, object, object]]]] = {
    "a purchase": (129, lambda office: office.books.buy(7)),
    "a gift": (129, lambda office: office.books.give(7)),
    "a refund": (135, lambda office: office.takes_back()),
}


@pytest.fixture
async def office(database: Database, cache: Cache) -> Office:
    books = Books(database, cache)
    await books.arrive(7)
    return Office(books, cache)


@pytest.mark.parametrize("spending", SPENDINGS)
async def test_what_a_top_up_has_just_made_possible_is_not_an_error(
    office: Office, database: Database, spending: str
) -> None:
    """PostgreSQL checks a first attempt at the row as it was before the wait; that must not be below zero either."""
    await office.gives(await office.charge(), 7)
    await office.adjusts(7, "-130", "k1")
    top_up = {"tg_id": 7, "amount": 500, "key": "k0", "reason": "late", "told": "no", "who": "olga", "now": NOW}
    price, spend = SPENDINGS[spending]
    async with asyncio.timeout(30), asyncio.TaskGroup() as group, database.transaction() as connection:
        await connection.execute(ADJUST, top_up)
        group.create_task(spend(office))
        await blocked(database)
    assert await office.books.balance(7) == Money.rub(505 - price)
    rows = await database.run(text("SELECT COALESCE(sum(debt), 0) FROM receipts"))
    assert rows[0][0] == 0
    await office.books.are_right()
