"""What was paid and not delivered, and the price of it going back. Talks to no panel, and sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from app.domain.money import Money
from app.domain.subscription import TRIAL_MAX_CONFIGS, TRIAL_PLAN
from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.deliveries import Returned, Undelivered

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

log = structlog.get_logger(__name__)

# In working order: made by a panel, and living. What a legacy server has no purchase makes longer.
WORKS = "w.status = 'active' AND w.server_id IS NULL AND w.delivered_at IS NOT NULL"
# Who waits for a config, has none that works, and since when. Only what is due is read: few rows in an index.
WAITS = f"""
    SELECT c.user_id, min(c.created_at) AS asked_at,
           (array_agg(c.id ORDER BY c.created_at, c.id))[1] AS config_id
    FROM configs c WHERE c.is_due AND c.status = 'creating'
      AND NOT EXISTS (SELECT FROM configs w WHERE w.user_id = c.user_id AND {WORKS})
    GROUP BY c.user_id
"""  # noqa: S608 - constants
# Not one config of the buyer was there to be used since the sale: neither an older one nor one that is gone again.
UNUSED = """
    NOT EXISTS (SELECT FROM configs w WHERE w.user_id = sold.user_id AND w.server_id IS NULL
                AND w.delivered_at IS NOT NULL
                AND COALESCE(w.doomed_at, w.deleted_at, 'infinity') > sold.created_at)
"""
PURCHASES = """
    SELECT 'purchase:' || p.id AS reference, p.id AS purchase_id, p.user_id, p.plan_key, p.days, p.price, p.created_at,
           p.subscription_end
    FROM purchases p WHERE NOT EXISTS (SELECT FROM purchase_returns r WHERE r.purchase_id = p.id)
"""
GIFTS = """
    SELECT 'gift:' || g.id, NULL, g.redeemed_by, g.plan_key, g.days, g.price, g.redeemed_at, t.subscription_end
    FROM gifts g JOIN grants t ON t.key = 'gift:' || g.id
"""
# A config that was asked for after the time of a sale was over is no claim to it.
OWED = "sold.user_id = waits.user_id AND sold.subscription_end > waits.asked_at"
WAITED = "GREATEST(sold.created_at, waits.asked_at)"

LISTING = statement(
    f"""
    SELECT waits.user_id, waits.asked_at, COALESCE({WAITED}, waits.asked_at) AS since, sold.reference, sold.plan_key,
           sold.price, sold.created_at AS sold_at, {UNUSED} AS is_unused, c.instance_id, c.attempts, c.last_error
    FROM ({WAITS}) waits JOIN configs c ON c.id = waits.config_id
    LEFT JOIN ({PURCHASES} UNION ALL {GIFTS}) sold ON {OWED}
    WHERE COALESCE({WAITED}, waits.asked_at) <= :before ORDER BY since, sold.reference LIMIT :batch
    """  # noqa: S608 - constants
)
# One piece of news for all that got old since the last look: a panel that is down makes many at once.
REPORT = statement(
    f"""
    WITH old AS (
        SELECT waits.config_id, waits.user_id, min({WAITED}) AS since, sum(sold.price) AS price
        FROM ({WAITS}) waits JOIN ({PURCHASES} UNION ALL {GIFTS}) sold ON {OWED}
        WHERE {WAITED} <= :before GROUP BY waits.config_id, waits.user_id
    ), marked AS (
        UPDATE configs SET reported_at = :now FROM old WHERE configs.id = old.config_id AND reported_at IS NULL
        RETURNING configs.id, configs.instance_id, configs.last_error, old.user_id, old.since, old.price
    ), oldest AS (
        SELECT * FROM marked ORDER BY since, id LIMIT 1
    )
    INSERT INTO operator_notices (key, kind, facts, next_attempt_at, created_at)
    SELECT 'late:' || oldest.id, 'undelivered', jsonb_build_object(
               'count', (SELECT count(*) FROM marked)::text, 'amount', (SELECT sum(price) FROM marked)::text,
               'user', oldest.user_id::text, 'panel', COALESCE(oldest.instance_id, ''),
               'minutes', (extract(epoch FROM :now - oldest.since)::bigint / 60)::text,
               'reason', COALESCE(left(oldest.last_error, 200), '')), :now, :now
    FROM oldest ON CONFLICT (key) DO NOTHING
    """  # noqa: S608 - constants
)
DUE = f"""
    FROM ({WAITS}) waits JOIN ({PURCHASES}) sold ON {OWED} WHERE {WAITED} <= :before AND {UNUSED}
"""
OVERDUE = statement(f"SELECT sold.purchase_id, sold.user_id {DUE} ORDER BY sold.purchase_id LIMIT :batch")

# The fence: who holds these rows is the only one who sells to this person or says that a config of theirs is made.
PERSON = statement("SELECT tg_id FROM users WHERE tg_id = :tg_id FOR NO KEY UPDATE")
WISHES = statement("SELECT id FROM configs WHERE user_id = :tg_id AND status = 'creating' ORDER BY id FOR UPDATE")
# Judged anew behind the locks. What came later than the purchase lies behind it in the time that is left, so of the
# purchase's days those are taken that neither have gone by nor belong to the later ones.
CLAIM = statement(
    f"""
    SELECT sold.price, sold.asked_at, c.last_error, u.subscription_end AS end_before,
           LEAST(u.subscription_end, GREATEST(u.subscription_end - sold.days * interval '24 hours',
                                              :now + later.days * interval '24 hours')) AS subscription_end,
           GREATEST(0, LEAST(sold.price, owed.debt)) AS debt, later.others = 0 AS is_trial
    FROM (SELECT sold.*, waits.asked_at, waits.config_id {DUE} AND sold.purchase_id = :purchase_id) sold
    JOIN configs c ON c.id = sold.config_id JOIN users u ON u.tg_id = sold.user_id,
    LATERAL (
        SELECT COALESCE(sum(x.days) FILTER (WHERE x.is_later), 0) AS days, count(*) AS others FROM (
            SELECT p.days, (p.created_at, p.purchase_id) > (sold.created_at, sold.purchase_id) AS is_later
            FROM ({PURCHASES}) p WHERE p.user_id = sold.user_id AND p.purchase_id <> sold.purchase_id
            UNION ALL
            SELECT g.days, g.created_at >= sold.created_at FROM grants g WHERE g.user_id = sold.user_id) x) later,
    LATERAL (
        SELECT COALESCE((SELECT sum(o.debt) FROM receipts o WHERE o.user_id = sold.user_id), 0)
             - COALESCE((SELECT sum(r.debt) FROM purchase_returns r WHERE r.user_id = sold.user_id), 0) AS debt) owed
    """  # noqa: S608 - constants
)
# A worker may hold the wish under a lease and be about to make the user: the deletion comes after it.
WITHDRAW = statement(
    """
    UPDATE configs SET status = 'deleting', doomed_at = :now, revision = revision + 1, is_due = true, attempts = 0,
           next_attempt_at = GREATEST(next_attempt_at, :now)
    WHERE user_id = :tg_id AND status = 'creating' RETURNING message_id
    """
)
GIVE_BACK = statement(
    """
    WITH back AS (
        INSERT INTO purchase_returns (purchase_id, user_id, amount, debt, end_before, subscription_end, last_purchase,
                                      last_grant, asked_at, reason, created_at)
        SELECT :purchase_id, :tg_id, :amount, :debt, :end_before, :subscription_end,
               COALESCE((SELECT max(id) FROM purchases WHERE user_id = :tg_id), 0),
               COALESCE((SELECT max(id) FROM grants WHERE user_id = :tg_id), 0), :asked_at, :reason, :now
        RETURNING purchase_id
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT 'undelivered:' || purchase_id, 'undelivered', :now FROM back RETURNING id, key
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked, (VALUES ('sales', -:amount), ('debts', :debt),
                             ('wallet:' || CAST(:tg_id AS text), :amount - :debt)) AS line (account, amount)
        WHERE line.amount <> 0
    ), paid AS (
        UPDATE users SET balance = balance + :amount - :debt, subscription_end = :subscription_end,
               active_plan = CASE WHEN :is_trial THEN :trial_plan ELSE active_plan END,
               max_configs = CASE WHEN :is_trial THEN :trial_configs ELSE max_configs END
        FROM back WHERE users.tg_id = :tg_id
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, message_id, next_attempt_at, created_at)
        SELECT key, :tg_id, 'purchase_returned',
               jsonb_build_object('amount', CAST(:amount - :debt AS text), 'debt', CAST(:debt AS text)),
               :message_id, :now, :now
        FROM booked
    )
    INSERT INTO operator_notices (key, kind, facts, next_attempt_at, created_at)
    SELECT 'returned:' || :purchase_id, 'returned', jsonb_build_object(
               'reference', 'purchase:' || :purchase_id, 'user', CAST(:tg_id AS text),
               'amount', CAST(:amount AS text), 'reason', COALESCE(left(:reason, 200), '')), :now, :now
    FROM booked
    """
)


class DeliveryRepository(BaseRepository):
    """Implements services.deliveries.DeliveryStore."""

    async def listing(self, before: datetime, limit: int) -> list[Undelivered]:
        """Who has waited since `before` or longer, who longest first, once for each thing that was paid for."""
        rows = await self.database.run(LISTING, {"before": before, "batch": limit})
        return [_undelivered(row) for row in rows]

    async def report(self, before: datetime, now: datetime) -> None:
        """Have operators told of what has waited since `before` and was not told of yet."""
        await self.database.run(REPORT, {"before": before, "now": now})
        failpoint("undelivered.reported")

    async def overdue(self, before: datetime, limit: int) -> list[tuple[int, int]]:
        """Purchases, with who bought, of which nothing was delivered since `before`."""
        rows = await self.database.run(OVERDUE, {"before": before, "batch": limit})
        return [(row.purchase_id, row.user_id) for row in rows]

    async def give_back(self, purchase_id: int, tg_id: int, before: datetime, now: datetime) -> Returned | None:
        """Return the price and take the time, once; None where it was delivered or returned meanwhile."""
        params = {"purchase_id": purchase_id, "tg_id": tg_id, "before": before, "now": now}
        async with self.database.transaction() as connection:
            returned = await self._give_back(connection, params)
        failpoint("purchase.returned")
        if returned is not None:
            log.warning("purchase_returned", purchase_id=purchase_id, reason=returned.reason)
        await self.drop_account(tg_id, parts=("balance", "sub_end", "active_sub", "configs"))
        return returned

    @staticmethod
    async def _give_back(connection: AsyncConnection, params: dict[str, Any]) -> Returned | None:
        await connection.execute(PERSON, params)
        await connection.execute(WISHES, params)
        claim = (await connection.execute(CLAIM, params)).one_or_none()
        if claim is None:
            return None
        messages: list[int] = []
        if claim.subscription_end <= params["now"]:
            withdrawn = (await connection.execute(WITHDRAW, params)).fetchall()
            messages = [row.message_id for row in withdrawn if row.message_id is not None]
        facts = {
            **params,
            "amount": claim.price,
            "debt": claim.debt,
            "end_before": claim.end_before,
            "subscription_end": claim.subscription_end,
            "asked_at": claim.asked_at,
            "reason": claim.last_error,
            "is_trial": claim.is_trial,
            "trial_plan": TRIAL_PLAN,
            "trial_configs": TRIAL_MAX_CONFIGS,
            "message_id": max(messages, default=None),
        }
        await connection.execute(GIVE_BACK, facts)
        return Returned(Money.rub(claim.price), claim.subscription_end, claim.last_error)


def _undelivered(row: Row[Any]) -> Undelivered:
    return Undelivered(
        owner=row.user_id,
        since=row.since,
        reference=row.reference,
        plan_key=row.plan_key,
        price=None if row.price is None else Money.rub(row.price),
        is_used=row.reference is not None and not row.is_unused,
        instance_id=row.instance_id,
        attempts=row.attempts,
        reason=row.last_error,
    )
