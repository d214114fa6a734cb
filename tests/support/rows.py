"""What the database holds, to be compared with what it holds later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from app.repo.db import Database

TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
# All that belongs to one person; what is foreign to a person is told by these columns.
OWNERS = {
    "users": "tg_id",
    "configs": "user_id",
    "payments": "user_id",
    "purchases": "user_id",
    "promo_uses": "user_id",
    "promo_misses": "user_id",
    "gifts": "giver_id",
    "grants": "user_id",
    "ton_transactions": "user_id",
    "referrals": "referee_id",
    "notices": "recipient",
    "ledger_entries": "replace(account, 'wallet:', '')",
}


async def all_rows(database: Database) -> dict[str, list[str]]:
    """Every row of every table."""
    tables = [table for (table,) in await database.run(TABLES)]
    return {table: await _rows(database, f"SELECT t::text FROM {table} t ORDER BY 1") for table in tables}  # noqa: S608


async def rows_of(database: Database, tg_id: int) -> dict[str, list[str]]:
    """Every row of one person."""
    return {
        table: await _rows(database, f"SELECT t::text FROM {table} t WHERE {owner}::text = '{tg_id}' ORDER BY 1")  # noqa: S608
        for table, owner in OWNERS.items()
    }


async def _rows(database: Database, query: str) -> list[str]:
    return [str(row[0]) for row in await database.run(text(query))]
