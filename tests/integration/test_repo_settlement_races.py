"""The same news again, at once, in any order, or cut off in the middle: the ledger comes out the same."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from app.domain.money import Money
from app.repo.db import Database, make_engine
from tests.support.books import NOW, WALLET, Books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import URL

    from app.services.chain import IncomingTransfer
    from app.utils.redis import Cache

PEOPLE = range(1, 21)


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(1)
    await books.arrive(*PEOPLE[1:], inviter=1)
    return books


async def history(books: Books, length: int, seed: int) -> list[IncomingTransfer]:
    """Transfers of every sort for invoices of many people, some of them for the same invoice."""
    chance = random.Random(seed)
    invoices = [await books.invoice(chance.choice(PEOPLE), chance.randint(50, 900)) for _ in range(length * 2 // 3)]
    made = []
    for _ in range(length):
        invoice = chance.choice(invoices)
        nano = int(invoice.nano * chance.choice([0.3, 1, 1, 1, 2]))
        late = chance.choice([1, 1, 30])
        comment = chance.choice([invoice.comment, invoice.comment, f" {invoice.comment.lower()} ", None])
        made.append(books.transfer(invoice, nano, comment=comment, at=NOW + late * (invoice.expires_at - NOW) / 10))
    return made


async def test_history_replayed_three_times_in_any_order_changes_nothing(books: Books) -> None:
    transfers = await history(books, 60, seed=1)
    for start in range(0, 60, 7):
        await books.settle(*transfers[start : start + 7])
    ledger = await books.ledger()
    chance = random.Random(2)
    for _ in range(3):
        chance.shuffle(transfers)
        size = chance.randint(3, 60)
        for start in range(0, 60, size):
            again = await books.settle(*transfers[start : start + size], late="999")
            assert (again.credits, again.unmatched) == ((), 0)
    assert await books.ledger() == ledger
    await books.are_right()


async def test_the_same_transfer_twice_on_one_page_is_one(books: Books) -> None:
    transfer = books.transfer(await books.invoice(7))
    await books.settle(transfer, transfer, transfer)
    assert await books.balance(7) == Money.rub(400)
    await books.are_right()


async def test_settlers_at_once_on_one_page_credit_it_once(books: Books) -> None:
    transfers = await history(books, 40, seed=3)
    settlements = await asyncio.gather(*(books.settle(*transfers) for _ in range(8)))
    assert sum(bool(settlement.credits) for settlement in settlements) == 1
    assert len(await books.receipts()) == 40
    await books.are_right()


async def test_settlers_at_once_on_overlapping_pages_in_different_orders_credit_each_once(books: Books) -> None:
    transfers = await history(books, 60, seed=4)
    chance = random.Random(5)
    for start in range(0, 60, 12):
        pages = [chance.sample(transfers[start : start + 12], 12)[: chance.randint(8, 12)] for _ in range(6)]
        await asyncio.gather(*(books.settle(*page) for page in pages))
    await books.settle(*transfers)
    assert len(await books.receipts()) == 60
    await books.are_right()


async def test_two_transfers_of_one_invoice_seen_by_two_settlers_at_once_are_both_credited(books: Books) -> None:
    invoices = [await books.invoice(7, 220) for _ in range(20)]
    pairs = [(books.transfer(invoice), books.transfer(invoice)) for invoice in invoices]
    for first, second in pairs:
        await asyncio.gather(books.settle(first), books.settle(second))
    assert await books.balance(7) == Money.rub(20 * 440)
    await books.are_right()


async def test_cursor_moves_only_together_with_what_it_stands_for(books: Books) -> None:
    first, second = books.transfer(await books.invoice(7)), books.transfer(await books.invoice(8))
    await books.settle(first)
    # A notice of that key can't be: the statement fails at its very end, after receipts, ledger and balances.
    await books.rows(
        "INSERT INTO notices (key, recipient, kind, next_attempt_at, created_at)"
        " VALUES ('paid:' || CAST(:hash AS text), 8, 'payment_confirmed', now(), now())",
        hash=second.hash,
    )
    before = await books.ledger()
    with pytest.raises(IntegrityError):
        await books.settle(second)
    assert (await books.payments.cursor(WALLET)).lt == first.lt
    assert (await books.ledger(), len(await books.receipts())) == (before, 1)
    await books.rows("DELETE FROM notices WHERE recipient = 8")
    await books.settle(second)
    assert (await books.payments.cursor(WALLET)).lt == second.lt
    assert await books.balance(8) == Money.rub(400)
    await books.are_right()


async def test_a_bonus_that_fails_takes_the_whole_page_with_it(books: Books) -> None:
    transfer = books.transfer(await books.invoice(7))
    await books.rows(
        "INSERT INTO ledger_transactions (key, kind, created_at) VALUES ('referral:7', 'adjustment', now())"
    )
    with pytest.raises(IntegrityError):
        await books.settle(transfer)
    assert (await books.receipts(), await books.ledger(), await books.balance(7)) == ([], [], Money(0))
    assert (await books.payments.cursor(WALLET)).lt == 0


async def test_a_replayed_old_page_does_not_move_the_cursor_back(books: Books) -> None:
    old, new = books.transfer(None, 1), books.transfer(None, 1)
    await books.settle(old, new)
    await books.settle(old)
    assert (await books.payments.cursor(WALLET)).lt == new.lt


@pytest.fixture
async def counted(database_url: URL) -> AsyncIterator[tuple[Database, list[str]]]:
    """A second pool that notes each statement it sends."""
    engine, sent = make_engine(database_url, 1), list[str]()
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *call: sent.append(call[2]))
    database = Database(engine)
    yield database, sent
    await database.close()


async def test_a_thousand_transfers_against_ten_thousand_open_invoices_are_one_statement(
    books: Books, cache: Cache, counted: tuple[Database, list[str]]
) -> None:
    database, sent = counted
    await books.rows(
        "INSERT INTO payments (user_id, method, amount, comment, nano, rate, rate_source, rate_at, created_at,"
        " expires_at) SELECT 1 + n % 20, 'ton', 100 + n % 7, 'code' || n, 455000000, 220, 'test', now(), :now,"
        " CAST(:now AS timestamptz) + interval '10 minutes' FROM generate_series(1, 10000) n",
        now=NOW,
    )
    page = [books.transfer(None, 455_000_000, comment=f"CODE{n * 10}") for n in range(1, 1001)]
    settlement = await Books(database, cache).settle(*page)
    assert (len(settlement.credits), settlement.unmatched) == (1000, 0)
    assert len([statement for statement in sent if "ton_transactions" in statement]) == 1
    assert len(sent) <= 3  # with the bonuses of all, in one more
    total = sum(100 + n * 10 % 7 for n in range(1, 1001))
    bonus = 50  # every tenth invoice belongs to the inviter or to one person who was invited
    assert await books.value("SELECT sum(balance) FROM users") == total + bonus
