"""Receipts of gateways at the books' own door: what a charge is worth, and refunds beside purchases."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import InsufficientBalance
from app.domain.money import ZERO, Money
from app.domain.payment import PaymentMethod, PaymentStatus
from app.repo.bonuses import Bonuses
from app.repo.db import Database, make_engine
from app.repo.receipts import ReceiptRepository
from app.services.records import NewPayment, PaidEvent
from app.services.reversals import RefundedEvent
from bench.wire import before_postgres
from tests.support.books import NOW, TIMEOUT, Books, blocked

if TYPE_CHECKING:
    from sqlalchemy import URL

    from app.services.records import Booked, Payment
    from app.utils.redis import Cache

ASKED = 100


class Till:
    """A customer's invoices in Stars, and charges of them, without Telegram."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self.books = Books(database, cache)
        self.receipts = ReceiptRepository(database, cache, Bonuses("first_payment", Decimal(50)))

    async def invoice(self, rubles: int = 150) -> Payment:
        """An invoice that asks for a hundred Stars."""
        new = NewPayment(
            7, PaymentMethod.STARS, Money.rub(rubles), created_at=NOW, expires_at=NOW + TIMEOUT, stars=ASKED
        )
        return await self.books.payments.open(new, 100)

    async def charged(self, payment: Payment, key: str, stars: int = ASKED) -> Booked | None:
        """A charge of so many Stars, each worth a ruble and a half."""
        worth = Money(stars * 150)
        return await self.receipts.credit(PaidEvent("stars", key, payment.id, None, 7, "XTR", stars, worth, NOW), NOW)


@pytest.fixture
async def till(database: Database, cache: Cache) -> Till:
    till = Till(database, cache)
    await till.books.arrive(7)
    return till


@pytest.mark.parametrize(("stars", "rubles"), [(1, "1.50"), (99, "148.50"), (101, "151.50"), (1000, "1500")])
async def test_a_charge_of_another_sum_than_was_asked_brings_what_it_is_worth(
    till: Till, stars: int, rubles: str
) -> None:
    invoice = await till.invoice(rubles=140)
    await till.charged(invoice, "odd", stars)
    assert await till.books.balance() == Money.rub(rubles)
    await till.books.are_right()


async def test_a_number_that_was_given_anew_after_a_restored_backup_does_not_take_anothers_stars(till: Till) -> None:
    await till.books.arrive(8)
    invoice = await till.invoice()
    event = PaidEvent("stars", "forgotten", invoice.id, None, 8, "XTR", ASKED, Money.rub(150), NOW)
    await till.receipts.credit(event, NOW)
    assert (await till.books.balance(8), await till.books.balance(7)) == (Money.rub(150), ZERO)
    assert (await till.books.payments.of_owner(7, invoice.id)).status is PaymentStatus.PENDING
    await till.books.are_right()


async def test_charges_of_one_invoice_at_once_are_each_credited_once(till: Till) -> None:
    invoice = await till.invoice(rubles=140)
    keys = ("a", "b", "c")
    await asyncio.gather(*(till.charged(invoice, key) for key in keys * 5))
    assert await till.books.balance() == Money.rub(140 + 150 + 150)
    assert (await till.books.payments.of_owner(7, invoice.id)).status is PaymentStatus.CONFIRMED
    await till.books.are_right()


async def test_a_refund_that_waited_for_a_purchase_takes_back_what_that_left(till: Till) -> None:
    await till.charged(await till.invoice(), "charge")
    database = till.books.database
    async with asyncio.TaskGroup() as tasks, database.transaction() as connection:
        await connection.exec_driver_sql("SELECT balance FROM users WHERE tg_id = 7 FOR NO KEY UPDATE")
        tasks.create_task(till.books.buy(7))
        await blocked(database)
        tasks.create_task(till.receipts.refund(RefundedEvent("stars", "charge", "charge", None, NOW), NOW))
        await blocked(database, 2)
    assert await till.books.balance() == ZERO
    assert await till.books.value("SELECT debt FROM receipts WHERE direction = 'out'") == Decimal(129)
    await till.books.are_right()


async def test_refunds_of_one_charge_at_once_give_back_no_more_than_it_brought(till: Till) -> None:
    await till.charged(await till.invoice(), "charge")
    database = till.books.database
    async with asyncio.TaskGroup() as tasks, database.transaction() as connection:
        await connection.exec_driver_sql("SELECT balance FROM users WHERE tg_id = 7 FOR NO KEY UPDATE")
        for waiting, key in enumerate(("one", "another"), start=1):
            tasks.create_task(till.receipts.refund(RefundedEvent("stars", key, "charge", 60, NOW), NOW))
            await blocked(database, waiting)
    backs = await till.books.rows("SELECT key, asset_amount, debt FROM receipts WHERE direction = 'out' ORDER BY key")
    assert [tuple(row) for row in backs] == [("another", 40, 0), ("one", 60, 0)]
    assert await till.books.balance() == ZERO
    await till.books.are_right()


async def test_refunds_and_purchases_at_once_end_with_one_refund_and_right_books(till: Till) -> None:
    for turn in range(10):
        await till.charged(await till.invoice(), f"charge{turn}")
        given_back = RefundedEvent("stars", f"charge{turn}", f"charge{turn}", None, NOW)
        outcomes = await asyncio.gather(
            *(till.receipts.refund(given_back, NOW) for _ in range(4)),
            till.books.buy(7),
            return_exceptions=True,
        )
        assert sum(outcome is not None for outcome in outcomes[:4]) == 1
        assert not [x for x in outcomes if isinstance(x, Exception) and not isinstance(x, InsufficientBalance)]
        await till.books.are_right()


async def test_a_charge_that_earns_nobody_a_bonus_is_one_round_trip_and_one_that_may_is_a_transaction(
    till: Till, database_url: URL, cache: Cache
) -> None:
    assert database_url.host is not None
    assert database_url.port is not None
    await till.books.arrive(8, 9, inviter=7)
    wire = before_postgres(database_url.host, database_url.port)
    await wire.start()
    database = Database(make_engine(database_url.set(port=wire.port), 1))
    counted = ReceiptRepository(database, cache, Bonuses("first_payment", Decimal(50)))

    async def trips(payer: int, key: str) -> int:
        before = wire.trips
        await counted.credit(PaidEvent("stars", key, None, None, payer, "XTR", ASKED, Money.rub(150), NOW), NOW)
        return wire.trips - before

    for known in (7, 9):  # each statement is prepared at its first use
        await trips(known, f"first of {known}")
    assert [await trips(7, "alone"), await trips(7, "alone")] == [1, 1]
    assert [await trips(8, "invited"), await trips(8, "invited")] == [1 + len(("BEGIN", "credit", "pay", "COMMIT")), 1]
    await database.close()
    await wire.stop()
    assert (await till.books.balance(7), await till.books.balance(8)) == (Money.rub(400), Money.rub(150))
    await till.books.are_right()
