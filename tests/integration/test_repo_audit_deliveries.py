"""The audit bites on prices that went back, too: whatever is changed by hand behind their back is named."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.repo.deliveries import DeliveryRepository
from tests.integration.test_repo_audit import Change, missed_changes, missed_removals, noticed
from tests.support.books import NOW, Books

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOW + 8 * DAY
MOVED = "(SELECT id FROM ledger_transactions WHERE kind = 'undelivered')"
CHANGES = [
    Change("ledger_entries", "amount", "amount + 1", f"transaction_id IN {MOVED}"),
    Change("ledger_entries", "account", "'wallet:9'", f"account LIKE 'wallet:%' AND transaction_id IN {MOVED}"),
    Change("ledger_entries", "account", "'bonuses'", f"account = 'sales' AND transaction_id IN {MOVED}"),
    Change("ledger_transactions", "key", "key || '0'", f"id IN {MOVED}"),
    Change("ledger_transactions", "kind", "'adjustment'", f"id IN {MOVED}"),
    Change("purchase_returns", "amount", "amount + 1"),
    Change("purchase_returns", "debt", "debt + 1"),
    Change("purchase_returns", "user_id", "9"),
    Change("purchase_returns", "purchase_id", "purchase_id + 100"),
    Change("purchase_returns", "end_before", "end_before + interval '1 day'"),
    Change("purchase_returns", "subscription_end", "subscription_end - interval '1 hour'"),
    Change("purchase_returns", "last_purchase", "0"),
    Change("purchase_returns", "last_purchase", "last_purchase + 100"),
    Change("purchase_returns", "created_at", "created_at + interval '1 hour'"),
    Change("purchase_returns", "asked_at", "asked_at + interval '1 minute'"),
    Change("purchases", "subscription_end", "subscription_end + interval '1 day'"),
    Change("purchases", "days", "days + 1"),
    Change("configs", "delivered_at", "created_at + interval '1 hour'"),
    Change("users", "subscription_end", "subscription_end + interval '1 hour'", "tg_id = 7"),
]
REMOVALS = {"purchase_returns": "true", "purchases": "true", "ledger_transactions": f"id IN {MOVED}", "configs": "true"}


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    """Two purchases of which nothing was delivered, given back, one behind them that has time yet, one after all."""
    books, store = Books(database, cache), DeliveryRepository(database, cache)
    await books.arrive(7, 9)
    await books.fund(7, 1000)
    bought = [LATER, LATER + HOUR, LATER + 20 * HOUR]
    for at in bought:
        await books.buy(7, now=at)
    await books.configs.request(7, "wish", None, LATER)
    for at in bought[:2]:
        ((purchase_id, owner),) = await store.overdue(at, 10)
        assert await store.give_back(purchase_id, owner, at, at + DAY)
    await books.buy(7, now=LATER + 2 * DAY)
    await books.are_right()
    return books


async def test_whatever_column_is_changed_in_whatever_row_is_noticed(books: Books) -> None:
    assert await missed_changes(books, CHANGES) == {}


async def test_whatever_row_is_removed_is_noticed(books: Books) -> None:
    assert await missed_removals(books, REMOVALS) == {}


async def test_a_price_that_goes_back_to_who_owes_is_settled_once(books: Books) -> None:
    changed = "WITH r AS (UPDATE purchase_returns SET debt = 1) UPDATE ledger_entries SET amount = amount - 1"
    owed = f"{changed} WHERE account = 'wallet:7' AND transaction_id IN {MOVED}"
    assert "no debt is settled twice" in await noticed(books, owed)
