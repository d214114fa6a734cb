"""Turns receipts into balance: one set-based statement a page, with the cursor, in one transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.domain.money import Money
from app.domain.ton import normalised_comment
from app.repo.db import SERIALIZATION_FAILURES, sqlstate
from app.repo.sql import statement
from app.services.records import Credit, Settlement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from app.repo.bonuses import Bonuses
    from app.repo.db import Database
    from app.services.records import IncomingTransfer, Rate

# What a transfer is worth: the first of an invoice that comes in time, by the chain's own time, as domain/ton.py's
# credit_for has it; another one at the invoice's rate; a late one at the rate of its arrival. Kopecks are rounded down,
# and what is worth none is not the first of anything. What was paid is found by its amount and not by its status: of a
# status the planner expects one row, and then compares every movement of a page with every other.
SETTLE = statement(
    """
    WITH incoming AS (
        SELECT DISTINCT ON (hash) * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
            hash text, lt bigint, at timestamptz, source text, nano bigint, comment text, code text,
            verdict text, is_money boolean)
    ), claims AS (
        SELECT i.*, p.id AS payment_id, COALESCE(p.user_id, s.user_id) AS user_id, p.message_id, p.nano AS quoted,
               p.amount, p.status <> 'confirmed' AS is_open, i.at <= p.expires_at AS in_time,
               CASE WHEN i.at <= p.expires_at THEN p.rate
                    WHEN COALESCE(p.user_id, s.user_id) IS NOT NULL THEN :late_rate END AS rate
        FROM incoming i
        LEFT JOIN payments p ON p.comment = i.code AND p.method = 'ton' AND i.is_money
        LEFT JOIN payment_tombstones s ON s.comment = i.code AND s.method = 'ton' AND i.is_money
    ), worths AS (
        SELECT claims.*, worth, CASE WHEN NOT in_time THEN worth
                                     WHEN nano < quoted THEN LEAST(worth, amount)
                                     ELSE amount + trunc((nano - quoted) * rate * 0.000000001, 2) END AS as_quoted
        FROM claims, LATERAL (SELECT trunc(nano * rate * 0.000000001, 2)) v (worth)
    ), ranked AS (
        SELECT *, COALESCE(is_open AND as_quoted > 0 AND row_number() OVER (
                           PARTITION BY payment_id, as_quoted > 0 ORDER BY lt) = 1, false) AS is_first FROM worths
    ), judged AS (
        SELECT *, NULLIF(CASE WHEN is_first THEN as_quoted ELSE worth END, 0) AS credited FROM ranked
    ), fresh AS (
        INSERT INTO ton_transactions (hash, account, lt, at, source, nano, comment, verdict, status,
                                      payment_id, user_id, credited, rate, seen_at)
        SELECT hash, :account, lt, at, source, nano, comment, verdict,
               CASE WHEN credited IS NOT NULL THEN 'credited'
                    WHEN nano > 0 AND verdict NOT IN ('outgoing', 'bounced', 'returned', 'history')
                         THEN 'unmatched'
                    ELSE 'ignored' END,
               payment_id, user_id, credited, CASE WHEN credited IS NOT NULL THEN rate END, :now
        FROM judged ON CONFLICT DO NOTHING
        RETURNING hash, payment_id, user_id, credited, status
    ), paid AS (
        SELECT f.hash, f.payment_id, f.user_id, f.credited, j.message_id, j.is_first,
               CASE WHEN j.is_first THEN 'payment:' || f.payment_id ELSE 'ton:' || f.hash END AS key
        FROM fresh f JOIN judged j USING (hash) WHERE f.credited IS NOT NULL
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at) SELECT key, 'topup', :now FROM paid RETURNING id, key
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked JOIN paid USING (key),
             LATERAL (VALUES ('wallet:' || paid.user_id, paid.credited), ('gateway:ton', -paid.credited))
             AS line (account, amount)
    ), balances AS (
        UPDATE users SET balance = balance + sums.total
        FROM (SELECT user_id, sum(credited) AS total FROM paid GROUP BY user_id) sums
        WHERE users.tg_id = sums.user_id
    ), confirmed AS (
        UPDATE payments SET status = 'confirmed', reason = NULL, confirmed_at = :now
        FROM paid WHERE payments.id = paid.payment_id AND paid.is_first
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, message_id, next_attempt_at, created_at)
        SELECT 'paid:' || hash, user_id, 'payment_confirmed',
               jsonb_build_object('amount', credited::text, 'receipt', COALESCE(payment_id::text, left(hash, 8))),
               CASE WHEN is_first THEN message_id END, :now, :now
        FROM paid
    ), moved AS (
        INSERT INTO chain_cursors (account, lt) VALUES (:account, :lt)
        ON CONFLICT (account) DO UPDATE SET lt = GREATEST(chain_cursors.lt, excluded.lt)
    )
    SELECT f.payment_id, f.user_id, f.credited, f.status FROM fresh f WHERE f.status <> 'ignored'
    """
)

class Settler:
    """The transaction in which chain transfers become money, at most once each."""

    def __init__(self, database: Database, bonuses: Bonuses) -> None:
        self._database = database
        self._bonuses = bonuses

    async def settle(
        self, account: str, transfers: Sequence[IncomingTransfer], late_rate: Rate, now: datetime
    ) -> tuple[Settlement, set[int]]:
        """What the page came to, and whose wallets changed. Repeating a page credits nothing."""
        try:
            return await self._settle_once(account, transfers, late_rate, now)
        except DBAPIError as error:
            # Another poller settled the same invoice at the same moment, and now its row is visible.
            if not isinstance(error, IntegrityError) and sqlstate(error) not in SERIALIZATION_FAILURES:
                raise
            return await self._settle_once(account, transfers, late_rate, now)

    async def _settle_once(
        self, account: str, transfers: Sequence[IncomingTransfer], late_rate: Rate, now: datetime
    ) -> tuple[Settlement, set[int]]:
        params: dict[str, Any] = {
            "rows": json.dumps([_row(transfer) for transfer in transfers]),
            "account": account,
            "late_rate": late_rate.rub,
            "now": now,
            "lt": max((transfer.lt for transfer in transfers), default=0),
        }
        async with self._database.transaction() as connection:
            rows = (await connection.execute(SETTLE, params)).fetchall()
            credited = tuple(_credit(row) for row in rows if row.credited is not None)
            owners = {credit.owner for credit in credited}
            owners |= await self._bonuses.pay(connection, "first_payment", owners, now)
        return Settlement(credited, unmatched=len(rows) - len(credited)), owners


def _row(transfer: IncomingTransfer) -> dict[str, object]:
    """A transfer as SETTLE reads it; the comment is stored as it came and matched in its normal form."""
    return {
        "hash": transfer.hash,
        "lt": transfer.lt,
        "at": transfer.at.isoformat(),
        "source": transfer.source,
        "nano": transfer.nano,
        "comment": _storable(transfer.comment) if transfer.comment is not None else None,
        "code": normalised_comment(transfer.comment) if transfer.comment else None,
        "verdict": transfer.verdict,
        "is_money": transfer.is_money,
    }


def _storable(text: str) -> str:
    """Without what PostgreSQL can't keep: one such transfer would hold up all that come after it."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _credit(row: Row[Any]) -> Credit:
    return Credit(row.payment_id or 0, row.user_id, Money.rub(row.credited))
