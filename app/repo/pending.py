"""Purchases that wait for the money of a payment: stored with it, and made of it. What one costs is as in offers.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from app.domain.money import Money
from app.domain.pending import Moment, Outcome, Wish, outcome
from app.domain.plans import Plan
from app.domain.promo import discounted
from app.failpoints import failpoint
from app.repo.base import AFTER_A_SALE, BaseRepository
from app.repo.gifts import GIVE
from app.repo.offers import STANDING, wanted
from app.repo.shop import BUY
from app.repo.sql import statement
from app.services.pending_records import Due, facts_of
from app.services.records import NoticeKind

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

# In the transaction that stores the payment; sent again it finds its own row.
WISHED = statement(
    """
    INSERT INTO pending_purchases (payment_id, user_id, intent, is_gift, plan_key, days, max_configs, list_price,
                                   price, promo_use, created_at)
    VALUES (:payment_id, :tg_id, :intent, :is_gift, :plan_key, :days, :max_configs, :amount, :price,
            NULLIF(:use_id, 0), :now)
    ON CONFLICT (payment_id) DO NOTHING
    """
)
DUE = statement(
    """
    SELECT payment_id, user_id, intent, is_gift, plan_key, days, max_configs, list_price, price,
           COALESCE(promo_use, 0) AS use_id, created_at
    FROM pending_purchases WHERE status = 'due' ORDER BY due_at, payment_id LIMIT :batch
    """
)
# First the person, then the wish, as those have it who credit; so what is read behind both locks holds to the end.
LOCK_BUYER = statement("SELECT tg_id FROM users WHERE tg_id = :tg_id FOR NO KEY UPDATE")
LOOK = statement(
    f"""
    SELECT s.balance, s.is_banned, COALESCE(s.use_id, 0) AS use_id, COALESCE(s.percent, 0) AS percent,
           w.credited, w.paid_at, p.method, CASE WHEN w.is_gift
               THEN EXISTS (SELECT FROM gifts g WHERE g.giver_id = :tg_id AND g.intent = w.intent)
               ELSE EXISTS (SELECT FROM purchases b WHERE b.user_id = :tg_id AND b.intent = w.intent) END AS is_had
    FROM pending_purchases w JOIN payments p ON p.id = w.payment_id CROSS JOIN ({STANDING}) s
    WHERE w.payment_id = :payment_id AND w.status = 'due' FOR NO KEY UPDATE OF w
    """  # noqa: S608 - constants
)
CLOSE = statement(
    """
    WITH closed AS (
        UPDATE pending_purchases SET status = :outcome, looks = looks + 1, purchase_id = CASE WHEN :outcome = 'bought'
                   THEN (SELECT id FROM purchases WHERE user_id = :tg_id AND intent = :intent AND NOT is_gift) END,
               gift_id = CASE WHEN :outcome = 'bought'
                   THEN (SELECT id FROM gifts WHERE giver_id = :tg_id AND intent = :intent AND is_gift) END
        WHERE payment_id = :payment_id RETURNING payment_id, looks
    )
    INSERT INTO notices (key, recipient, kind, facts, message_id, next_attempt_at, created_at)
    SELECT 'pending:' || payment_id || ':' || looks, :tg_id, :kind, CAST(:facts AS jsonb),
           CASE WHEN looks = 1 THEN (SELECT message_id FROM payments WHERE id = payment_id) END, :now, :now
    FROM closed
    """
)
# Where nothing is left to say of the wish, the money is told of as any other.
TOLD_AS = {
    Outcome.BOUGHT: NoticeKind.PURCHASE_MADE,
    Outcome.HAD: NoticeKind.PAYMENT_CONFIRMED,
    Outcome.BANNED: NoticeKind.PAYMENT_CONFIRMED,
}


async def store_wish(connection: AsyncConnection, payment_id: int, tg_id: int, wish: Wish, now: datetime) -> None:
    """Have the wish wait for the money of this payment, in the transaction that stores it."""
    params = _sold(tg_id, wish, now) | {
        "payment_id": payment_id,
        "is_gift": wish.is_gift,
        "amount": wish.plan.price.decimal,
        "price": wish.price.decimal,
    }
    await connection.execute(WISHED, params)


class PendingRepository(BaseRepository):
    """Implements services.pending.PendingStore."""

    async def due(self, limit: int) -> list[Due]:
        """Up to `limit` wishes whose money came, oldest first."""
        rows = await self.database.run(DUE, {"batch": limit})
        return [Due(row.payment_id, row.user_id, _wish(row), row.created_at) for row in rows]

    async def complete(self, due: Due, sold: Plan | None, code: str, now: datetime) -> Outcome | None:
        """Buy what is due if it can be bought, and have its owner told: one transaction, once for its intent.

        `sold` is what is on sale under the plan's key, `code` the gift's. None where somebody else was first.
        """

        async def completing(connection: AsyncConnection) -> Outcome | None:
            await connection.execute(LOCK_BUYER, {"tg_id": due.owner})
            ended = await _ended(connection, due, sold, code, now)
            if ended is None:
                return None
            end, facts = ended
            closing = {
                "payment_id": due.payment_id,
                "tg_id": due.owner,
                "intent": due.wish.intent,
                "outcome": end.value,
                "kind": TOLD_AS.get(end, NoticeKind.PURCHASE_UNMADE).value,
                "facts": json.dumps(facts),
                "now": now,
            }
            await connection.execute(CLOSE, closing)
            return end

        end = await self.database.unit(completing)
        failpoint("pending.completed")
        if end is Outcome.BOUGHT:
            await self.drop_account(due.owner, parts=AFTER_A_SALE)
        return end


async def _ended(
    connection: AsyncConnection, due: Due, sold: Plan | None, code: str, now: datetime
) -> tuple[Outcome, dict[str, str]] | None:
    """How it ends, with what is to be told of that; None where it is due no more. What can be bought is."""
    look: dict[str, Any] = {"tg_id": due.owner, "payment_id": due.payment_id, "now": now}
    while (row := (await connection.execute(LOOK, look)).one_or_none()) is not None:
        end = outcome(due.wish, _moment(row, due, sold))
        facts = {"amount": str(row.credited), "receipt": str(due.payment_id), "method": row.method}
        if end is Outcome.BOUGHT:
            # Nothing but the end of a discount can come in between; then the second look sees that.
            if (sale := await _sale(connection, due, code, now)) is not None:
                return end, facts | facts_of(due.wish) | sale
        elif end in TOLD_AS:
            return end, facts
        else:
            return end, facts | facts_of(due.wish) | _why(end, row, sold)
    return None


async def _sale(connection: AsyncConnection, due: Due, code: str, now: datetime) -> dict[str, str] | None:
    """Sell what was shown; what is to be told of it, None where that is not to be had any more."""
    params = _sold(due.owner, due.wish, now)
    if due.wish.is_gift:
        gift = (await connection.execute(GIVE, params | {"code": code})).one_or_none()
        return None if gift is None else {"balance": str(gift.balance), "code": gift.code}
    bought = (await connection.execute(BUY, params)).one_or_none()
    if bought is None:
        return None
    return {"balance": str(bought.balance), "end": bought.subscription_end.isoformat()}


def _sold(tg_id: int, wish: Wish, now: datetime) -> dict[str, Any]:
    return wanted(tg_id, wish.plan, wish.intent, wish.use_id, now)


def _why(end: Outcome, row: Row[Any], sold: Plan | None) -> dict[str, str]:
    """Why nothing was bought, with what the person has, and what it would cost by now."""
    price = {} if sold is None else {"price_now": str(discounted(sold.price, int(row.percent)))}
    return {"why": end.value, "balance": str(row.balance), **price}


def _moment(row: Row[Any], due: Due, sold: Plan | None) -> Moment:
    return Moment(
        sold, row.use_id, Money.rub(row.balance), row.is_banned, row.is_had, due.wished_at, row.paid_at
    )


def _wish(row: Row[Any]) -> Wish:
    plan = Plan(row.plan_key, row.days, Money.rub(row.list_price), row.max_configs)
    return Wish(plan, row.use_id, Money.rub(row.price), row.intent, row.is_gift)
