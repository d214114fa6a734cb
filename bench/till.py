"""Owns the ground of the money rows: a database full of people and invoices, and the product's own doors to it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.domain.money import Money
from app.domain.plans import Plan
from app.repo.bonuses import Bonuses
from app.repo.db import Database, make_engine
from app.repo.payments import PaymentRepository
from app.repo.receipts import ReceiptRepository
from app.repo.settlement import Settler
from app.repo.shop import ShopRepository
from app.repo.sql import statement
from app.services.chain import IncomingTransfer
from app.services.records import PaidEvent, Rate
from bench.engines import another_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import URL

    from app.utils.redis import Cache

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WALLET = "0:" + "a" * 64
PEOPLE = 1000
NANO, STARS, WORTH = 455_000_000, 100, Money.rub(100)
RATE = Rate(Decimal(220), "bench", NOW)
PLAN = Plan("sub_1m", 30, Money.rub(1), 2)
POOL = 20
# A statement has fifteen seconds.
CHUNK = 50_000

ARRIVE = statement(
    "WITH made AS (INSERT INTO users (tg_id, balance, created_at, max_configs)"
    "              SELECT n, 0, :now, 2 FROM generate_series(1, :most) n RETURNING tg_id)"
    " INSERT INTO ledger_accounts (code, user_id) SELECT 'wallet:' || tg_id, tg_id FROM made"
)
# Invoices of both kinds, of people in turn; each asks for a hundred rubles.
OPEN = statement(
    "INSERT INTO payments (user_id, method, amount, status, confirmed_at, comment, nano, stars, rate, rate_source,"
    "                      rate_at, created_at, expires_at)"
    " SELECT 1 + n % 1000, :method, 100, :status, CASE WHEN :status = 'confirmed' THEN CAST(:now AS timestamptz) END,"
    "        CASE WHEN :method = 'ton' THEN :mark || n END, :nano, :stars, 220, 'bench', :now, :now, :expires_at"
    " FROM generate_series(:batch, :most) n RETURNING id"
)
FUND = statement(
    "WITH booked AS (INSERT INTO ledger_transactions (key, kind, created_at)"
    "                SELECT 'bench:' || n, 'adjustment', :now FROM generate_series(1, :most) n RETURNING id, key),"
    " lines AS (INSERT INTO ledger_entries (transaction_id, account, amount)"
    "           SELECT booked.id, line.account, line.amount FROM booked,"
    "           LATERAL (VALUES ('wallet:' || substr(booked.key, 7), CAST(10000 AS numeric)),"
    "                           ('adjustments', CAST(-10000 AS numeric))) AS line (account, amount))"
    " UPDATE users SET balance = balance + 10000"
)
VACUUM = text("VACUUM ANALYZE payments")


class Till:
    """The product's repositories on one database, and what is bought and paid there."""

    def __init__(self, database: Database, cache: Cache) -> None:
        bonuses = Bonuses("first_payment", Decimal(50))
        self.database = database
        self.payments = PaymentRepository(database, cache, Settler(database, bonuses))
        self.receipts = ReceiptRepository(database, cache, bonuses)
        self.shop = ShopRepository(database, cache)

    async def open(self, method: str, count: int, mark: str = "code", status: str = "pending") -> list[int]:
        """So many invoices, and their ids."""
        params = {
            "method": method,
            "nano": NANO,
            "stars": STARS,
            "mark": mark,
            "status": status,
            "now": NOW,
            "expires_at": NOW + timedelta(minutes=10),
        }
        ids: list[int] = []
        for first in range(1, count + 1, CHUNK):
            part = params | {"batch": first, "most": min(first + CHUNK - 1, count)}
            ids += [row.id for row in await self.database.run(OPEN, part)]
        return ids

    async def vacuum(self) -> None:
        """Have the table as autovacuum leaves it."""
        await self.database.run(VACUUM)

    async def people(self) -> None:
        """A thousand accounts with ten thousand rubles each."""
        await self.database.run(ARRIVE, {"now": NOW, "most": PEOPLE})
        await self.database.run(FUND, {"now": NOW, "most": PEOPLE})


def transfers(first: int, count: int, mark: str = "code") -> list[IncomingTransfer]:
    """A page of history that pays so many invoices, exactly and in time."""
    at = NOW + timedelta(minutes=1)
    return [
        IncomingTransfer(f"{number:064x}", number, at, None, NANO, f"{mark}{number}", is_money=True, verdict="money")
        for number in range(first, first + count)
    ]


def charge(payment_id: int, key: str) -> PaidEvent:
    """A charge in Stars of exactly what the invoice asked for."""
    return PaidEvent("stars", key, payment_id, None, None, "XTR", STARS, WORTH, NOW)


@asynccontextmanager
async def open_till(url: URL, name: str, cache: Cache) -> AsyncIterator[Till]:
    """A till in a database of its own, with a thousand people."""
    async with another_database(url, name) as own:
        database = Database(make_engine(own, POOL))
        till = Till(database, cache)
        await till.people()
        yield till
        await database.close()
