"""Spends: the purchase of a plan. The conditional debit is the decision; nothing here reads a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.errors import Banned, InsufficientBalance, NotFound, StorageUnavailable
from app.domain.money import Money
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.records import Purchase

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from app.domain.plans import Plan

# As often as this money may come in between a refusal and the look for its reason before it is called a fault.
MONEY_RACES = 10

# The lock is taken first and the balance judged on the locked row, so two purchases can't both see the same money.
# It leaves the key alone, so that nobody who holds a config and names its owner waits for it in a circle. The account's
# living configs follow the new end by a trigger.
BUY = statement(
    """
    WITH buyer AS (
        SELECT tg_id, subscription_end, max_configs FROM users
        WHERE tg_id = :tg_id AND NOT is_banned AND balance >= :price FOR NO KEY UPDATE
    ), bought AS (
        INSERT INTO purchases (user_id, intent, plan_key, days, price, created_at, subscription_end)
        SELECT tg_id, :intent, :plan_key, :days, :price, :now,
               GREATEST(COALESCE(subscription_end, :now), :now) + :days * interval '24 hours'
        FROM buyer ON CONFLICT (user_id, intent) DO NOTHING
        RETURNING id, user_id, subscription_end
    ), paid AS (
        UPDATE users SET balance = users.balance - :price, subscription_end = bought.subscription_end,
               active_plan = :plan_key,
               max_configs = CASE WHEN buyer.subscription_end > :now
                                  THEN GREATEST(buyer.max_configs, :max_configs) ELSE :max_configs END
        FROM bought, buyer WHERE users.tg_id = bought.user_id RETURNING users.balance
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT 'purchase:' || id, 'purchase', :now FROM bought RETURNING id
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked, bought, LATERAL (VALUES ('wallet:' || bought.user_id, -:price), ('sales', :price))
             AS line (account, amount)
    )
    SELECT paid.balance, bought.subscription_end FROM paid, bought
    """
)

WHY_NOT = statement(
    """
    SELECT users.balance, users.is_banned, p.plan_key, p.days, p.price, p.subscription_end
    FROM users LEFT JOIN purchases p ON p.user_id = users.tg_id AND p.intent = :intent
    WHERE users.tg_id = :tg_id
    """
)


class ShopRepository(BaseRepository):
    """Implements ports.ShopStore."""

    async def buy(self, tg_id: int, plan: Plan, intent: str, now: datetime) -> Purchase:
        """Buy `plan` once for this intent: one statement, a second one only to explain a refusal."""
        params = {
            "tg_id": tg_id,
            "intent": intent,
            "plan_key": plan.key,
            "days": plan.days,
            "price": plan.price.decimal,
            "max_configs": plan.max_configs,
            "now": now,
        }
        purchase = None
        for _ in range(MONEY_RACES):
            purchase = purchase or await self._buy_once(plan, params)
        if purchase is None:
            raise StorageUnavailable
        # After a purchase of before, too: the process that made it may have died on the way to this line.
        await self.drop_account(tg_id, parts=("balance", "sub_end", "active_sub"))
        return purchase

    async def _buy_once(self, plan: Plan, params: dict[str, Any]) -> Purchase | None:
        """The purchase, made now or before, or the reason why there is none; None where money came in meanwhile."""
        rows = await self.database.run(BUY, params)
        if rows:
            (row,) = rows
            return Purchase(plan.key, plan.days, plan.price, Money.rub(row.balance), row.subscription_end)
        rows = await self.database.run(WHY_NOT, {"tg_id": params["tg_id"], "intent": params["intent"]})
        return _bought_before(rows[0] if rows else None, plan)


def _bought_before(row: Row[Any] | None, plan: Plan) -> Purchase | None:
    """The purchase that this intent has already made, or the reason why there is none; None where there is none."""
    if row is None:
        raise NotFound
    if row.plan_key is not None:
        return Purchase(row.plan_key, row.days, Money.rub(row.price), Money.rub(row.balance), row.subscription_end)
    if row.is_banned:
        raise Banned
    balance = Money.rub(row.balance)
    if balance < plan.price:
        raise InsufficientBalance(need=plan.price, have=balance)
    return None  # the money came in between the two statements
