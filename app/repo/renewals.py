"""Agreements to renew, and the purchases by them: the statement of the shop, for one end only. Reads no cache."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.domain.errors import Banned, NotFound
from app.domain.money import Money
from app.domain.renewal import Agreement, intent_of
from app.failpoints import failpoint
from app.repo.account_cache import discount_from_json
from app.repo.base import AFTER_A_SALE, BaseRepository
from app.repo.offers import offer, wanted
from app.repo.shop import WHY_NOT, bought, why_not
from app.repo.sql import statement
from app.repo.user import DISCOUNT
from app.services.records import Purchase
from app.services.renewal_records import DueRenewal, Renewing

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.plans import Plan

# How things stand with somebody in `users`, as far as renewals go.
STANDING = f"""
    users.subscription_end, users.balance, {DISCOUNT}, agreed.plan_key, agreed.price, agreed.days, agreed.max_configs
"""
OF = statement(
    f"""
    SELECT users.tg_id, {STANDING},
           (SELECT p.plan_key FROM purchases p WHERE p.user_id = users.tg_id ORDER BY p.id DESC LIMIT 1) AS last_plan
    FROM users LEFT JOIN renewals agreed ON agreed.user_id = users.tg_id WHERE users.tg_id = :tg_id
    """  # noqa: S608 - constants
)
# The account is locked, so that its end can't move unseen. Of what has ended nothing is bought before the next end.
AGREE = statement(
    """
    WITH person AS (
        SELECT tg_id, subscription_end FROM users WHERE tg_id = :tg_id AND NOT is_banned FOR NO KEY UPDATE
    )
    INSERT INTO renewals AS agreed (user_id, plan_key, price, days, max_configs, agreed_at, next_attempt_at)
    SELECT tg_id, :plan_key, :price, :days, :max_configs, :now,
           CASE WHEN subscription_end > :now THEN subscription_end - interval '24 hours' ELSE 'infinity' END
    FROM person
    ON CONFLICT (user_id) DO UPDATE SET
        plan_key = excluded.plan_key, price = excluded.price, days = excluded.days, agreed_at = excluded.agreed_at,
        max_configs = excluded.max_configs, next_attempt_at = excluded.next_attempt_at,
        tried_end = CASE WHEN excluded.next_attempt_at < 'infinity' THEN agreed.tried_end END
    RETURNING user_id
    """
)
STOP = statement("DELETE FROM renewals WHERE user_id = :tg_id")
# From here on money that comes in brings another try for this end: `tried_end` tells the trigger. Money that came for a
# purchase is spent on that one first.
CLAIM = statement(
    f"""
    WITH due AS (
        SELECT user_id FROM renewals WHERE next_attempt_at <= :now AND NOT EXISTS (
            SELECT FROM pending_purchases wish WHERE wish.user_id = renewals.user_id AND wish.status = 'due')
        ORDER BY next_attempt_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    UPDATE renewals agreed SET next_attempt_at = :lease_end, tried_end = users.subscription_end
    FROM due, users WHERE agreed.user_id = due.user_id AND users.tg_id = agreed.user_id
    RETURNING users.tg_id, {STANDING}, NOT users.is_banned AND users.gone_at IS NULL AS may_pay
    """  # noqa: S608 - constants
)
# The agreement is locked behind the account: who switches it off, or changes it, comes before or after, never between.
RENEW = statement(
    f"""
    WITH {bought(offer(beside='''
        JOIN renewals agreed ON agreed.user_id = users.tg_id AND users.subscription_end = :subscription_end
             AND agreed.plan_key = :plan_key AND agreed.price = :amount'''))},
    told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'renewed:' || bought.id, bought.user_id, 'renewed', jsonb_build_object(
               'receipt', bought.id::text, 'price', bought.price::text, 'balance', paid.balance::text,
               'end', to_char(bought.subscription_end AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')),
               :at, :now
        FROM bought, paid
    )
    SELECT paid.balance, bought.price, bought.subscription_end FROM paid, bought
    """  # noqa: S608 - constants
)
PUT_OFF = statement(
    """
    WITH later AS (
        UPDATE renewals SET next_attempt_at = COALESCE(:at, 'infinity')
        WHERE user_id = :tg_id AND next_attempt_at = :lease_end RETURNING user_id, tried_end
    )
    INSERT INTO reminders (user_id, step, subscription_end, next_attempt_at, created_at)
    SELECT user_id, 'unrenewed', tried_end, :now, :now FROM later WHERE :is_told AND tried_end > :now
    ON CONFLICT DO NOTHING
    """
)


class RenewalRepository(BaseRepository):
    """Implements services.renewal_records.RenewalStore."""

    async def of(self, tg_id: int) -> Renewing:
        """How things stand, from the rows."""
        rows = await self.database.run(OF, {"tg_id": tg_id})
        if not rows:
            raise NotFound
        return renewing(rows[0], rows[0].last_plan)

    async def agree(self, tg_id: int, agreement: Agreement, now: datetime) -> None:
        """Renew this person's subscription by itself from now on, by this agreement alone."""
        params = {
            "tg_id": tg_id,
            "plan_key": agreement.plan_key,
            "price": agreement.price.decimal,
            "days": agreement.days,
            "max_configs": agreement.max_configs,
            "now": now,
        }
        rows = await self.database.run(AGREE, params)
        failpoint("renewal.agreed")
        if not rows:
            raise Banned

    async def stop(self, tg_id: int) -> None:
        """Never again by itself; what is being bought at this moment is bought before or not at all."""
        await self.database.run(STOP, {"tg_id": tg_id})
        failpoint("renewal.stopped")

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[DueRenewal]:
        """Lease up to `limit` renewals that are to be tried."""
        lease_end = now + timedelta(seconds=lease_seconds)
        rows = await self.database.run(CLAIM, {"now": now, "lease_end": lease_end, "batch": limit})
        failpoint("renewal.claimed")
        return [_due(row, lease_end) for row in rows]

    async def renew(
        self, due: DueRenewal, plan: Plan, use_id: int, now: datetime, told_at: datetime
    ) -> Purchase | None:
        """Buy `plan` for the end that `due` names, once for ever: one statement, a second one to explain a refusal."""
        if due.subscription_end is None:
            return None
        intent = intent_of(due.tg_id, due.subscription_end)
        params = wanted(due.tg_id, plan, intent, use_id, now) | {
            "subscription_end": due.subscription_end,
            "amount": due.agreement.price.decimal,
            "at": told_at,
        }
        rows = await self.database.write(RENEW, params)
        failpoint("renewal.bought")
        if not rows:
            await self._explain(params, plan, use_id)
            return None
        await self.drop_account(due.tg_id, parts=AFTER_A_SALE)
        ((balance, price, subscription_end),) = rows
        return Purchase(plan.key, plan.days, Money.rub(price), Money.rub(balance), subscription_end)

    async def _explain(self, params: dict[str, Any], plan: Plan, use_id: int) -> None:
        """Raise what was in the way; nothing where it was bought before, or the agreement or the end is another."""
        rows = await self.database.run(WHY_NOT, {name: params[name] for name in ("tg_id", "intent", "now")})
        if rows and rows[0].plan_key is None and (reason := why_not(rows[0], plan, use_id)) is not None:
            raise reason

    async def put_off(self, due: DueRenewal, at: datetime | None, now: datetime, *, is_told: bool = False) -> None:
        """Try again at `at`, None for when money comes in or the end moves; told once for each end."""
        params = {"tg_id": due.tg_id, "lease_end": due.lease_end, "at": at, "now": now, "is_told": is_told}
        await self.database.run(PUT_OFF, params)
        failpoint("renewal.put_off")


def renewing(row: Any, last_plan: str | None = None) -> Renewing:
    """How things stand with the person in a row of STANDING."""
    agreement = None if row.plan_key is None else _agreement(row)
    discount = discount_from_json(row.discount)
    return Renewing(row.tg_id, row.subscription_end, Money.rub(row.balance), discount, agreement, last_plan)


def _due(row: Any, lease_end: datetime) -> DueRenewal:
    discount = discount_from_json(row.discount)
    return DueRenewal(row.tg_id, _agreement(row), row.subscription_end, row.may_pay, discount, lease_end)


def _agreement(row: Any) -> Agreement:
    return Agreement(row.plan_key, Money.rub(row.price), row.days, row.max_configs)
