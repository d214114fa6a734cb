"""The database itself refuses to delete, empty or rewrite what has become of money, table by table of the models."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Boolean, DateTime, Integer, Numeric, Table
from sqlalchemy.exc import DBAPIError

from app.domain.pending import Wish
from app.domain.promo import PromoKind
from app.repo.deliveries import DeliveryRepository
from app.repo.models import Base
from app.repo.refunds import RefundRepository
from app.services.refunds import RefundStatus
from tests.support.books import MONTH, NOW, Books
from tests.support.office import Office

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

# What is settled in each table of money: the rows that nobody may change. A new table has to be named here or below.
SETTLED = {
    "ledger_accounts": "true",
    "ledger_transactions": "true",
    "ledger_entries": "true",
    "payments": "status = 'confirmed'",
    "payment_tombstones": "true",
    "ton_transactions": "status = 'credited'",
    "receipts": "status = 'credited'",
    "refunds": "status = 'done'",
    "purchases": "true",
    "referrals": "bonus_paid_at IS NOT NULL",
    "operator_log": "true",
    "grants": "true",
    "gifts": "redeemed_at IS NOT NULL",
    "purchase_returns": "true",
    "promo_uses": "status = 'used'",
    "pending_purchases": "status = 'bought'",
}
# What the shop itself still writes into settled rows, none of which is money.
OPEN_COLUMNS = {"payments": {"message_id", "external_id", "pay_url"}}
# Balances are a projection that the audit compares with the ledger; the others hold no money.
NOT_MONEY = {
    "users", "configs", "notices", "operator_notices", "audit_runs", "provider_sightings", "chain_cursors",
    "marzban_instances", "servers", "trial_grants", "promocodes", "promo_misses", "rate_history",
    "subscription_links", "subscription_copies", "money_updates", "devices", "address_pauses",
    "config_moves", "config_leftovers", "renewals", "reminders", "reminder_scans",
    "panel_sightings", "panel_sweeps", "config_counters", "config_traffic_days",
    "bans", "support_messages", "support_tickets", "support_topics",
}  # fmt: skip


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    """Books with a settled row in every table of money."""
    books = Books(database, cache)
    await books.arrive(1)
    await books.arrive(7, inviter=1)
    office = Office(books, cache)
    await books.invoice(7)
    await books.scanned(NOW + timedelta(hours=1))
    await books.payments.drop_stale(NOW + timedelta(days=8), 10)
    await books.fund(7, 400)
    await books.buy(7)
    wish = Wish(MONTH, 0, MONTH.price, "waited", is_gift=False)
    await books.settle(books.transfer(await books.invoice(7, 129, wish=wish)))
    await books.complete()
    await books.redeem((await books.give(7)).gift.code, 1)
    await books.promo("MONEY", PromoKind.BALANCE, 100)
    await books.redeem("MONEY", 7)
    await office.gives(await office.coins(), 7)
    await office.gives(await office.charge(), 7)
    refunds = RefundRepository(database, cache)
    await refunds.ask("stars", "charge-1", NOW)
    await office.takes_back()
    await refunds.close("stars", "charge-1", RefundStatus.DONE, NOW)
    deliveries = DeliveryRepository(database, cache)
    await books.configs.request(7, "wish", None, NOW)
    ((purchase_id, owner),) = await deliveries.overdue(NOW, 10)
    assert await deliveries.give_back(purchase_id, owner, NOW, NOW + timedelta(days=1))
    await books.are_right()
    return books


def test_every_table_is_either_money_or_named_as_none() -> None:
    assert SETTLED.keys() | NOT_MONEY == Base.metadata.tables.keys()


async def refuses(books: Books, change: str) -> bool:
    """Whether the database refuses it by its own guards, keys of other tables aside."""
    try:
        async with books.database.transaction() as connection:
            await connection.exec_driver_sql(change)
            raise Undone
    except DBAPIError as refusal:
        return "money history is kept" in str(refusal)
    except Undone:
        return False


class Undone(Exception):
    """Takes a change back that was not refused."""


@pytest.mark.parametrize("name", sorted(SETTLED))
async def test_settled_rows_are_neither_deleted_nor_emptied_nor_rewritten(books: Books, name: str) -> None:
    table, where = Base.metadata.tables[name], SETTLED[name]
    assert await books.value(f"SELECT count(*) FROM {name} WHERE {where}")  # noqa: S608 - the models' names
    let_through = [
        change
        for change in (
            f"DELETE FROM {name} WHERE {where}",  # noqa: S608 - the models' names
            f"TRUNCATE {name} CASCADE",
            *rewritings(table, where),
        )
        if not await refuses(books, change)
    ]
    assert let_through == []


def rewritings(table: Table, where: str) -> list[str]:
    """An update for each column, to another value of its kind; generated keys can't be set at all."""
    free = OPEN_COLUMNS.get(table.name, set())
    columns = [
        column
        for column in table.columns
        if column.name not in free and column.identity is None and column.computed is None
    ]
    values = {column.name: other(column.name, column.type) for column in columns}
    return [f"UPDATE {table.name} SET {name} = {value} WHERE {where}" for name, value in values.items()]  # noqa: S608


def other(name: str, kind: object) -> str:
    if isinstance(kind, DateTime):
        return f"COALESCE({name}, now()) + interval '1 day'"
    if isinstance(kind, (Numeric, Integer)):
        return f"COALESCE({name}, 0) + 1"
    return f"NOT {name}" if isinstance(kind, Boolean) else f"COALESCE({name}, '') || 'x'"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ton_transactions SET nano = nano + 1 WHERE status = 'unmatched'",
        "UPDATE ton_transactions SET hash = hash || 'x' WHERE status = 'unmatched'",
        "DELETE FROM ton_transactions WHERE status = 'unmatched'",
        "UPDATE receipts SET asset_amount = 1 WHERE status = 'unmatched'",
        "DELETE FROM receipts WHERE status = 'unmatched'",
        "DELETE FROM money_updates WHERE handled_at IS NULL",
        "TRUNCATE money_updates",
    ],
)
async def test_what_waits_may_be_given_to_somebody_and_is_else_as_it_came(
    books: Books, cache: Cache, change: str
) -> None:
    office = Office(books, cache)
    coins, _ = await office.coins(), await office.charge(key="charge-2")
    await books.rows("INSERT INTO money_updates (bot_id, update_id, body, next_attempt_at) VALUES (1, 1, '{}', now())")
    assert await refuses(books, change)
    assert (await office.gives(coins, 7)).kopecks > 0
    await books.are_right()
