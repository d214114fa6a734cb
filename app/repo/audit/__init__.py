"""Proves the books by SQL of its own. Shares no statement with the code it checks, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.repo.audit.books import BOOKS
from app.repo.audit.chain import CHAIN
from app.repo.audit.delays import DELAYS
from app.repo.audit.deliveries import DELIVERIES
from app.repo.audit.operators import OPERATORS
from app.repo.audit.pending import PENDING
from app.repo.audit.promos import PROMOS
from app.repo.audit.receipts import RECEIPTS
from app.repo.audit.refunds import REFUNDS
from app.repo.audit.renewals import RENEWALS
from app.repo.audit.sales import SALES
from app.repo.db import TooSlow

if TYPE_CHECKING:
    from datetime import datetime

    from app.repo.db import Database

# Each finds rows that must not exist; the first column names the row, the second says what is wrong with it.
INVARIANTS = {
    **BOOKS, **RECEIPTS, **CHAIN, **REFUNDS, **SALES, **PROMOS, **OPERATORS, **DELIVERIES, **PENDING, **RENEWALS,
}  # fmt: skip

MOST_SECONDS = 120
# All of them in one look and one round trip.
_ALL = text(
    " UNION ALL ".join(
        f"SELECT {number}, CAST(of_row AS text), CAST(what AS text) FROM ({query}) AS broken (of_row, what)"  # noqa: S608 - ours
        for number, query in enumerate(INVARIANTS.values())
    )
)


@dataclass(frozen=True, slots=True)
class Break:
    """A row that must not exist."""

    invariant: str
    row: str
    what: str


async def breaks(database: Database) -> list[Break]:
    """Every broken invariant with the rows that break it, all seen at one moment; empty where the books are right."""
    names = list(INVARIANTS)
    return [Break(names[number], str(row), str(what)) for number, row, what in await database.run(_ALL)]


async def examined(database: Database, now: datetime | None = None) -> list[Break]:
    """The same beside a running shop, read-only, each rule with time enough; with `now` also what was left lying."""
    found: list[Break] = []
    rules = [(invariant, query, ()) for invariant, query in INVARIANTS.items()]
    late = [] if now is None else [(invariant, query, (now,)) for invariant, query in DELAYS.items()]
    for invariant, query, params in (*rules, *late):
        try:
            rows = await database.examine(query, MOST_SECONDS, *params)
        except TooSlow:
            found.append(Break(invariant, "not finished", f"took longer than {MOST_SECONDS} s"))
        else:
            found.extend(Break(invariant, *map(str, row)) for row in rows)
    return found
