"""The audit bites on promo codes and gifts, too: whatever is changed by hand behind their back is named."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.promo import Discount, PromoKind
from tests.integration.test_repo_audit import Change, missed_changes, missed_removals
from tests.support.books import NOW, Books

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

LATER = NOW + timedelta(days=60)
MOVED = "(SELECT id FROM ledger_transactions WHERE kind IN ('promo', 'gift'))"
# A code's limit below its uses is refused by the database itself.
CHANGES = [
    Change("ledger_entries", "amount", "amount + 1", f"transaction_id IN {MOVED}"),
    Change("ledger_entries", "account", "'wallet:9'", f"account LIKE 'wallet:%' AND transaction_id IN {MOVED}"),
    Change("ledger_entries", "account", "'bonuses'", f"account NOT LIKE 'wallet:%' AND transaction_id IN {MOVED}"),
    Change("ledger_transactions", "key", "key || '0'", f"id IN {MOVED}"),
    Change("ledger_transactions", "kind", "CASE kind WHEN 'gift' THEN 'purchase' ELSE 'gift' END", f"id IN {MOVED}"),
    Change("promocodes", "used", "used + 1"),
    Change("promocodes", "used", "used - 1"),
    Change("promocodes", "value", "value + 1"),
    Change("promocodes", "per_person", "1", "code = 'RUBLES'"),
    Change("promocodes", "valid_from", "now() + interval '99 years'"),
    Change("promocodes", "valid_until", "timestamptz '2020-01-01'"),
    Change("promo_uses", "value", "value + 1"),
    Change("promo_uses", "kind", "CASE kind WHEN 'days' THEN 'balance' ELSE 'days' END", "status = 'used'"),
    Change("promo_uses", "user_id", "9", "status = 'used'"),
    Change("promo_uses", "number", "number + 9"),
    Change("promo_uses", "code", "'DAYS', number = 3", "code <> 'DAYS'"),
    Change("promo_uses", "status", "'used', used_at = now()", "status = 'reserved'"),
    Change("purchases", "discount", "discount + 1"),
    Change("purchases", "promo_use_id", "NULL, discount = 0"),
    Change("gifts", "price", "price + 1"),
    Change("gifts", "discount", "discount + 1", "promo_use_id IS NOT NULL"),
    Change("gifts", "promo_use_id", "NULL, discount = 0", "promo_use_id IS NOT NULL"),
    Change("gifts", "giver_id", "9"),
    Change("gifts", "days", "days + 1", "redeemed_at IS NOT NULL"),
    Change("gifts", "redeemed_by", "9", "redeemed_at IS NOT NULL"),
    Change("gifts", "redeemed_by", "NULL, redeemed_at = NULL", "redeemed_at IS NOT NULL"),
    Change("gifts", "redeemed_by", "9, redeemed_at = now()", "redeemed_at IS NULL"),
    Change("grants", "days", "days + 1", "id > (SELECT min(id) FROM grants)"),
    Change("grants", "user_id", "9"),
    Change("grants", "key", "key || '0'"),
    Change("grants", "subscription_end", "subscription_end + interval '1 day'"),
]
REMOVALS = {
    "promocodes": "true",
    "promo_uses": "true",
    "gifts": "true",
    "grants": "true",
    "ledger_transactions": f"id IN {MOVED}",
    "ledger_entries": f"transaction_id IN {MOVED}",
}


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    """Codes of every kind, a discount spent on each thing that is sold, one that waits, gifts open and redeemed."""
    books = Books(database, cache)
    await books.arrive(7, 9)
    await books.fund(7, 1000)
    for code, kind in (("OFF", PromoKind.PERCENT), ("RUBLES", PromoKind.BALANCE), ("DAYS", PromoKind.DAYS)):
        await books.promo(code, kind, 20, per_person=3)
    await books.redeem("DAYS", now=LATER)
    for _ in range(2):
        await books.redeem("RUBLES", now=LATER)
    await books.buy(7, now=LATER, use_id=await discount(books))
    gift = await books.give(7, now=LATER, use_id=await discount(books))
    await books.give(7, now=LATER)
    await books.redeem(gift.gift.code, now=LATER)
    await discount(books)
    await books.redeem("DAYS", now=LATER)
    await books.are_right()
    return books


async def discount(books: Books) -> int:
    kept = await books.redeem("OFF", now=LATER)
    assert isinstance(kept, Discount)
    return kept.use_id


async def test_whatever_column_is_changed_in_whatever_row_is_noticed(books: Books) -> None:
    assert await missed_changes(books, CHANGES) == {}


async def test_whatever_row_is_removed_is_noticed(books: Books) -> None:
    assert await missed_removals(books, REMOVALS) == {}
