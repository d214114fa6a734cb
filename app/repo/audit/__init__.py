"""Proves the books by SQL of its own. Shares no statement with the code it checks, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.repo.audit.books import BOOKS
from app.repo.audit.chain import CHAIN
from app.repo.audit.receipts import RECEIPTS
from app.repo.audit.sales import SALES

if TYPE_CHECKING:
    from app.repo.db import Database

# Each finds rows that must not exist; the first column names the row, the second says what is wrong with it.
INVARIANTS = {**BOOKS, **RECEIPTS, **CHAIN, **SALES}


@dataclass(frozen=True, slots=True)
class Break:
    """A row that must not exist."""

    invariant: str
    row: str
    what: str


async def breaks(database: Database) -> list[Break]:
    """Every broken invariant with the rows that break it; empty where the books are right."""
    found: list[Break] = []
    for invariant, query in INVARIANTS.items():
        rows = await database.run(text(query))
        found.extend(Break(invariant, *map(str, row)) for row in rows)
    return found
