"""Turns receipts into balance: one set-based statement a page, with the cursor, in one transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from app.domain.money import Money
from app.domain.rates import NEAR
from app.domain.ton import normalised_comment
from app.repo.pending_parts import AWAITED, UNTOLD
from app.repo.sql import statement
from app.services.chain import Credit, Settlement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.repo.bonuses import Bonuses
    from app.repo.db import Database
    from app.services.chain import IncomingTransfer
    from app.services.records import Rate

# What a transfer is worth: the first of an invoice that comes in time and in its asset, by the chain's own time, as
# domain/ton.py's credit_for has it; another one at the invoice's rate; a late one, or one in another asset, at the
# rate of its own minute, which is the last one noted before it, else the one given. Kopecks are rounded down, and
# what is worth none is not the first of anything. What was paid is found by its amount and not by its status: of a
# status the planner expects one row, and then compares every movement of a page with every other.
SETTLE = statement(
    f"""
    WITH incoming AS (
        SELECT DISTINCT ON (hash) *, CASE asset WHEN 'usdt' THEN 0.000001 ELSE 0.000000001 END AS unit
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
            hash text, asset text, lt bigint, at timestamptz, source text, nano bigint, comment text, code text,
            verdict text, is_money boolean)
    ), claims AS (
        SELECT i.*, p.id AS payment_id, COALESCE(p.user_id, s.user_id) AS user_id, p.message_id, p.nano AS quoted,
               p.amount, p.status <> 'confirmed' AS is_open, i.at <= p.expires_at AND p.method = i.asset AS in_time,
               p.rate AS own_rate, p.rate_source AS own_source, p.rate_at AS own_rate_at
        FROM incoming i
        LEFT JOIN payments p ON p.comment = i.code AND p.method IN ('ton', 'usdt') AND i.is_money
        LEFT JOIN payment_tombstones s ON s.comment = i.code AND s.method IN ('ton', 'usdt') AND i.is_money
    ), rated AS (
        SELECT c.*, r.* FROM claims c
        LEFT JOIN LATERAL (
            SELECT h.rub, h.source, h.at FROM rate_history h
            WHERE c.user_id IS NOT NULL AND c.in_time IS NOT TRUE
                  AND h.asset = c.asset AND h.at <= c.at AND h.at > c.at - CAST(:near AS interval)
            ORDER BY h.at DESC LIMIT 1
        ) h ON true
        CROSS JOIN LATERAL (
            SELECT c.own_rate, c.own_source, c.own_rate_at WHERE c.in_time
            UNION ALL SELECT h.rub, h.source, h.at WHERE c.in_time IS NOT TRUE AND h.rub IS NOT NULL
            UNION ALL SELECT CASE WHEN c.user_id IS NOT NULL THEN :late_rate END, :rate_source, :rate_at
                      WHERE c.in_time IS NOT TRUE AND h.rub IS NULL
        ) r (rate, rate_source, rate_at)
    ), worths AS (
        SELECT rated.*, worth, CASE WHEN in_time IS NOT TRUE THEN worth
                                    WHEN nano < quoted THEN LEAST(worth, amount)
                                    ELSE amount + trunc((nano - quoted) * rate * unit, 2) END AS as_quoted
        FROM rated, LATERAL (SELECT trunc(nano * rate * unit, 2)) v (worth)
    ), ranked AS (
        SELECT *, COALESCE(is_open AND as_quoted > 0 AND row_number() OVER (
                           PARTITION BY payment_id, as_quoted > 0 ORDER BY lt) = 1, false) AS is_first FROM worths
    ), judged AS (
        SELECT *, NULLIF(CASE WHEN is_first THEN as_quoted ELSE worth END, 0) AS credited FROM ranked
    ), fresh AS (
        INSERT INTO ton_transactions (hash, asset, account, lt, at, source, nano, comment, verdict, status,
                                      payment_id, user_id, credited, rate, rate_source, rate_at, seen_at)
        SELECT hash, asset, :account, lt, at, source, nano, comment, verdict,
               CASE WHEN credited IS NOT NULL THEN 'credited'
                    WHEN verdict = 'unreadable' THEN 'unmatched'
                    WHEN nano > 0 AND verdict NOT IN ('outgoing', 'bounced', 'returned', 'history', 'notice')
                         THEN 'unmatched'
                    ELSE 'ignored' END,
               payment_id, user_id, credited, CASE WHEN credited IS NOT NULL THEN rate END,
               CASE WHEN credited IS NOT NULL THEN rate_source END,
               CASE WHEN credited IS NOT NULL THEN rate_at END, :now
        FROM judged ON CONFLICT DO NOTHING
        RETURNING hash, payment_id, user_id, credited, status
    ), paid AS (
        SELECT f.hash, f.payment_id, f.user_id, f.credited, j.asset, j.at, j.message_id, j.is_first,
               CASE WHEN j.is_first THEN 'payment:' || f.payment_id ELSE j.asset || ':' || f.hash END AS key
        FROM fresh f JOIN judged j USING (hash) WHERE f.credited IS NOT NULL
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at) SELECT key, 'topup', :now FROM paid RETURNING id, key
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked JOIN paid USING (key),
             LATERAL (VALUES ('wallet:' || paid.user_id, paid.credited), ('gateway:' || paid.asset, -paid.credited))
             AS line (account, amount)
    ), balances AS (
        UPDATE users SET balance = balance + sums.total
        FROM (SELECT user_id, sum(credited) AS total FROM paid GROUP BY user_id) sums
        WHERE users.tg_id = sums.user_id RETURNING users.tg_id
    ), confirmed AS (
        UPDATE payments SET status = 'confirmed', reason = NULL, confirmed_at = :now
        FROM paid WHERE payments.id = paid.payment_id AND paid.is_first RETURNING payments.id
    ), {AWAITED}, told AS (
        INSERT INTO notices (key, recipient, kind, facts, message_id, next_attempt_at, created_at)
        SELECT 'paid:' || hash, user_id, 'payment_confirmed',
               jsonb_build_object('amount', credited::text, 'receipt', COALESCE(payment_id::text, left(hash, 8))),
               CASE WHEN is_first THEN message_id END, :now, :now
        FROM paid WHERE {UNTOLD}
    ), moved AS (
        INSERT INTO chain_cursors (account, lt) VALUES (:account, :lt)
        ON CONFLICT (account) DO UPDATE SET lt = GREATEST(chain_cursors.lt, excluded.lt)
    )
    SELECT f.payment_id, f.user_id, f.credited, f.status FROM fresh f WHERE f.status <> 'ignored'
    """  # noqa: S608 - constants
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
        params: dict[str, Any] = {
            "rows": json.dumps([_row(transfer) for transfer in transfers]),
            "account": account,
            "late_rate": late_rate.rub,
            "rate_source": late_rate.source,
            "rate_at": late_rate.fetched_at,
            "near": NEAR,
            "now": now,
            "lt": max((transfer.lt for transfer in transfers), default=0),
        }

        async def page(connection: AsyncConnection) -> tuple[Settlement, set[int]]:
            rows = (await connection.execute(SETTLE, params)).fetchall()
            credited = tuple(_credit(row) for row in rows if row.credited is not None)
            owners = {credit.owner for credit in credited}
            owners |= await self._bonuses.pay(connection, "first_payment", owners, now)
            return Settlement(credited, unmatched=len(rows) - len(credited)), owners

        # Anew where another poller settled the same invoice at the same moment: now its row can be seen.
        return await self._database.unit(page)


def _row(transfer: IncomingTransfer) -> dict[str, object]:
    """A transfer as SETTLE reads it; the comment is stored as it came and matched in its normal form."""
    return {
        "hash": transfer.hash,
        "asset": transfer.asset.value,
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
