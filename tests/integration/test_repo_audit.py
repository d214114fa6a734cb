"""The audit bites: whatever is changed by hand behind the books' back is named."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import text

from app.domain.assets import Asset
from app.repo.audit import INVARIANTS, breaks
from app.repo.db import Database
from app.repo.rates import RateRepository
from app.services.records import Rate
from tests.support.books import NOW, Books
from tests.support.office import Office

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Executable, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.utils.redis import Cache

COIN = 10**9
ANY_BROKEN = text("SELECT " + " OR ".join(f"EXISTS ({query})" for query in INVARIANTS.values()))
LATE = NOW + timedelta(hours=2)


class Change(NamedTuple):
    """A column of rows that `rows` names by their key, set to something that is still a value of its kind."""

    table: str
    column: str
    value: str
    rows: str = "true"


# How much of a trial was left at the first purchase stands nowhere else.
IN_TIME = "status = 'credited' AND at <= (SELECT expires_at FROM payments WHERE id = payment_id)"
RENEWALS = "id > (SELECT min(id) FROM purchases)"
# Where a row alone says whose an unpaid invoice is, or who invited whom, nothing else in the books could know better.
CHANGES = [
    Change("users", "balance", "balance + 1"),
    Change("users", "balance", "0", "balance > 0"),
    Change("users", "subscription_end", "subscription_end + interval '1 day'", "tg_id = 7"),
    Change("ledger_entries", "amount", "amount + 1"),
    Change("ledger_entries", "amount", "-amount"),
    Change("ledger_entries", "account", "'wallet:9'", "account <> 'wallet:9'"),
    Change("ledger_entries", "account", "'adjustments'", "account <> 'adjustments'"),
    Change("ledger_entries", "account", "'gateway:stars'", "account <> 'gateway:stars'"),
    Change("ledger_transactions", "key", "key || '0'"),
    Change("ledger_transactions", "key", "'gift:' || key"),
    Change("ledger_transactions", "kind", "'adjustment'"),
    Change("ledger_transactions", "kind", "CASE kind WHEN 'topup' THEN 'purchase' ELSE 'topup' END"),
    Change("payments", "amount", "amount + 1"),
    Change("payments", "nano", "nano + 1000000000"),
    Change("payments", "nano", "nano - 1"),
    Change("payments", "rate", "rate + 10"),
    Change("payments", "user_id", "9", "status = 'confirmed'"),
    Change("payments", "status", "'failed', reason = 'cancelled', confirmed_at = NULL", "status = 'confirmed'"),
    Change("payments", "status", "'confirmed', reason = NULL, confirmed_at = now()", "status <> 'confirmed'"),
    Change("payment_tombstones", "amount", "amount + 1"),
    Change("payment_tombstones", "nano", "nano + 1000000000"),
    Change("payment_tombstones", "rate", "rate + 10"),
    Change("ton_transactions", "nano", "nano + 1000000000", "status = 'credited'"),
    Change("ton_transactions", "asset", "CASE asset WHEN 'ton' THEN 'usdt' ELSE 'ton' END", "status = 'credited'"),
    Change("ton_transactions", "verdict", "'notice'", "status = 'credited'"),
    Change("ton_transactions", "rate_source", "'elsewhere'", IN_TIME),
    Change("ton_transactions", "rate_at", "rate_at + interval '1 day'", "status = 'credited'"),
    Change("ton_transactions", "account", "'0:f'", "asset = 'usdt'"),
    Change("rate_history", "rub", "rub + 1"),
    Change("rate_history", "asset", "'btc'"),
    Change("rate_history", "source", "'constant'"),
    Change("ton_transactions", "credited", "credited + 1", "status = 'credited'"),
    Change("ton_transactions", "rate", "rate + 10", "status = 'credited'"),
    Change("ton_transactions", "user_id", "9", "status = 'credited'"),
    Change("ton_transactions", "status", "'unmatched', credited = NULL, rate = NULL", "status = 'credited'"),
    Change("ton_transactions", "status", "'ignored'", "status = 'unmatched'"),
    Change("ton_transactions", "status", "'credited', credited = 5, rate = 220, user_id = 9", "status <> 'credited'"),
    Change("purchases", "price", "price + 1"),
    Change("purchases", "days", "days + 1", RENEWALS),
    Change("purchases", "subscription_end", "subscription_end + interval '1 day'", RENEWALS),
    Change("purchases", "user_id", "9"),
    Change("referrals", "bonus", "bonus + 1", "bonus IS NOT NULL"),
    Change("referrals", "referrer_id", "9", "bonus IS NOT NULL"),
    Change("referrals", "bonus", "NULL, bonus_paid_at = NULL", "bonus IS NOT NULL"),
    Change("referrals", "bonus", "50", "bonus IS NULL"),
    Change("referrals", "bonus_paid_at", "NULL", "bonus IS NOT NULL"),
    Change("referrals", "bonus", "50, bonus_paid_at = now()", "bonus IS NULL"),
    Change("chain_cursors", "lt", "lt + 1"),
    Change("chain_cursors", "lt", "lt - 1"),
    Change("configs", "expires_at", "expires_at + interval '1 day'"),
]
REMOVALS = {
    "ledger_transactions": "true",
    "ledger_entries": "true",
    "purchases": "true",
    "payments": "status = 'confirmed'",
    "ton_transactions": "status = 'credited'",
    "chain_cursors": "true",
    "ledger_accounts": "user_id IS NOT NULL",
}


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    """Books in which everything has happened that can happen to money."""
    books = Books(database, cache)
    await books.arrive(1, 9)
    await books.arrive(7, 8, inviter=1)
    swept, forgotten = [await books.invoice(7) for _ in range(2)]
    await books.scanned(NOW + timedelta(hours=1))
    await books.payments.drop_stale(LATE, 100)
    exact, short, over, late, cancelled, expired = [await books.invoice(7) for _ in range(6)]
    await books.settle(books.transfer(exact), books.transfer(short, COIN), books.transfer(over, over.nano + COIN))
    await books.settle(books.transfer(exact, 2 * COIN), books.transfer(late, COIN, at=LATE))
    await books.settle(books.transfer(swept, COIN, at=LATE), books.transfer(None, COIN, comment="hello"))
    await books.settle(books.transfer(None, COIN, is_money=False, verdict="outgoing"))
    await RateRepository(database).note(Asset.TON, [Rate(Decimal(230), "market", LATE)])
    dollars = await books.invoice(7, rub="80", asset=Asset.USDT)
    await books.settle(books.transfer(dollars, asset=Asset.USDT), books.transfer(dollars, COIN, asset=Asset.USDT))
    await books.settle(books.transfer(dollars, COIN, at=LATE), books.transfer(late, 2 * COIN, at=LATE))
    await books.payments.cancel(7, cancelled.id)
    await books.scanned(NOW + timedelta(hours=1))
    await books.invoice(7)
    await books.buy(7)
    await books.configs.request(7, "wish", None, NOW)
    await books.buy(7, now=NOW + timedelta(days=60))
    assert {forgotten.id, expired.id}
    await books.are_right()
    return books


class Inside(Database):
    """The database as one transaction sees it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def run(self, statement: Executable, params: dict[str, Any] | None = None) -> Sequence[Row[Any]]:
        return (await self._connection.execute(statement, params)).fetchall()


async def noticed(books: Books, change: str, **params: str) -> set[str]:
    """The invariants that a change breaks, made with the triggers off that would refuse it, and taken back."""
    async with books.database.transaction() as connection, connection.begin_nested() as undone:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text(change), params)
        found = await breaks(Inside(connection))
        await undone.rollback()
    return {broken.invariant for broken in found}


async def is_noticed(books: Books, change: str, **params: str) -> bool:
    """Whether a change breaks any invariant, asked in one question that the database prepares once."""
    async with books.database.transaction() as connection, connection.begin_nested() as undone:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text(change), params)
        found = (await connection.execute(ANY_BROKEN)).scalar_one()
        await undone.rollback()
    return bool(found)


async def unnoticed(books: Books, table: str, change: str, where: str) -> list[str]:
    """The rows of which the change, made to each of them alone, goes unnoticed."""
    rows = await books.rows(f"SELECT ctid::text AS place, t::text AS shown FROM {table} t WHERE {where}")  # noqa: S608
    assert rows
    return [row.shown for row in rows if not await is_noticed(books, f"{change} WHERE ctid::text = :at", at=row.place)]


async def missed_changes(books: Books, changes: Sequence[Change]) -> dict[str, list[str]]:
    """The changes that go unnoticed, with the rows they were made to."""
    missed = {}
    for table, column, value, where in changes:
        update = f"UPDATE {table} SET {column} = {value}"  # noqa: S608 - the tests' constants
        missed[update] = await unnoticed(books, table, update, where)
    return {update: rows for update, rows in missed.items() if rows}


async def missed_removals(books: Books, removals: Mapping[str, str]) -> dict[str, list[str]]:
    """The tables of which a row is removed and nobody notices."""
    missed = {}
    for table, where in removals.items():
        missed[table] = await unnoticed(books, table, f"DELETE FROM {table}", where)  # noqa: S608 - the tests' constants
    return {table: rows for table, rows in missed.items() if rows}


async def test_whatever_column_is_changed_in_whatever_row_is_noticed(books: Books) -> None:
    assert await missed_changes(books, CHANGES) == {}


async def test_whatever_row_is_removed_is_noticed(books: Books) -> None:
    assert await missed_removals(books, REMOVALS) == {}


async def test_a_credit_invented_with_all_its_lines_is_noticed(books: Books) -> None:
    assert await noticed(
        books,
        "WITH t AS (INSERT INTO ledger_transactions (key, kind, created_at) VALUES ('ton:x', 'topup', now())"
        " RETURNING id), l AS (INSERT INTO ledger_entries (transaction_id, account, amount)"
        " SELECT id, a, v FROM t, (VALUES ('wallet:9', 100), ('gateway:ton', -100)) x (a, v))"
        " UPDATE users SET balance = balance + 100 WHERE tg_id = 9",
    ) == {"every top-up has its receipt, of the same sum", "what was received was credited"}


BY_HAND = [
    ("UPDATE operator_log SET amount = amount + 1 WHERE action = 'adjust'", "every adjustment was an operator's"),
    ("UPDATE operator_log SET user_id = 9 WHERE action = 'adjust'", "every adjustment was an operator's"),
    ("DELETE FROM operator_log WHERE action = 'adjust'", "every adjustment was an operator's"),
    ("UPDATE operator_log SET amount = amount + 1 WHERE action = 'assign'", "every act of an operator is in the books"),
    ("UPDATE operator_log SET key = key || 'x' WHERE action = 'assign'", "every act of an operator is in the books"),
    ("UPDATE operator_log SET user_id = 9 WHERE action = 'assign'", "every act of an operator is in the books"),
    (
        "DELETE FROM operator_log WHERE action = 'assign'",
        "no money without an invoice was given but by an operator",
    ),
    ("DELETE FROM operator_log WHERE action = 'dismiss'", "what is set aside was set aside by an operator"),
    (
        "UPDATE ton_transactions SET status = 'unmatched' WHERE status = 'dismissed'",
        "what is set aside was set aside by an operator",
    ),
    ("UPDATE receipts SET status = 'dismissed', credited = NULL", "what is set aside was set aside by an operator"),
    (
        "UPDATE ton_transactions SET credited = credited + 1 WHERE user_id = 7",
        "every receipt is credited at its worth",
    ),
    (
        "UPDATE ledger_entries SET amount = -amount WHERE account = 'wallet:7' AND amount = 220",
        "no wallet was ever below zero",
    ),
]


async def test_what_is_done_by_hand_and_changed_afterwards_is_noticed(database: Database, cache: Cache) -> None:
    office = Office(Books(database, cache), cache)
    await office.books.arrive(7, 9)
    for reference in (await office.coins(), await office.charge()):
        await office.gives(reference, 7)
    await office.desk.dismiss(await office.desk.find(await office.coins()), "our own")
    await office.adjusts(7, -20)
    await office.books.are_right()
    missed = [change for change, invariant in BY_HAND if invariant not in await noticed(office.books, change)]
    assert missed == []


async def test_the_audit_changes_nothing_and_shares_no_statement() -> None:
    for query in INVARIANTS.values():
        assert query.split()[0] == "SELECT"
        assert not {"INSERT", "UPDATE", "DELETE"} & set(query.split())
