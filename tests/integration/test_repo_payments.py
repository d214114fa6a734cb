"""Invoices in the database: who may open, see and close them, when they expire, and what sweeping leaves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.errors import Banned, NotFound, TooManyPayments
from app.domain.money import Money
from app.domain.payment import FailReason, PaymentMethod, PaymentStatus
from app.services.records import NewPayment, Quote
from tests.support.books import NOW, TIMEOUT, WALLET, Books, rate

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

MARGIN = timedelta(seconds=60)


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(7, 8)
    return books


async def test_what_was_quoted_is_stored_with_the_invoice(books: Books) -> None:
    invoice = await books.invoice(rubles=400, rub="219.123457")
    assert (invoice.amount, invoice.status, invoice.expires_at) == (
        Money.rub(400),
        PaymentStatus.PENDING,
        NOW + TIMEOUT,
    )
    assert await books.payments.of_owner(7, invoice.id) == invoice
    ((locked, source),) = await books.rows("SELECT rate, rate_source FROM payments")
    assert (locked, source) == (Decimal("219.123457"), "test")


async def test_only_so_many_invoices_are_open_at_once(books: Books) -> None:
    invoices = [await books.invoice(most_open=3) for _ in range(3)]
    with pytest.raises(TooManyPayments):
        await books.invoice(most_open=3)
    await books.invoice(8, most_open=3)
    await books.payments.cancel(7, invoices[0].id)
    await books.settle(books.transfer(invoices[1]))
    await books.invoice(most_open=3)
    await books.invoice(most_open=3)
    with pytest.raises(TooManyPayments):
        await books.invoice(most_open=3)


async def test_overdue_invoices_that_no_scan_has_seen_do_not_keep_new_ones_out(books: Books) -> None:
    for _ in range(3):
        await books.invoice(most_open=3)
    await books.invoice(most_open=3, at=NOW + TIMEOUT)


async def test_an_invoice_sent_twice_is_stored_once(books: Books) -> None:
    quote = Quote(10**9, rate(), books.comment())
    new = NewPayment(7, PaymentMethod.TON, Money.rub(220), created_at=NOW, expires_at=NOW + TIMEOUT, quote=quote)
    first = await books.payments.open(new, 1)
    assert await books.payments.open(new, 1) == first


async def test_a_banned_person_and_a_stranger_open_nothing(books: Books) -> None:
    await books.bans.ban(7, "spam", "olga", NOW)
    with pytest.raises(Banned):
        await books.invoice(7)
    with pytest.raises(NotFound):
        await books.invoice(404)
    assert await books.value("SELECT count(*) FROM payments") == 0


async def test_anothers_invoice_is_not_found(books: Books) -> None:
    invoice = await books.invoice(7)
    with pytest.raises(NotFound):
        await books.payments.of_owner(8, invoice.id)
    with pytest.raises(NotFound):
        await books.payments.cancel(8, invoice.id)
    assert (await books.payments.of_owner(7, invoice.id)).status is PaymentStatus.PENDING


async def test_cancelling_works_once_and_only_while_pending(books: Books) -> None:
    invoice, paid = await books.invoice(), await books.invoice()
    outcomes = await asyncio.gather(*(books.payments.cancel(7, invoice.id) for _ in range(10)), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert (await books.payments.of_owner(7, invoice.id)).reason is FailReason.CANCELLED
    await books.settle(books.transfer(paid))
    with pytest.raises(NotFound):
        await books.payments.cancel(7, paid.id)


async def test_cancelling_against_settling_never_loses_the_money(books: Books) -> None:
    for _ in range(20):
        invoice = await books.invoice(rubles=100)
        await asyncio.gather(
            books.settle(books.transfer(invoice)), books.payments.cancel(7, invoice.id), return_exceptions=True
        )
        assert (await books.payments.of_owner(7, invoice.id)).status is PaymentStatus.CONFIRMED
    assert await books.balance() == Money.rub(2000)
    await books.are_right()


async def test_an_invoice_expires_only_by_a_scan_that_covers_its_deadline_with_a_margin(books: Books) -> None:
    invoice = await books.invoice()
    assert await books.scanned(invoice.expires_at + MARGIN) == 0
    assert (await books.payments.of_owner(7, invoice.id)).status is PaymentStatus.PENDING
    assert await books.scanned(invoice.expires_at + MARGIN + timedelta(microseconds=1)) == 1
    expired = await books.payments.of_owner(7, invoice.id)
    assert (expired.status, expired.reason) == (PaymentStatus.FAILED, FailReason.EXPIRED)
    assert await books.scanned(NOW + timedelta(days=1)) == 0
    assert await books.value("SELECT count(*) FROM notices WHERE kind = 'payment_expired'") == 1


async def test_an_older_scan_that_ends_later_does_not_turn_the_time_back(books: Books) -> None:
    await books.scanned(NOW + timedelta(minutes=5))
    await books.scanned(NOW)
    assert (await books.payments.cursor(WALLET)).scanned_at == NOW + timedelta(minutes=5)


async def test_scanning_against_settling_never_expires_what_was_paid(books: Books) -> None:
    for _ in range(20):
        invoice = await books.invoice(rubles=100)
        await asyncio.gather(
            books.scanned(NOW + timedelta(days=1)), books.settle(books.transfer(invoice))
        )
        assert (await books.payments.of_owner(7, invoice.id)).status is PaymentStatus.CONFIRMED
    await books.are_right()


async def test_sweeping_leaves_tombstones_and_everything_that_money_touched(books: Books) -> None:
    expired, cancelled, dusty, paid, pending = [await books.invoice() for _ in range(5)]
    await books.payments.cancel(7, cancelled.id)
    await books.settle(books.transfer(dusty, 1), books.transfer(paid))
    await books.payments.cancel(7, dusty.id)
    await books.rows("UPDATE payments SET expires_at = :later WHERE id = :id", later=NOW + timedelta(9), id=pending.id)
    await books.scanned(NOW + timedelta(hours=1))
    assert await books.payments.drop_stale(NOW, 100) == 0  # they are not older than that
    assert await books.payments.drop_stale(NOW + timedelta(days=7), 1) == 1
    assert await books.payments.drop_stale(NOW + timedelta(days=7), 100) == 1
    assert await books.payments.drop_stale(NOW + timedelta(days=7), 100) == 0
    left = await books.rows("SELECT id FROM payments ORDER BY id")
    assert [row.id for row in left] == [dusty.id, paid.id, pending.id]
    tombs = await books.rows("SELECT payment_id, user_id, amount, nano, rate FROM payment_tombstones ORDER BY 1")
    assert [tuple(tomb) for tomb in tombs] == [
        (gone.id, 7, Decimal(400), gone.nano, Decimal(220)) for gone in (expired, cancelled)
    ]
    await books.are_right()


async def test_sweeping_against_settling_never_loses_the_money(books: Books) -> None:
    for _ in range(20):
        invoice = await books.invoice(rubles=100)
        await books.payments.cancel(7, invoice.id)
        await asyncio.gather(
            books.payments.drop_stale(NOW + timedelta(days=8), 100),
            books.settle(books.transfer(invoice)),
        )
    credited = [credit for _, credit in await books.receipts()]
    assert len(credited) == 20
    assert None not in credited
    await books.are_right()


@pytest.mark.parametrize("status", ["pending", "confirmed"])
async def test_the_database_refuses_to_delete_what_may_still_be_or_was_paid(books: Books, status: str) -> None:
    invoice = await books.invoice()
    if status == "confirmed":
        await books.settle(books.transfer(invoice))
    with pytest.raises(DBAPIError, match="money history is kept"):
        await books.rows("DELETE FROM payments")


@pytest.mark.parametrize(
    "rewriting",
    [
        "DELETE FROM ledger_entries",
        "UPDATE ledger_entries SET amount = amount * 2",
        "UPDATE ledger_transactions SET key = key || 'x'",
        "DELETE FROM ton_transactions",
        "UPDATE ton_transactions SET credited = credited + 1",
        "UPDATE purchases SET price = 1",
        "DELETE FROM purchases",
        "TRUNCATE ledger_entries",
        "TRUNCATE payments CASCADE",
        "DELETE FROM users",
    ],
)
async def test_the_database_refuses_to_rewrite_money_history(books: Books, rewriting: str) -> None:
    await books.fund(7, 400)
    await books.buy(7)
    with pytest.raises(DBAPIError):
        await books.rows(rewriting)
    assert await books.balance() == Money.rub(271)
    await books.are_right()


async def test_the_database_refuses_a_movement_that_does_not_sum_to_zero(books: Books) -> None:
    with pytest.raises(DBAPIError, match="does not sum to zero"):
        await books.rows(
            "WITH t AS (INSERT INTO ledger_transactions (key, kind, created_at)"
            " VALUES ('gift', 'adjustment', now()) RETURNING id)"
            " INSERT INTO ledger_entries (transaction_id, account, amount) SELECT id, 'wallet:7', 5 FROM t"
        )
