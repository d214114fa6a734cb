"""All that the books know of one person, so that an operator can say where their money is. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.money import Money
from app.repo.sql import statement
from app.services.dossier import Dossier, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from app.repo.db import Database

PERSON = statement(
    "SELECT tg_id, first_name, username, balance, subscription_end, is_banned, gone_at, created_at"
    " FROM users WHERE tg_id = :tg_id"
)
# Each answers with an instant, a text that names the row, rubles or none, and what became of it.
MOVEMENTS = statement(
    """
    SELECT t.created_at AS at, t.key AS name, e.amount, t.kind AS state
    FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
    WHERE e.account = 'wallet:' || CAST(:tg_id AS text) ORDER BY e.id DESC LIMIT :batch
    """
)
INVOICES = statement(
    """
    SELECT created_at AS at, 'payment:' || id || ' ' || method || COALESCE(' ' || upper(comment), '') AS name, amount,
           status || COALESCE(', ' || reason, '') AS state
    FROM payments WHERE user_id = :tg_id ORDER BY id DESC LIMIT :batch
    """
)
RECEIPTS = statement(
    """
    SELECT at, name, credited AS amount, status || COALESCE(', payment ' || payment_id, '') AS state FROM (
        SELECT at, 'ton:' || hash AS name, credited, status, payment_id FROM ton_transactions WHERE user_id = :tg_id
        UNION ALL
        SELECT at, gateway || ':' || key || CASE direction WHEN 'out' THEN ' given back' ELSE '' END, credited,
               status || CASE WHEN debt > 0 THEN ', debt ' || debt ELSE '' END, payment_id
        FROM receipts WHERE user_id = :tg_id) r
    ORDER BY at DESC LIMIT :batch
    """
)
PURCHASES = statement(
    """
    SELECT created_at AS at, 'purchase:' || id || ' ' || plan_key AS name, price AS amount,
           days || ' days, until ' || to_char(subscription_end, 'YYYY-MM-DD HH24:MI') AS state
    FROM purchases WHERE user_id = :tg_id ORDER BY id DESC LIMIT :batch
    """
)
ACTS = statement(
    """
    SELECT at, action || ' ' || key AS name, amount, 'by ' || who || COALESCE(': ' || reason, '') AS state
    FROM operator_log WHERE user_id = :tg_id ORDER BY id DESC LIMIT :batch
    """
)


class DossierRepository:
    """Questions about one person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, tg_id: int, limit: int) -> Dossier | None:
        """The person with up to `limit` of the newest rows of each kind; None where there is no such account."""
        people = await self._database.run(PERSON, {"tg_id": tg_id})
        if not people:
            return None
        person = people[0]
        kinds = {
            "ledger": MOVEMENTS,
            "payments": INVOICES,
            "receipts": RECEIPTS,
            "purchases": PURCHASES,
            "operators": ACTS,
        }
        params = {"tg_id": tg_id, "batch": limit}
        parts = {title: _lines(await self._database.run(query, params)) for title, query in kinds.items()}
        return Dossier(
            tg_id=person.tg_id,
            name=person.first_name,
            username=person.username,
            balance=Money.rub(person.balance),
            subscription_end=person.subscription_end,
            is_banned=person.is_banned,
            gone_at=person.gone_at,
            created_at=person.created_at,
            parts=parts,
        )


def _lines(rows: Sequence[Row[Any]]) -> tuple[Line, ...]:
    return tuple(
        Line(row.at, row.name, None if row.amount is None else Money.rub(row.amount), row.state) for row in rows
    )
