"""Uses of promo codes: taken within every limit, kept for a purchase, given back. Sells nothing: that is shop.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.errors import Banned, NotFound, PromoRefused
from app.domain.money import Money
from app.domain.promo import (
    GIVEN_MAX_CONFIGS,
    GIVEN_PLAN,
    MISSES_WITHIN,
    MOST_MISSES,
    Discount,
    PromoKind,
    Refusal,
    Standing,
    Terms,
    holds_until,
    refusal,
)
from app.failpoints import failpoint
from app.repo.base import AFTER_A_SALE, BaseRepository
from app.repo.gifts import redeem_gift
from app.repo.sql import statement
from app.services.promos import DaysGiven, RublesGiven

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.services.promos import Redeemed

# Locks are taken in this order everywhere: the person, then codes by name, then uses. Every later statement looks anew,
# so it sees all that was committed while this one waited.
PERSON = statement("SELECT tg_id, is_banned, balance FROM users WHERE tg_id = :tg_id FOR NO KEY UPDATE")
MISSES = statement("SELECT count(*) AS misses FROM promo_misses WHERE user_id = :tg_id AND at > :before")
MISS = statement(
    """
    WITH old AS (DELETE FROM promo_misses WHERE user_id = :tg_id AND at <= :before)
    INSERT INTO promo_misses (user_id, at) VALUES (:tg_id, :now)
    """
)
# The code itself, and the one whose discount it may take the place of.
CODES = statement(
    """
    SELECT * FROM promocodes
    WHERE code = :code OR code = (SELECT u.code FROM promo_uses u WHERE u.user_id = :tg_id AND u.status = 'reserved')
    ORDER BY code FOR NO KEY UPDATE
    """
)
LAPSING = statement(
    """
    SELECT code FROM promocodes
    WHERE code IN (SELECT u.code FROM promo_uses u WHERE u.status = 'reserved' AND u.holds_until <= :now)
    ORDER BY code FOR NO KEY UPDATE
    """
)


def _release(where: str) -> str:
    """Give back the uses of waiting discounts; who they waited for."""
    return f"""
    WITH gone AS (
        DELETE FROM promo_uses WHERE status = 'reserved' AND {where} RETURNING code, user_id
    ), counted AS (
        UPDATE promocodes SET used = used - lapsed.uses
        FROM (SELECT code, count(*) AS uses FROM gone GROUP BY code) lapsed WHERE promocodes.code = lapsed.code
    )
    SELECT user_id FROM gone
    """  # noqa: S608 - constants


RELEASE_LAPSED = statement(_release("holds_until <= :now"))
RELEASE_LAPSED_OF = statement(_release("code = :code AND holds_until <= :now"))
RELEASE_OWN = statement(_release("user_id = :tg_id"))
RELEASE_ALL_OF = statement(_release("code = :code"))

FACTS = statement(
    """
    SELECT p.used, (SELECT count(*) FROM promo_uses u WHERE u.code = p.code AND u.user_id = :tg_id) AS used_by_person,
           EXISTS (SELECT FROM purchases b WHERE b.user_id = :tg_id)
           OR EXISTS (SELECT FROM gifts g WHERE g.giver_id = :tg_id) AS has_bought
    FROM promocodes p WHERE p.code = :code
    """
)
# The use that this message has made already, or the discount of this code that waits already.
BEFORE = statement(
    """
    SELECT u.id, u.kind, u.value, u.status, u.holds_until, g.days, g.subscription_end
    FROM promo_uses u LEFT JOIN grants g ON g.key = 'promo:' || u.code || ':' || u.user_id || ':' || u.number
    WHERE u.user_id = :tg_id AND u.code = :code AND (u.intent = :intent OR u.status = 'reserved')
    ORDER BY u.intent = :intent DESC LIMIT 1
    """
)
# Both limits are in the statement: the counter's condition and the number, which is unique for code and person.
TAKE = statement(
    """
    WITH counted AS (
        UPDATE promocodes SET used = used + 1
        WHERE code = :code AND (most_uses IS NULL OR used < most_uses)
        RETURNING code, kind, value, per_person, first_purchase
    )
    INSERT INTO promo_uses (code, user_id, number, intent, kind, value, first_purchase, status, holds_until, created_at,
                            used_at)
    SELECT code, :tg_id, free.number, :intent, kind, value, first_purchase,
           CASE kind WHEN 'percent' THEN 'reserved' ELSE 'used' END, CASE kind WHEN 'percent' THEN :holds_until END,
           :now, CASE kind WHEN 'percent' THEN NULL ELSE CAST(:now AS timestamptz) END
    FROM counted, LATERAL (
        SELECT min(n) AS number FROM generate_series(1, counted.per_person) n
        WHERE NOT EXISTS (SELECT FROM promo_uses u WHERE u.code = :code AND u.user_id = :tg_id AND u.number = n)) free
    RETURNING id, number, kind, value
    """
)
GIVE_RUBLES = statement(
    """
    WITH booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at) VALUES (:key, 'promo', :now) RETURNING id
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked, (VALUES ('promotions', -:value), ('wallet:' || :tg_id, :value)) AS line (account, amount)
    )
    UPDATE users SET balance = balance + :value WHERE tg_id = :tg_id RETURNING balance
    """
)
# What a subscription that runs already allows, stays.
GIVE_DAYS = statement(
    """
    WITH longer AS (
        UPDATE users SET subscription_end = GREATEST(COALESCE(subscription_end, :now), :now)
                                            + :days * interval '24 hours',
               active_plan = CASE WHEN subscription_end > :now THEN active_plan ELSE :plan_key END,
               max_configs = CASE WHEN subscription_end > :now THEN GREATEST(max_configs, :max_configs)
                                  ELSE :max_configs END
        WHERE tg_id = :tg_id RETURNING tg_id, subscription_end
    )
    INSERT INTO grants (key, user_id, days, subscription_end, created_at)
    SELECT :key, tg_id, :days, subscription_end, :now FROM longer RETURNING subscription_end
    """
)


class PromoRepository(BaseRepository):
    """Implements services.promos.PromoStore."""

    async def redeem(self, tg_id: int, code: str, intent: str, now: datetime) -> Redeemed:
        """Use the code once for this intent, or keep its discount; a gift's code redeems the gift."""
        async with self.database.transaction() as connection:
            outcome = await self._redeem(connection, {"tg_id": tg_id, "code": code, "intent": intent, "now": now})
        failpoint("promo.redeemed")
        await self.drop_account(tg_id, parts=AFTER_A_SALE)
        # A code that was guessed wrong has left its mark by now: the transaction stands.
        if isinstance(outcome, PromoRefused):
            raise outcome
        return outcome

    async def release_lapsed(self, now: datetime) -> int:
        """Give back the uses of discounts that nobody has used in time; how many."""
        async with self.database.transaction() as connection:
            await connection.execute(LAPSING, {"now": now})
            return len((await connection.execute(RELEASE_LAPSED, {"now": now})).fetchall())

    async def _redeem(self, connection: AsyncConnection, params: dict[str, Any]) -> Redeemed | PromoRefused:
        now, before = params["now"], params["now"] - MISSES_WITHIN
        person = (await connection.execute(PERSON, params)).one_or_none()
        if person is None:
            raise NotFound
        if person.is_banned:
            raise Banned
        misses = (await connection.execute(MISSES, {**params, "before": before})).scalar_one()
        if misses >= MOST_MISSES:
            return PromoRefused(Refusal.TOO_MANY_MISSES)
        codes = {row.code: row for row in await connection.execute(CODES, params)}
        promo = codes.get(params["code"])
        if promo is not None:
            return await self._use(connection, promo, person, params)
        gift = await redeem_gift(connection, params["tg_id"], params["code"], now)
        if gift is None:
            await connection.execute(MISS, {**params, "before": before})
            return PromoRefused(Refusal.UNKNOWN)
        return gift

    async def _use(
        self, connection: AsyncConnection, promo: Row[Any], person: Row[Any], params: dict[str, Any]
    ) -> Redeemed | PromoRefused:
        """Use a code whose row is locked."""
        now, terms = params["now"], terms_of(promo)
        await connection.execute(RELEASE_LAPSED_OF, params)
        before = (await connection.execute(BEFORE, params)).one_or_none()
        if before is not None:
            return _made_before(before, person)
        facts = (await connection.execute(FACTS, params)).one()
        standing = Standing(facts.used, facts.used_by_person, facts.has_bought, promo.stopped_at is not None)
        reason = refusal(terms, standing, now)
        if reason is not None:
            return PromoRefused(reason, terms.valid_from if reason is Refusal.NOT_YET else None)
        if promo.kind == PromoKind.PERCENT:
            await connection.execute(RELEASE_OWN, params)
        until = holds_until(terms, now)
        use = (await connection.execute(TAKE, {**params, "holds_until": until})).one()
        if use.kind == PromoKind.PERCENT:
            return Discount(use.id, int(use.value), until)
        return await self._give(connection, use, {**params, "key": f"promo:{promo.code}:{person.tg_id}:{use.number}"})

    @staticmethod
    async def _give(connection: AsyncConnection, use: Row[Any], params: dict[str, Any]) -> Redeemed:
        if use.kind == PromoKind.BALANCE:
            balance = (await connection.execute(GIVE_RUBLES, {**params, "value": use.value})).scalar_one()
            return RublesGiven(Money.rub(use.value), Money.rub(balance))
        days = int(use.value)
        given = {**params, "days": days, "plan_key": GIVEN_PLAN, "max_configs": GIVEN_MAX_CONFIGS}
        return DaysGiven(days, (await connection.execute(GIVE_DAYS, given)).scalar_one())


def terms_of(row: Row[Any]) -> Terms:
    """The terms in a row of promocodes."""
    return Terms(row.most_uses, row.per_person, row.valid_from, row.valid_until, row.first_purchase)


def _made_before(row: Row[Any], person: Row[Any]) -> Redeemed | PromoRefused:
    """What the same message has got already; a discount that was spent since is used."""
    if row.status == "reserved":
        return Discount(row.id, int(row.value), row.holds_until)
    match PromoKind(row.kind):
        case PromoKind.BALANCE:
            return RublesGiven(Money.rub(row.value), Money.rub(person.balance))
        case PromoKind.DAYS:
            return DaysGiven(row.days, row.subscription_end)
        case PromoKind.PERCENT:
            return PromoRefused(Refusal.USED_BY_YOU)
