"""Gifts: paid once for an intent, redeemed once by anybody. What a gift costs is decided by the rows, as in shop.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import NotFound, OfferChanged, PromoRefused
from app.domain.money import Money
from app.domain.promo import Refusal
from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.offers import BURNED, OFFER, STANDING, booked, wanted
from app.repo.shop import why_not
from app.repo.sql import statement
from app.services.gifts import Gift, GiftBought
from app.services.promos import DaysGiven

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.domain.plans import Plan

GIVE = statement(
    f"""
    WITH {OFFER}, bought AS (
        INSERT INTO gifts (giver_id, intent, code, plan_key, days, max_configs, price, discount, promo_use_id,
                           created_at)
        SELECT tg_id, :intent, :code, :plan_key, :days, :max_configs, :price - discount, discount, use_id, :now
        FROM offer ON CONFLICT (giver_id, intent) DO NOTHING
        RETURNING id, giver_id, price, promo_use_id, code, plan_key, days, created_at, redeemed_at
    ), {BURNED}, paid AS (
        UPDATE users SET balance = buyer.balance - bought.price FROM bought, buyer
        WHERE users.tg_id = bought.giver_id RETURNING users.balance
    ), {booked("gift", "giver_id")}
    SELECT paid.balance, bought.* FROM paid, bought
    """  # noqa: S608 - constants
)
WHY_NOT = statement(
    f"""
    SELECT s.*, g.code, g.plan_key, g.days, g.price, g.created_at, g.redeemed_at
    FROM ({STANDING}) s LEFT JOIN gifts g ON g.giver_id = :tg_id AND g.intent = :intent
    """  # noqa: S608 - constants
)
OF_GIVER = statement(
    "SELECT code, plan_key, days, created_at, redeemed_at FROM gifts WHERE giver_id = :tg_id"
    " ORDER BY id DESC LIMIT :most"
)

LOCK = statement("SELECT id, redeemed_by FROM gifts WHERE code = :code FOR NO KEY UPDATE")
# What a purchase of the same plan would make of the receiver's time and configs.
REDEEM = statement(
    """
    WITH taken AS (
        UPDATE gifts SET redeemed_by = :tg_id, redeemed_at = :now WHERE id = :gift_id AND redeemed_at IS NULL
        RETURNING id, giver_id, plan_key, days, max_configs
    ), longer AS (
        UPDATE users SET subscription_end = GREATEST(COALESCE(subscription_end, :now), :now)
                                            + taken.days * interval '24 hours',
               active_plan = taken.plan_key,
               max_configs = CASE WHEN subscription_end > :now THEN GREATEST(users.max_configs, taken.max_configs)
                                  ELSE taken.max_configs END
        FROM taken WHERE tg_id = :tg_id RETURNING subscription_end
    ), granted AS (
        INSERT INTO grants (key, user_id, days, subscription_end, created_at)
        SELECT 'gift:' || id, :tg_id, days, subscription_end, :now FROM taken, longer
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'gift:' || id, giver_id, 'gift_redeemed', jsonb_build_object('days', days::text), :now, :now
        FROM taken WHERE giver_id <> :tg_id
    )
    SELECT days, subscription_end FROM taken, longer
    """
)


async def redeem_gift(
    connection: AsyncConnection, tg_id: int, code: str, now: datetime
) -> DaysGiven | PromoRefused | None:
    """Redeem the gift with this code for a person whose row is locked; None where there is no such gift."""
    gift = (await connection.execute(LOCK, {"code": code})).one_or_none()
    if gift is None:
        return None
    if gift.redeemed_by is not None:
        return PromoRefused(Refusal.USED_BY_YOU if gift.redeemed_by == tg_id else Refusal.GIFT_TAKEN)
    row = (await connection.execute(REDEEM, {"gift_id": gift.id, "tg_id": tg_id, "now": now})).one()
    return DaysGiven(row.days, row.subscription_end, is_gift=True)


class GiftRepository(BaseRepository):
    """Implements services.gifts.GiftStore."""

    async def buy(self, tg_id: int, plan: Plan, use_id: int, intent: str, code: str, now: datetime) -> GiftBought:
        """Buy `plan` as a gift, once for this intent: one statement, a second one only to explain a refusal."""
        rows = await self.database.run(GIVE, wanted(tg_id, plan, intent, use_id, now) | {"code": code})
        failpoint("gift.bought")
        if not rows:
            rows = await self.database.run(WHY_NOT, {"tg_id": tg_id, "intent": intent, "now": now})
        await self.drop_account(tg_id, parts=("balance", "discount"))
        if not rows:
            raise NotFound
        (row,) = rows
        if row.plan_key is None:
            raise why_not(row, plan, use_id) or OfferChanged(plan.key)
        gift = Gift(row.code, row.plan_key, row.days, row.created_at, row.redeemed_at)
        return GiftBought(gift, Money.rub(row.price), Money.rub(row.balance))

    async def of_giver(self, tg_id: int, limit: int) -> list[Gift]:
        """The newest gifts of this person."""
        rows = await self.database.run(OF_GIVER, {"tg_id": tg_id, "most": limit})
        return [Gift(*row) for row in rows]
