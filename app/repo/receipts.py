"""Turns a gateway's receipt into balance, or back, at most once each. One statement an event, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.exc import IntegrityError

from app.domain.errors import NotFound
from app.domain.money import Money
from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.pending_parts import AWAITED, UNTOLD
from app.repo.sql import statement
from app.services.records import Booked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from decimal import Decimal

    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.repo.bonuses import Bonuses
    from app.repo.db import Database
    from app.services.records import PaidEvent
    from app.services.reversals import RefundedEvent
    from app.utils.redis import Cache

WAITS = "waits"

# What was asked brings exactly the amount; anything else what it is worth by the gateway's own word. An event whose
# payment is unknown, or another person's by now (a restored backup counts anew), belongs to the person that the gateway
# names; where it names none of ours, an operator decides.
# Where the statement is alone in its transaction, what may earn an inviter a bonus waits for one that pays it as well.
CREDIT = statement(
    f"""
    WITH claim AS (
        SELECT p.id AS payment_id, p.user_id, p.message_id, p.amount, p.status <> 'confirmed' AS is_first,
               COALESCE(p.stars, CAST(p.amount * 100 AS bigint)) AS asked
        FROM payments p
        WHERE p.method = :gateway AND (p.id = :payment_id OR p.external_id = :external_id)
              AND p.user_id = COALESCE(:payer, p.user_id)
        ORDER BY p.id LIMIT 1
    ), owner AS (
        SELECT user_id FROM claim
        UNION ALL
        SELECT s.user_id FROM payment_tombstones s WHERE s.method = :gateway
               AND (s.payment_id = :payment_id OR s.external_id = :external_id)
               AND s.user_id = COALESCE(:payer, s.user_id) AND NOT EXISTS (SELECT FROM claim)
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
        SELECT f.*, j.message_id, j.is_first, :at AS at,
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
        RETURNING users.tg_id
    ), confirmed AS (
        UPDATE payments SET status = 'confirmed', reason = NULL, confirmed_at = :now
        FROM paid WHERE payments.id = paid.payment_id AND paid.is_first RETURNING payments.id
    ), {AWAITED}, told AS (
        INSERT INTO notices (key, recipient, kind, facts, message_id, next_attempt_at, created_at)
        SELECT 'paid:' || :gateway || ':' || :key, user_id, 'payment_confirmed',
               jsonb_build_object('amount', credited::text, 'receipt', COALESCE(payment_id::text, left(:key, 8)),
                                  'method', :gateway),
               CASE WHEN is_first THEN message_id END, :now, :now
        FROM paid WHERE {UNTOLD}
    )
    SELECT user_id, payment_id, credited, status FROM fresh
    UNION ALL SELECT user_id, payment_id, NULL, 'waits' FROM judged WHERE must_wait
    """  # noqa: S608 - constants
)

# Two refunds of one charge at once: the second has to see what the first left.
LOCK_CHARGE = statement(
    "SELECT key FROM receipts WHERE gateway = :gateway AND key = :charge AND direction = 'in' FOR UPDATE"
)
# A refund takes the balance back as far as it goes; what was spent already is booked as the customer's debt. Of a
# charge that waits for an operator nothing was credited: its refund is a receipt alone. The new balance is reckoned
# from the locked one, as in offers.py.
REFUND = statement(
    """
    WITH charge AS (
        SELECT i.payment_id, i.user_id, i.asset, i.asset_amount, i.status, i.credited,
               i.asset_amount - COALESCE(sum(o.asset_amount), 0) AS asset_left,
               i.credited + COALESCE(sum(o.credited), 0) AS credit_left
        FROM receipts i
        LEFT JOIN receipts o ON o.gateway = i.gateway AND o.charge = i.key AND o.direction = 'out'
        WHERE i.gateway = :gateway AND i.key = :charge AND i.direction = 'in'
        GROUP BY i.gateway, i.key, i.direction
    ), part AS (
        SELECT *, LEAST(COALESCE(:asset_amount, asset_left), asset_left) AS asset_back FROM charge
        WHERE asset_left > 0
    ), back AS (
        SELECT *, CASE WHEN asset_back = asset_left THEN credit_left
                       ELSE LEAST(credit_left, round(credited * asset_back / asset_amount, 2)) END AS worth
        FROM part
    ), wallet AS (
        SELECT users.tg_id, users.balance, LEAST(users.balance, back.worth) AS taken
        FROM users JOIN back ON users.tg_id = back.user_id AND back.status = 'credited' FOR UPDATE OF users
    ), fresh AS (
        INSERT INTO receipts (gateway, key, direction, charge, payment_id, user_id, asset, asset_amount, status,
                              credited, debt, at, seen_at)
        SELECT :gateway, :key, 'out', :charge, payment_id, user_id, asset, asset_back, status,
               -worth, COALESCE(worth - taken, 0), :at, :now
        FROM back LEFT JOIN wallet ON true ON CONFLICT DO NOTHING
        RETURNING user_id, payment_id, credited, debt, status
    ), taken AS (
        SELECT * FROM fresh WHERE status = 'credited'
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT 'refund:' || :gateway || ':' || :key, 'refund', :now FROM taken RETURNING id
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount FROM booked, taken, wallet,
               LATERAL (VALUES ('wallet:' || taken.user_id, -wallet.taken), ('debts', -taken.debt),
                               ('gateway:' || :gateway, -taken.credited)) AS line (account, amount)
        WHERE line.amount <> 0
    ), balances AS (
        UPDATE users SET balance = wallet.balance - wallet.taken FROM taken, wallet WHERE users.tg_id = wallet.tg_id
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'refund:' || :gateway || ':' || :key, user_id, 'payment_refunded',
               jsonb_build_object('amount', (-credited)::text, 'receipt', COALESCE(payment_id::text, left(:charge, 8))),
               :now, :now
        FROM taken
    )
    SELECT user_id, payment_id, credited, status FROM fresh
    """
)


class Outcome(NamedTuple):
    """What became of an event: a row of CREDIT and of REFUND."""

    user_id: int
    payment_id: int | None
    credited: Decimal | None
    status: str


class ReceiptRepository(BaseRepository):
    """Implements ports.ReceiptStore."""

    def __init__(self, database: Database, cache: Cache, bonuses: Bonuses) -> None:
        super().__init__(database, cache)
        self._bonuses = bonuses

    async def credit(self, event: PaidEvent, now: datetime) -> Booked | None:
        """Credit what the event brought, once for its key; None where it was known already.

        In one round trip, as most charges can be; in a transaction with the bonus where somebody may earn one.
        """
        params = _params(event, now)

        async def booking(connection: AsyncConnection) -> tuple[Outcome | None, set[int]]:
            row = _outcome((await connection.execute(CREDIT, params | {"is_alone": False})).fetchall())
            if row is None or row.credited is None:
                return row, set()
            return row, await self._bonuses.pay(connection, "first_payment", (row.user_id,), now)

        row, inviters = await self._credited_alone(params), set[int]()
        if row is not None and row.status == WAITS:
            row, inviters = await self.database.unit(booking)
        failpoint("receipt.credited")
        if row is None:
            return None
        if row.credited is not None:
            await self.drop_account(row.user_id, *inviters, parts=("balance",))
        return _booked(row)

    async def _credited_alone(self, params: dict[str, Any]) -> Outcome | None:
        """What became of it in a statement by itself, where nobody may earn a bonus by it."""
        alone = params | {"is_alone": self._bonuses.due_at("first_payment")}
        try:
            rows = await self.database.write(CREDIT, alone)
        except IntegrityError:  # another charge of the same invoice was credited at that moment: it can be seen now
            rows = await self.database.write(CREDIT, alone)
        return _outcome(rows)

    async def refund(self, event: RefundedEvent, now: datetime) -> Booked | None:
        """Take back what went back, once for its key; None where nothing is left of the charge, NotFound without it."""
        params: dict[str, Any] = {
            "gateway": event.gateway,
            "key": event.key,
            "charge": event.charge,
            "asset_amount": event.asset_amount,
            "at": event.at,
            "now": now,
        }
        async with self.database.transaction() as connection:
            locked = await connection.execute(LOCK_CHARGE, {"gateway": event.gateway, "charge": event.charge})
            if locked.one_or_none() is None:
                raise NotFound
            row = _outcome((await connection.execute(REFUND, params)).fetchall())
        failpoint("receipt.refunded")
        if row is None:
            return None
        if row.credited is not None:
            await self.drop_account(row.user_id, parts=("balance",))
        return _booked(row)


def _params(event: PaidEvent, now: datetime) -> dict[str, Any]:
    return {
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
    }


def _outcome(rows: Sequence[Iterable[Any]]) -> Outcome | None:
    return Outcome(*rows[0]) if rows else None


def _booked(row: Outcome) -> Booked:
    return Booked(row.user_id, row.payment_id, None if row.credited is None else Money.rub(row.credited))
