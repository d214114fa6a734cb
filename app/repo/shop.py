"""Spends: the purchase of a plan. The conditional debit is the decision; nothing here reads a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.errors import Banned, InsufficientBalance, NotFound, OfferChanged, OrbitError
from app.domain.money import Money
from app.domain.promo import discounted
from app.failpoints import failpoint
from app.repo.base import AFTER_A_SALE, BaseRepository
from app.repo.offers import BURNED, OFFER, STANDING, booked, wanted
from app.repo.sql import statement
from app.services.records import Purchase

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from app.domain.plans import Plan

# As often as this money may come in between a refusal and the look for its reason before the person is asked again.
MONEY_RACES = 10


def bought(offer: str) -> str:
    """All that a purchase is, for who is in the offer. The account's living configs follow the new end by a trigger."""
    return f"""
    {offer}, bought AS (
        INSERT INTO purchases (user_id, intent, plan_key, days, price, discount, promo_use_id, created_at,
                               subscription_end)
        SELECT tg_id, :intent, :plan_key, :days, :price - discount, discount, use_id, :now,
               GREATEST(COALESCE(subscription_end, :now), :now) + :days * interval '24 hours'
        FROM offer ON CONFLICT (user_id, intent) DO NOTHING
        RETURNING id, user_id, price, promo_use_id, subscription_end
    ), {BURNED}, paid AS (
        UPDATE users SET balance = buyer.balance - bought.price, subscription_end = bought.subscription_end,
               active_plan = :plan_key,
               max_configs = CASE WHEN buyer.subscription_end > :now
                                  THEN GREATEST(buyer.max_configs, :max_configs) ELSE :max_configs END
        FROM bought, buyer WHERE users.tg_id = bought.user_id RETURNING users.balance
    ), {booked("purchase", "user_id")}
    """  # noqa: S608 - constants


BUY = statement(f"WITH {bought(OFFER)} SELECT paid.balance, bought.price, bought.subscription_end FROM paid, bought")  # noqa: S608 - constants

WHY_NOT = statement(
    f"""
    SELECT s.*, p.plan_key, p.days, p.price, p.subscription_end
    FROM ({STANDING}) s LEFT JOIN purchases p ON p.user_id = :tg_id AND p.intent = :intent
    """  # noqa: S608 - constants
)


class ShopRepository(BaseRepository):
    """Implements ports.ShopStore."""

    async def buy(self, tg_id: int, plan: Plan, intent: str, now: datetime, *, use_id: int = 0) -> Purchase:
        """Buy `plan` once for this intent: one statement, a second one only to explain a refusal."""
        params = wanted(tg_id, plan, intent, use_id, now)
        try:
            for _ in range(MONEY_RACES):
                if (purchase := await self._buy_once(plan, use_id, params)) is not None:
                    return purchase
        finally:
            # After a purchase of before, too: the process that made it may have died on the way to this line. After a
            # refusal as well: what led to it may be a copy that is out of date.
            await self.drop_account(tg_id, parts=AFTER_A_SALE)
        raise OfferChanged(plan.key)

    async def _buy_once(self, plan: Plan, use_id: int, params: dict[str, Any]) -> Purchase | None:
        """The purchase, made now or before, or the reason why there is none; None where money came in meanwhile."""
        rows = await self.database.write(BUY, params)
        failpoint("purchase.bought")
        if not rows:
            reasons = await self.database.run(WHY_NOT, {name: params[name] for name in ("tg_id", "intent", "now")})
            return _bought_before(reasons[0] if reasons else None, plan, use_id)
        ((balance, price, subscription_end),) = rows
        return Purchase(plan.key, plan.days, Money.rub(price), Money.rub(balance), subscription_end)


def _bought_before(row: Row[Any] | None, plan: Plan, use_id: int) -> Purchase | None:
    """The purchase that this intent has already made, or the reason why there is none; None where none is left."""
    if row is None:
        raise NotFound
    if row.plan_key is None:
        if (reason := why_not(row, plan, use_id)) is not None:
            raise reason
        return None
    return Purchase(row.plan_key, row.days, Money.rub(row.price), Money.rub(row.balance), row.subscription_end)


def why_not(row: Row[Any], plan: Plan, use_id: int) -> OrbitError | None:
    """Why nothing was sold, by a row of STANDING; None where what was in the way went away meanwhile."""
    if row.is_banned:
        return Banned()
    price = discounted(plan.price, int(row.percent or 0))
    balance = Money.rub(row.balance)
    if (row.use_id or 0) != use_id:
        return OfferChanged(plan.key)
    return InsufficientBalance(need=price, have=balance) if balance < price else None
