"""The audit bites on purchases that waited for money: whatever is changed by hand behind their back is named."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.money import Money
from app.domain.pending import Outcome, Wish
from app.domain.promo import Discount, PromoKind
from app.repo.audit import examined
from tests.integration.test_repo_audit import Change, missed_changes
from tests.support.books import MONTH, NOW, Books

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.services.records import Payment
    from app.utils.redis import Cache

# The database itself refuses statuses that go with no time, price or sale: those are not tried.
CHANGES = [
    Change("pending_purchases", "user_id", "9"),
    Change("pending_purchases", "created_at", "created_at + interval '1 day'"),
    Change("pending_purchases", "intent", "intent || 'x'", "status = 'bought'"),
    Change("pending_purchases", "plan_key", "'sub_9m'", "status = 'bought'"),
    Change("pending_purchases", "days", "days + 1", "status = 'bought'"),
    Change("pending_purchases", "list_price", "list_price + 1, promo_use = -1", "status = 'bought'"),
    Change("pending_purchases", "price", "price - 1", "status = 'bought' AND promo_use IS NOT NULL"),
    Change("pending_purchases", "price", "price - 1", "status = 'waiting' AND promo_use IS NOT NULL"),
    Change("pending_purchases", "credited", "credited + 1"),
    Change("pending_purchases", "credited", "0", "status NOT IN ('waiting', 'cancelled')"),
    Change("pending_purchases", "looks", "0", "status NOT IN ('waiting', 'due', 'cancelled')"),
    Change("pending_purchases", "status", "'waiting'", "status IN ('due', 'short', 'had')"),
    Change("pending_purchases", "status", "'due', due_at = now(), paid_at = now()", "status = 'waiting'"),
    Change("purchases", "intent", "intent || 'x'", "id IN (SELECT purchase_id FROM pending_purchases)"),
    Change("gifts", "intent", "intent || 'x'", "id IN (SELECT gift_id FROM pending_purchases)"),
    Change("payments", "user_id", "9", "id IN (SELECT payment_id FROM pending_purchases)"),
]


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    """Wishes in every state: fulfilled for less and as a gift, short, had, cancelled, waiting, due."""
    books = Books(database, cache)
    await books.arrive(7, 9)
    await books.promo("OFF", PromoKind.PERCENT, 50, per_person=2)
    await books.settle(books.transfer(await _invoice(books, await _for_less(books, "less"), 65)))
    assert await books.complete() == [Outcome.BOUGHT]
    for intent, rubles, end in (("gift", 129, Outcome.BOUGHT), ("less", 50, Outcome.HAD), ("short", 50, Outcome.SHORT)):
        wish = Wish(MONTH, 0, MONTH.price, intent, is_gift=intent == "gift")
        await books.settle(books.transfer(await _invoice(books, wish, rubles)))
        assert await books.complete() == [end]
    cancelled = await _invoice(books, Wish(MONTH, 0, MONTH.price, "gone", is_gift=False), 129)
    await books.payments.cancel(7, cancelled.id)
    await _invoice(books, await _for_less(books, "waits"), 65)
    due = await _invoice(books, Wish(MONTH, 0, MONTH.price, "due", is_gift=False), 129)
    await books.settle(books.transfer(due))
    await books.are_right()
    return books


async def _for_less(books: Books, intent: str) -> Wish:
    kept = await books.redeem("OFF")
    assert isinstance(kept, Discount)
    return Wish(MONTH, kept.use_id, Money.rub("64.50"), intent, is_gift=False)


async def _invoice(books: Books, wish: Wish, rubles: int) -> Payment:
    return await books.invoice(7, rubles, wish=wish)


async def test_whatever_column_of_a_wish_is_changed_is_noticed(books: Books) -> None:
    assert await missed_changes(books, CHANGES) == {}


async def test_a_sale_that_goes_missing_is_noticed(books: Books) -> None:
    change = Change("pending_purchases", "purchase_id", "purchase_id + 1000", "purchase_id IS NOT NULL")
    assert await missed_changes(books, [change]) == {}


async def test_money_that_lies_a_minute_without_its_purchase_is_named(books: Books) -> None:
    assert await examined(books.database, NOW + timedelta(minutes=2)) == []
    found = await examined(books.database, NOW + timedelta(minutes=4))
    assert [each.invariant for each in found] == ["no purchase whose money has come lies undone"]
