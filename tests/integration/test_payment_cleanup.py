"""Eight days later: unpaid invoices go and leave tombstones; whatever was paid, or may still be, stays."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.money import Money
from app.utils.payment_cleanup import PaymentCleanupTask
from tests.support.books import NOW, Books
from tests.support.office import COIN, Fixed

if TYPE_CHECKING:
    from datetime import datetime

    from app.repo.db import Database
    from app.utils.redis import Cache

LATER = NOW + timedelta(days=8)
ROWS = 9_950
MIXED = """
    INSERT INTO payments (user_id, method, amount, status, reason, comment, nano, rate, stars, created_at, expires_at)
    SELECT 7, method, 220, status, CASE status WHEN 'failed' THEN 'expired' END,
           CASE method WHEN 'ton' THEN 'mixed' || n END, CASE method WHEN 'ton' THEN 1000000000 END,
           CASE method WHEN 'ton' THEN 220 END, CASE method WHEN 'stars' THEN 163 END, at, at + interval '10 minutes'
    FROM generate_series(1, :rows) n,
         LATERAL (SELECT CASE n % 3 WHEN 0 THEN 'ton' WHEN 1 THEN 'stars' ELSE 'cryptobot' END AS method,
                         CASE n % 5 WHEN 0 THEN 'pending' ELSE 'failed' END AS status,
                         CAST(:at AS timestamptz) + (n % 7) * interval '1 day' AS at) row
"""


class CutOff(Exception):
    """The process ends here."""


class Cut:
    """The store of a process that ends at its third batch."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._left = 2

    async def drop_stale(self, before: datetime, batch: int) -> int:
        if not self._left:
            raise CutOff
        self._left -= 1
        return await self._books.payments.drop_stale(before, batch)


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(7)
    return books


async def counts(books: Books) -> dict[str, int]:
    rows = await books.rows("SELECT status, count(*) AS rows FROM payments GROUP BY status")
    return {row.status: row.rows for row in rows}


async def test_of_ten_thousand_mixed_rows_only_the_unpaid_old_ones_go_however_often_it_is_cut(books: Books) -> None:
    paid = [await books.invoice(7, 100) for _ in range(50)]
    await books.settle(*(books.transfer(invoice) for invoice in paid))
    await books.rows(MIXED, rows=ROWS, at=NOW)
    before = await counts(books)
    stale = await books.value(
        "SELECT count(*) FROM payments WHERE status = 'failed' AND created_at < :at", at=LATER - timedelta(days=7)
    )
    assert stale == 1137
    with pytest.raises(CutOff):
        await PaymentCleanupTask(Cut(books), Fixed(LATER)).run_once()
    task = PaymentCleanupTask(books.payments, Fixed(LATER))
    assert [await task.run_once(), await task.run_once()] == [stale - 1000, 0]
    assert await counts(books) == before | {"failed": before["failed"] - stale}
    assert await books.value("SELECT count(*) FROM payment_tombstones") == stale
    late = books.transfer(None, COIN, comment="mixed21", at=LATER)
    for _ in range(2):
        await books.settle(late, now=LATER)
    assert await books.balance() == Money.rub(50 * 100 + 200)
    await books.are_right()


async def test_an_invoice_that_money_names_stays_even_unpaid(books: Books) -> None:
    invoice = await books.invoice()
    await books.settle(books.transfer(invoice, 1))
    await books.scanned(NOW + timedelta(hours=1))
    assert await PaymentCleanupTask(books.payments, Fixed(LATER)).run_once() == 0
    assert await counts(books) == {"failed": 1}
    await books.are_right()
