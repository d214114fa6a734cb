"""News for operators, found in the state of the tables and kept until told, and the nights' audits. Sends nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from app.failpoints import failpoint
from app.repo.audit import examined
from app.repo.sql import statement
from app.services.operator_news import News, NewsKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.repo.db import Database

# Partial indexes hold just what waits and what is owed, so looking every minute costs next to nothing.
GATHER = statement(
    """
    INSERT INTO operator_notices (key, kind, facts, next_attempt_at, created_at)
    SELECT key, kind, facts, :now, :now FROM (
        SELECT 'unmatched:' || asset || ':' || hash AS key, 'unmatched' AS kind, at, jsonb_build_object(
               'reference', asset || ':' || left(hash, 12), 'asset', asset, 'units', nano::text,
               'comment', COALESCE(left(comment, 100), '')) AS facts
        FROM ton_transactions WHERE status = 'unmatched'
        UNION ALL
        SELECT 'unmatched:' || gateway || ':' || key, 'unmatched', at, jsonb_build_object(
               'reference', gateway || ':' || key, 'asset', asset, 'units', asset_amount::text, 'comment', '')
        FROM receipts r WHERE status = 'unmatched' AND direction = 'in'
          AND NOT EXISTS (SELECT FROM receipts o WHERE o.gateway = r.gateway AND o.charge = r.key)
        UNION ALL
        SELECT 'debt:' || gateway || ':' || key, 'debt', at, jsonb_build_object(
               'reference', gateway || ':' || key, 'amount', debt::text, 'user', user_id::text)
        FROM receipts WHERE debt > 0) news
    WHERE NOT EXISTS (SELECT FROM operator_notices n WHERE n.key = news.key)
    ORDER BY at ON CONFLICT (key) DO NOTHING
    """
)
# A silence is named by when it began, so each is told once and its end once. Wallets are told as ton.
LISTEN = statement(
    """
    WITH heard AS (
        SELECT name, seen, COALESCE(seen, :since) AS at,
               jsonb_build_object('provider', CASE WHEN name LIKE '%:%' THEN 'ton' ELSE name END,
                                  'since', to_char(COALESCE(seen, :since), 'YYYY-MM-DD HH24:MI')) AS facts
        FROM jsonb_array_elements_text(CAST(:providers AS jsonb)) name, LATERAL (
            SELECT GREATEST((SELECT scanned_at FROM chain_cursors WHERE account = name),
                            (SELECT heard_at FROM provider_sightings WHERE provider = name)) AS seen) s
    )
    INSERT INTO operator_notices (key, kind, facts, next_attempt_at, created_at)
    SELECT 'silent:' || name || ':' || COALESCE(floor(extract(epoch FROM seen))::text, 'never'), 'silent', facts,
           :now, :now
    FROM heard WHERE at < :before
    UNION ALL
    SELECT 'back:' || substr(n.key, 8), 'back', n.facts, :now, :now
    FROM heard JOIN operator_notices n ON n.kind = 'silent' AND starts_with(n.key, 'silent:' || heard.name || ':')
    WHERE at >= :before AND seen IS NOT NULL
    ON CONFLICT (key) DO NOTHING
    """
)
CLAIM = statement(
    """
    WITH due AS (
        SELECT id FROM operator_notices WHERE sent_at IS NULL AND next_attempt_at <= :now
        ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED)
    UPDATE operator_notices SET next_attempt_at = :lease_end, attempts = attempts + 1
    FROM due WHERE operator_notices.id = due.id
    RETURNING operator_notices.id, kind, facts, told, attempts
    """
)
IDS = "id IN (SELECT CAST(value AS bigint) FROM jsonb_array_elements_text(CAST(:ids AS jsonb)))"
TOLD = statement(
    f"UPDATE operator_notices SET told = array_append(array_remove(told, :tg_id), :tg_id) WHERE {IDS}"  # noqa: S608
)
DONE = statement(f"UPDATE operator_notices SET sent_at = :now WHERE {IDS} AND sent_at IS NULL")  # noqa: S608 - constant
RETRY = statement(f"UPDATE operator_notices SET next_attempt_at = :at WHERE {IDS} AND sent_at IS NULL")  # noqa: S608
LANGUAGES = statement(
    "SELECT tg_id, language FROM users"
    " WHERE tg_id IN (SELECT CAST(value AS bigint) FROM jsonb_array_elements_text(CAST(:ids AS jsonb)))"
)
HEARD = statement(
    "INSERT INTO provider_sightings (provider, heard_at) VALUES (:provider, :now)"
    " ON CONFLICT (provider) DO UPDATE SET heard_at = GREATEST(provider_sightings.heard_at, excluded.heard_at)"
)
NIGHT = statement(
    """
    INSERT INTO audit_runs (night, started_at) VALUES (:night, :now)
    ON CONFLICT (night) DO UPDATE SET started_at = excluded.started_at
    WHERE audit_runs.finished_at IS NULL AND audit_runs.started_at < :before RETURNING night
    """
)
FINISH = statement(
    """
    WITH ended AS (
        UPDATE audit_runs SET finished_at = :now, broken = CAST(:broken AS int) WHERE night = :night
    )
    INSERT INTO operator_notices (key, kind, facts, next_attempt_at, created_at)
    SELECT 'audit:' || :night, :kind, jsonb_build_object('night', :night, 'count', :broken, 'named', :named), :now, :now
    ON CONFLICT (key) DO NOTHING
    """
)


class OperatorNewsRepository:
    """Implements services.operator_news.NewsStore, Sightings and NightStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def gather(self, now: datetime) -> None:
        """Store what the tables show to be new: money that waits, refunds that became a debt."""
        await self._database.run(GATHER, {"now": now})
        failpoint("news.gathered")

    async def listen(self, providers: Sequence[str], since: datetime, before: datetime, now: datetime) -> None:
        """Store who was last heard before `before` and who is back; who never was is reckoned from `since`."""
        params = {"providers": json.dumps(list(providers)), "since": since, "before": before, "now": now}
        await self._database.run(LISTEN, params)

    async def heard(self, provider: str, now: datetime) -> None:
        """The provider answered usefully."""
        await self._database.run(HEARD, {"provider": provider, "now": now})
        failpoint("provider.heard")

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[News]:
        """Lease up to `limit` untold news, oldest first."""
        params = {"now": now, "lease_end": now + timedelta(seconds=lease_seconds), "batch": limit}
        rows = await self._database.run(CLAIM, params)
        failpoint("news.claimed")
        news = [News(row.id, NewsKind(row.kind), row.facts, frozenset(row.told), row.attempts) for row in rows]
        return sorted(news, key=lambda each: each.id)

    async def told(self, ids: Sequence[int], admin: int) -> None:
        """This operator knows these."""
        await self._database.run(TOLD, {"ids": json.dumps(list(ids)), "tg_id": admin})
        failpoint("news.marked")

    async def done(self, ids: Sequence[int], now: datetime) -> None:
        """Nobody is left to be told."""
        await self._database.run(DONE, {"ids": json.dumps(list(ids)), "now": now})
        failpoint("news.closed")

    async def retry(self, ids: Sequence[int], at: datetime) -> None:
        """Tell again at `at`."""
        await self._database.run(RETRY, {"ids": json.dumps(list(ids)), "at": at})
        failpoint("news.postponed")

    async def languages(self, admins: Sequence[int]) -> dict[int, str]:
        """The languages of those operators who have an account."""
        rows = await self._database.run(LANGUAGES, {"ids": json.dumps(list(admins))})
        return {row.tg_id: row.language for row in rows}

    async def claim(self, night: str, now: datetime, cut_off_before: datetime) -> bool:
        """Whether the night's audit is this replica's; one that was cut off is taken over."""
        return bool(await self._database.run(NIGHT, {"night": night, "now": now, "before": cut_off_before}))

    async def examine(self, now: datetime) -> list[str]:
        """Each broken row, with its rule; empty where the books are right."""
        return [f"{found.invariant}: {found.row}, {found.what}" for found in await examined(self._database, now)]

    async def finish(self, night: str, broken: int, named: Sequence[str], now: datetime) -> None:
        """Store how it ended, and have it told: one transaction."""
        params = {
            "night": night,
            "broken": str(broken),
            "named": "\n".join(line[:150] for line in named),
            "kind": (NewsKind.AUDIT_BROKEN if broken else NewsKind.AUDIT_RIGHT).value,
            "now": now,
        }
        await self._database.run(FINISH, params)
