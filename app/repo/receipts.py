"""Turns a gateway's receipt into balance, or back, at most once each. One statement an event, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from app.domain.money import Money
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.records import Booked

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Row

    from app.repo.bonuses import Bonuses
    from app.repo.db import Database
    from app.services.records import PaidEvent
    from app.utils.redis import Cache

# What was asked brings exactly the amount; anything else what it is worth by the gateway's own word. An event whose
# payment is unknown belongs to the person that the gateway names; where it names none of ours, an operator decides.
# Where the statement is alone in its transaction, what may earn an inviter a bonus waits for one that pays it as well.
CREDIT = statement(
    """
    WITH claim AS (
        SELECT p.id AS payment_id, p.user_id, p.message_id, p.amount, p.status <> 'confirmed' AS is_first,
               COALESCE(p.stars, CAST(p.amount * 100 AS bigint)) AS asked
        FROM payments p
        WHERE p.method = :gateway AND (p.id = :payment_id OR p.external_id = :external_id)
        ORDER BY p.id LIMIT 1
    ), owner AS (
        SELECT user_id FROM claim
        UNION ALL
        SELECT s.user_id FROM payment_tombstones s WHERE s.method = :gateway
               AND (s.payment_id = :payment_id OR s.external_id = :external_id) AND NOT EXISTS (SELECT FROM claim)
        UNION ALL
        SELECT tg_id FROM users WHERE tg_id = :payer
        LIMIT 1
    ), judged AS (
        SELECT claim.payment_id, owner.user_id, claim.message_id, COALESCE(claim.is_first, false) AS is_first,
               CASE WHEN owner.user_id IS NULL THEN NULL
                    WHEN claim.is_first AND claim.asked = :asset_amount THEN claim.amount
                    ELSE NULLIF(:amount, 0) END AS credited,
               :is_alone AND EXISTS (SELECT FROM referrals WHERE referee_id = owner.user_id
                                                                 AND bonus_paid_at IS NULL) AS must_wait
        FROM (SELECT) one LEFT JOIN claim ON true LEFT JOIN owner ON true
    ), fresh AS (
        INSERT INTO receipts (gateway, key, direction, payment_id, user_id, asset, asset_amount, status, credited,
                              at, seen_at)
        SELECT :gateway, :key, 'in', payment_id, user_id, :asset, :asset_amount,
               CASE WHEN credited IS NULL THEN 'unmatched' ELSE 'credited' END, credited, :at, :now
        FROM judged WHERE NOT must_wait ON CONFLICT DO NOTHING RETURNING payment_id, user_id, credited, status
    ), paid AS (
        SELECT f.*, j.message_id, j.is_first,
               CASE WHEN j.is_first THEN 'payment:' || f.payment_id ELSE :gateway || ':' || :key END AS name
        FROM fresh f, judged j WHERE f.status = 'credited'
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at) SELECT name, 'topup', :now FROM paid RETURNING id
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount FROM booked, paid,
               LATERAL (VALUES ('wallet:' || paid.user_id, paid.credited), ('gateway:' || :gateway, -paid.credited))
               AS line (account, amount)
    ), balances AS (
        UPDATE users SET balance = balance + paid.credited FROM paid WHERE users.tg_id = paid.user_id
    ), confirmed AS (
        UPDATE payments SET status = 'confirmed', reason = NULL, confirmed_at = :now
        FROM paid WHERE payments.id = paid.payment_id AND paid.is_first
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, message_id, next_attempt_at, created_at)
        SELECT 'paid:' || :gateway || ':' || :key, user_id, 'payment_confirmed',
               jsonb_build_object('amount', credited::text, 'receipt', COALESCE(payment_id::text, left(:key, 8)),
                                  'method', :gateway),
               CASE WHEN is_first THEN message_id END, :now, :now
        FROM paid
    )
    SELECT user_id, payment_id, credited, status FROM fresh
    UNION ALL SELECT user_id, payment_id, NULL, 'waits' FROM judged WHERE must_wait
    """
)

# A refund takes the balance back as far as it goes; what was spent already is booked as the customer's debt.
REFUND = statement(
    """
    WITH paid AS (
        SELECT r.payment_id, r.user_id, r.credited, r.asset, r.asset_amount FROM receipts r
        WHERE r.gateway = :gateway AND r.key = :key AND r.direction = 'in' AND r.status = 'credited'
    ), wallet AS (
        SELECT users.tg_id, LEAST(users.balance, paid.credited) AS taken, paid.credited
        FROM users JOIN paid ON users.tg_id = paid.user_id FOR UPDATE OF users
    ), fresh AS (
        INSERT INTO receipts (gateway, key, direction, payment_id, user_id, asset, asset_amount, status, credited,
                              debt, at, seen_at)
        SELECT :gateway, :key, 'out', paid.payment_id, paid.user_id, paid.asset, paid.asset_amount, 'credited',
               -paid.credited, paid.credited - wallet.taken, :now, :now
        FROM paid, wallet ON CONFLICT DO NOTHING RETURNING user_id, payment_id, credited, debt, status
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT 'refund:' || :gateway || ':' || :key, 'refund', :now FROM fresh RETURNING id
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount FROM booked, fresh, wallet,
               LATERAL (VALUES ('wallet:' || fresh.user_id, -wallet.taken), ('debts', -fresh.debt),
                               ('gateway:' || :gateway, -fresh.credited)) AS line (account, amount)
        WHERE line.amount <> 0
    ), balances AS (
        UPDATE users SET balance = users.balance - wallet.taken FROM fresh, wallet WHERE users.tg_id = wallet.tg_id
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'refund:' || :gateway || ':' || :key, user_id, 'payment_refunded',
               jsonb_build_object('amount', (-credited)::text, 'receipt', COALESCE(payment_id::text, left(:key, 8))),
               :now, :now
        FROM fresh
    )
    SELECT user_id, payment_id, credited, status FROM fresh
    """
)


class ReceiptRepository(BaseRepository):
    """Implements ports.ReceiptStore."""

    def __init__(self, database: Database, cache: Cache, bonuses: Bonuses) -> None:
        super().__init__(database, cache)
        self._bonuses = bonuses

    async def credit(self, event: PaidEvent, now: datetime) -> Booked | None:
        """Credit what the event brought, once for its key; None where it was known already."""
        try:
            return await self._credit_once(event, now)
        except IntegrityError:  # the same invoice was credited by another charge at the same moment
            return await self._credit_once(event, now)

    async def refund(self, gateway: str, key: str, now: datetime) -> Booked | None:
        """Take back what a charge brought, once; None where there is no such charge or it was taken back."""
        rows = await self.database.run(REFUND, {"gateway": gateway, "key": key, "now": now})
        if not rows:
            return None
        await self.drop_account(rows[0].user_id, parts=("balance",))
        return _booked(rows[0])

    async def _credit_once(self, event: PaidEvent, now: datetime) -> Booked | None:
        """In one round trip, as most charges can be; in a transaction with the bonus where somebody may earn one."""
        params: dict[str, Any] = {
            "gateway": event.gateway,
            "key": event.key,
            "payment_id": event.payment_id,
            "external_id": event.external_id,
            "payer": event.payer,
            "asset": event.asset,
            "asset_amount": event.asset_amount,
            "amount": event.worth.decimal,
            "at": event.at,
            "now": now,
            "is_alone": self._bonuses.due_at("first_payment"),
        }
        rows = await self.database.run(CREDIT, params)
        inviters: Collection[int] = ()
        if rows and rows[0].status == "waits":
            async with self.database.transaction() as connection:
                rows = (await connection.execute(CREDIT, params | {"is_alone": False})).fetchall()
                if rows and rows[0].credited is not None:
                    inviters = await self._bonuses.pay(connection, "first_payment", (rows[0].user_id,), now)
        if not rows:
            return None
        if rows[0].credited is not None:
            await self.drop_account(rows[0].user_id, *inviters, parts=("balance",))
        return _booked(rows[0])


def _booked(row: Row[Any]) -> Booked:
    return Booked(row.user_id, row.payment_id, None if row.credited is None else Money.rub(row.credited))
