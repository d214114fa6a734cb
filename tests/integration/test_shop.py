"""Buying, on the real engine: once an intent, never more than the wallet holds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.domain.errors import InsufficientBalance
from app.domain.money import Money
from app.domain.plans import Plan
from app.repo.audit import breaks
from app.repo.db import Database
from app.repo.shop import ShopRepository
from app.repo.user import UserRepository
from app.services.records import Newcomer
from app.utils.redis import Cache
from tests.support.books import blocked

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
THREE_MONTHS = Plan("sub_3m", 90, Money.rub(349), 3)


@pytest.fixture
def users(database: Database, cache: Cache) -> UserRepository:
    return UserRepository(database, cache, ttl=300, trial_key=b"k")


@pytest.fixture
def shop(database: Database, cache: Cache) -> ShopRepository:
    return ShopRepository(database, cache)


async def arrive_with(users: UserRepository, balance: int, tg_id: int = 7) -> None:
    await users.arrive(Newcomer(tg_id, "Nina", None, "ru", None), NOW, 7)
    if balance:
        await fund(users.database, tg_id, balance)


async def fund(database: Database, tg_id: int, rubles: int) -> None:
    await database.run(
        text(
            "WITH t AS (INSERT INTO ledger_transactions (key, kind, created_at)"
            "           VALUES ('test:' || gen_random_uuid(), 'adjustment', now()) RETURNING id),"
            " l AS (INSERT INTO ledger_entries (transaction_id, account, amount) SELECT t.id, a, v FROM t,"
            "       (VALUES ('wallet:' || CAST(:id AS bigint), CAST(:sum AS numeric)),"
            "               ('adjustments', -CAST(:sum AS numeric))) x(a, v))"
            " UPDATE users SET balance = balance + CAST(:sum AS numeric) WHERE tg_id = CAST(:id AS bigint)"
        ),
        {"id": tg_id, "sum": rubles},
    )


async def refused(shop: ShopRepository) -> InsufficientBalance:
    with pytest.raises(InsufficientBalance) as short:
        await shop.buy(7, THREE_MONTHS, "second", NOW)
    return short.value


async def test_purchase_debits_adds_to_the_time_left_and_books_both_sides(
    users: UserRepository, shop: ShopRepository, database: Database
) -> None:
    await arrive_with(users, 400)
    bought = await shop.buy(7, THREE_MONTHS, "intent", NOW)
    assert bought.balance == Money.rub(51)
    assert bought.subscription_end == NOW + timedelta(days=97)
    books = await database.run(text("SELECT account, sum(amount) FROM ledger_entries GROUP BY 1 ORDER BY 1"))
    totals = {account: int(total) for account, total in books}
    assert totals == {"adjustments": -400, "sales": 349, "wallet:7": 51}
    assert await breaks(database) == []
    account = await users.glance(7)
    assert account is not None
    assert (account.balance, account.active_plan) == (Money.rub(51), "sub_3m")


async def test_short_balance_is_refused_with_what_is_there_and_changes_nothing(
    users: UserRepository, shop: ShopRepository
) -> None:
    await arrive_with(users, 100)
    with pytest.raises(InsufficientBalance) as refusal:
        await shop.buy(7, THREE_MONTHS, "intent", NOW)
    assert (refusal.value.need, refusal.value.have) == (Money.rub(349), Money.rub(100))


async def test_the_cached_balance_has_no_say_in_a_purchase(users: UserRepository, shop: ShopRepository) -> None:
    await arrive_with(users, 0)
    await users.glance(7)  # the cache says nothing is there, and nobody tells it of what comes
    await fund(users.database, 7, 400)
    assert (await shop.buy(7, THREE_MONTHS, "first", NOW)).balance == Money.rub(51)
    await fund(users.database, 7, 300)
    await users.glance(7)
    await fund(users.database, 7, -300)  # and now the cache holds more than there is
    await refused(shop)


async def test_different_purchases_at_once_never_overdraw(
    users: UserRepository, shop: ShopRepository, database: Database
) -> None:
    await arrive_with(users, 1000)
    results = await asyncio.gather(
        *(shop.buy(7, THREE_MONTHS, f"intent{n}", NOW) for n in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, InsufficientBalance) for result in results) == 18
    ((balance, end),) = await database.run(text("SELECT balance, subscription_end FROM users"))
    assert (int(balance), end) == (302, NOW + timedelta(days=187))


async def test_a_purchase_that_waited_for_another_judges_what_that_left(
    users: UserRepository, shop: ShopRepository, database: Database
) -> None:
    await arrive_with(users, 400)
    async with asyncio.TaskGroup() as tasks, database.transaction() as connection:
        await connection.exec_driver_sql("SELECT balance FROM users WHERE tg_id = 7 FOR NO KEY UPDATE")
        tasks.create_task(shop.buy(7, THREE_MONTHS, "first", NOW))
        await blocked(database)
        second = tasks.create_task(refused(shop))
        await blocked(database, 2)
    assert second.result().have == Money.rub(51)
    assert await breaks(database) == []


async def test_presses_of_one_button_at_once_buy_once_though_there_is_money_for_more(
    users: UserRepository, shop: ShopRepository, database: Database
) -> None:
    await arrive_with(users, 1000)
    bought = await asyncio.gather(*(shop.buy(7, THREE_MONTHS, "intent", NOW) for _ in range(10)))
    assert {one.balance for one in bought} == {Money.rub(651)}
    assert await breaks(database) == []
