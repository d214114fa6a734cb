"""Accounts: arriving, reading for display, language, referrals. Moves no money."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.domain.money import Money
from app.domain.subscription import TRIAL_MAX_CONFIGS, TRIAL_PLAN
from app.failpoints import failpoint
from app.repo.account_cache import FILL_SCRIPT, account_keys, cards_from_json, discount_from_json, dump, load
from app.repo.base import BaseRepository
from app.repo.offers import TOO_LATE
from app.repo.sql import statement
from app.services.records import Account, Arrival, Newcomer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.repo.bonuses import Bonuses
    from app.repo.db import Database
    from app.utils.redis import Cache

CARDS = """
    COALESCE((SELECT json_agg(json_build_object('id', c.id, 'name', c.name, 'status', c.status) ORDER BY c.id)
              FROM configs c WHERE c.user_id = {user} AND c.status IN ('creating', 'active')), '[]')::text AS configs
"""

DISCOUNT = f"""
    (SELECT json_build_object('use', u.id, 'percent', CAST(u.value AS integer), 'until', u.holds_until)::text
     FROM promo_uses u WHERE u.user_id = users.tg_id AND u.status = 'reserved' AND NOT {TOO_LATE}) AS discount
"""  # noqa: S608 - constants

GLANCE = statement(
    "SELECT tg_id, language, first_name, is_banned, balance, subscription_end, active_plan,"  # noqa: S608 - constants
    + DISCOUNT
    + ","
    + CARDS.format(user="users.tg_id")
    + " FROM users WHERE tg_id = :tg_id"
)

ARRIVE = statement(
    """
    WITH granted AS (
        INSERT INTO trial_grants (account_hash, granted_at)
        SELECT :account_hash, :now WHERE NOT EXISTS (SELECT FROM users WHERE tg_id = :tg_id)
        ON CONFLICT DO NOTHING RETURNING account_hash
    ), made AS (
        INSERT INTO users (tg_id, language, first_name, username, created_at,
                           subscription_end, active_plan, max_configs)
        SELECT :tg_id, :language, :first_name, :username, :now, t.ends, t.plan, COALESCE(t.configs, 0)
        FROM (SELECT) one LEFT JOIN (
            SELECT :trial_end AS ends, :trial_plan AS plan, :trial_configs AS configs
            FROM granted) t ON true
        WHERE NOT EXISTS (SELECT FROM users WHERE tg_id = :tg_id)
        ON CONFLICT DO NOTHING
        RETURNING tg_id, language, is_banned, balance, subscription_end, active_plan
    ), wallet AS (
        INSERT INTO ledger_accounts (code, user_id) SELECT 'wallet:' || tg_id, tg_id FROM made
    ), invited AS (
        INSERT INTO referrals (referee_id, referrer_id, created_at)
        SELECT made.tg_id, inviter.tg_id, :now FROM made JOIN users inviter ON inviter.tg_id = :inviter
    ), seen AS (
        UPDATE users SET first_name = :first_name, username = :username, gone_at = NULL
        WHERE tg_id = :tg_id AND (first_name, username, gone_at)
              IS DISTINCT FROM (:first_name, :username, CAST(NULL AS timestamptz))
    )
    SELECT tg_id, language, :first_name AS first_name, is_banned, balance, subscription_end, active_plan,
           CAST(NULL AS text) AS discount, '[]' AS configs, true AS is_new FROM made
    UNION ALL
    SELECT tg_id, language, :first_name, is_banned, balance, subscription_end, active_plan,
    """  # noqa: S608 - constants
    + DISCOUNT
    + ","
    + CARDS.format(user="users.tg_id")
    + ", false FROM users WHERE tg_id = :tg_id"
)

SET_LANGUAGE = statement("UPDATE users SET language = :language WHERE tg_id = :tg_id")
SET_GONE = statement("UPDATE users SET gone_at = :at WHERE tg_id = :tg_id")
REFERRALS = statement(
    "SELECT count(*) AS invited, count(bonus_paid_at) AS paid, COALESCE(sum(bonus), 0) AS earned"
    " FROM referrals WHERE referrer_id = :tg_id"
)


class UserRepository(BaseRepository):
    """Accounts in PostgreSQL, their display copy in the cache."""

    def __init__(
        self, database: Database, cache: Cache, *, ttl: int, trial_key: bytes, bonuses: Bonuses | None = None
    ) -> None:
        super().__init__(database, cache)
        self._bonuses = bonuses
        self._ttl = ttl
        self._trial_key = trial_key
        self._fill = cache.script(FILL_SCRIPT)

    async def arrive(self, newcomer: Newcomer, now: datetime, trial_days: int) -> Arrival:
        """Make the account where it is new, its trial once for ever, the inviter remembered; one statement."""
        params: dict[str, Any] = {
            "tg_id": newcomer.tg_id,
            "first_name": newcomer.first_name,
            "username": newcomer.username,
            "language": newcomer.language,
            "inviter": newcomer.inviter,
            "now": now,
            "account_hash": self._account_hash(newcomer.tg_id),
            "trial_end": now + timedelta(days=trial_days),
            "trial_plan": TRIAL_PLAN,
            "trial_configs": TRIAL_MAX_CONFIGS,
        }
        rows = await self._arrive(params)
        if not rows:  # another /start of the same person made the account while this one waited
            rows = await self._arrive(params)
        account, is_new = account_of(rows[0]), bool(rows[0].is_new)
        return Arrival(account, is_new, trial_started=is_new and account.active_plan == TRIAL_PLAN)

    async def _arrive(self, params: dict[str, Any]) -> Sequence[Row[Any]]:
        """One statement; two in one transaction where the arrival itself earns the inviter a bonus."""
        if params["inviter"] is None or self._bonuses is None or not self._bonuses.due_at("signup"):
            rows = await self.database.run(ARRIVE, params)
            failpoint("account.made")
            return rows
        bonuses = self._bonuses

        async def arrival(connection: AsyncConnection) -> tuple[Sequence[Row[Any]], set[int]]:
            rows = (await connection.execute(ARRIVE, params)).fetchall()
            if not rows or not rows[0].is_new:
                return rows, set()
            return rows, await bonuses.pay(connection, "signup", (params["tg_id"],), params["now"])

        rows, inviters = await self.database.unit(arrival)
        failpoint("account.made")
        if inviters:
            await self.drop_account(*inviters, parts=("balance",))
        return rows

    async def glance(self, tg_id: int) -> Account | None:
        """The account for display; warm it comes from the cache, cold from one statement."""
        cached = load(tg_id, await self.cache.get_many(account_keys(tg_id)))
        return cached.account or await self.refresh(tg_id, cached.generation)

    async def refresh(self, tg_id: int, generation: str) -> Account | None:
        """The account from the database, cached unless it changed since `generation` was seen."""
        rows = await self.database.read(GLANCE, {"tg_id": tg_id})
        if not rows:
            return None
        account = account_of(rows[0])
        await self.cache.post(self._fill, lambda: (account_keys(tg_id), (self._ttl, generation, *dump(account))))
        return account

    async def set_language(self, tg_id: int, language: str) -> None:
        """Remember the language; drops the cached profile."""
        await self.database.run(SET_LANGUAGE, {"tg_id": tg_id, "language": language})
        await self.drop_account(tg_id, parts=("profile",))

    async def mark_gone(self, tg_id: int, at: datetime | None) -> None:
        """Remember that the person blocked the bot at `at`, or came back (None)."""
        await self.database.run(SET_GONE, {"tg_id": tg_id, "at": at})

    async def referrals(self, tg_id: int) -> tuple[int, int, Money]:
        """How many were invited, how many of them paid, and the rubles earned."""
        (row,) = await self.database.run(REFERRALS, {"tg_id": tg_id})
        return row.invited, row.paid, Money.rub(row.earned)

    def _account_hash(self, tg_id: int) -> str:
        return hmac.new(self._trial_key, str(tg_id).encode(), hashlib.sha256).hexdigest()


def account_of(row: Sequence[Any]) -> Account:
    """The account in a row of GLANCE or ARRIVE."""
    tg_id, language, first_name, is_banned, balance, subscription_end, active_plan, discount, configs, *_ = row
    return Account(
        tg_id=tg_id,
        language=language,
        first_name=first_name,
        is_banned=is_banned,
        balance=Money.rub(balance),
        subscription_end=subscription_end,
        active_plan=active_plan,
        discount=discount_from_json(discount),
        configs=cards_from_json(configs),
    )
