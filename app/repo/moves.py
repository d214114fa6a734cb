"""Configs on their way to another panel, and users left behind, as remembered work. Talks to no panel."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.failpoints import failpoint
from app.repo.sql import statement
from app.services.upkeep_records import ConfigMove, Leftover

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from app.repo.db import Database



def key_changed(rows: str) -> str:
    """The part of a statement that tells the owners of `rows` of configs that their key is another now.

    Whoever fetches the shop's own link never sees a key, and is not bothered.
    """
    return f"""changed AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'moved:' || id || ':' || extract(epoch FROM CAST(:now AS timestamptz)), user_id, 'config_moved',
               jsonb_build_object('config_id', id::text), :now, :now
        FROM {rows} WHERE status = 'active' AND is_changed AND expires_at > :now
          AND NOT EXISTS (SELECT FROM subscription_copies k WHERE k.config_id = id)
        ON CONFLICT (key) DO NOTHING
    )"""  # noqa: S608 - constant


# A call may still be on its way to a panel for so long; as panels.creation.LEAST_GRACE has it.
IN_FLIGHT = "interval '60 seconds'"
# What stands on these has to go: they were switched off, or have been silent since `before` (never, where it is null)
# while another one was heard: where all are silent, it is we who hear nothing.
LEFT = """
    SELECT i.id, i.is_active, s.silent_since FROM marzban_instances i
    LEFT JOIN panel_sightings s ON s.instance_id = i.id
    WHERE (NOT i.is_active AND NOT i.keeps_configs) OR (s.silent_since <= :before AND EXISTS (
        SELECT FROM panel_sightings o JOIN marzban_instances a ON a.id = o.instance_id
        WHERE a.is_active AND o.silent_since IS NULL))"""
# Whose subscription runs goes first. Operators are told once of each panel that is left because it is silent.
PLAN = statement(
    f"""
    WITH panels AS ({LEFT}), chosen AS (
        SELECT c.id, c.instance_id FROM configs c
        WHERE c.status = 'active' AND c.instance_id IN (SELECT id FROM panels)
          AND NOT EXISTS (SELECT FROM config_moves m WHERE m.config_id = c.id)
        ORDER BY c.expires_at <= :now, c.id
        LIMIT GREATEST(0, :batch - (SELECT count(*) FROM config_moves))
    ), told AS (
        INSERT INTO operator_notices (key, kind, facts, next_attempt_at, created_at)
        SELECT 'left:' || p.id || ':' || floor(extract(epoch FROM p.silent_since)), 'panel_left',
               jsonb_build_object('panel', p.id, 'since', to_char(p.silent_since, 'YYYY-MM-DD HH24:MI')), :now, :now
        FROM panels p WHERE p.is_active AND EXISTS (SELECT FROM chosen WHERE instance_id = p.id)
        ON CONFLICT (key) DO NOTHING
    )
    INSERT INTO config_moves (config_id, source, since, next_attempt_at)
    SELECT id, instance_id, :now, :now FROM chosen ON CONFLICT (config_id) DO NOTHING RETURNING config_id
    """  # noqa: S608 - constant
)
# Chosen in a part of its own, for the reason that notices.py gives.
CLAIM = statement(
    f"""
    WITH due AS (
        SELECT config_id FROM config_moves WHERE next_attempt_at <= :now
        ORDER BY next_attempt_at, config_id LIMIT :batch FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE config_moves SET next_attempt_at = :lease_end, attempts = attempts + 1
        FROM due WHERE config_moves.config_id = due.config_id RETURNING config_moves.*
    )
    SELECT m.config_id, m.source, m.target, m.attempts, c.user_id, c.marzban_username, c.expires_at, c.revision,
           COALESCE(c.status = 'active' AND c.instance_id = m.source, false)
           AND (m.is_wished OR m.source IN (SELECT id FROM ({LEFT}) panels)) AS is_wanted, m.is_wished, c.country,
           ARRAY(SELECT l.instance_id FROM config_leftovers l WHERE l.config_id = m.config_id) AS avoid
    FROM claimed m JOIN configs c ON c.id = m.config_id
    """  # noqa: S608 - constant
)
SAME = "m.config_id = :config_id AND m.source = :source AND m.target IS NOT DISTINCT FROM :target"
# A user who stayed behind on a panel where the config is wanted again goes as soon as no call can still make it. A
# removal that was begun keeps its own pace: a second one beside it could take the new user.
HURRY = f"""
    UPDATE config_leftovers l SET next_attempt_at = LEAST(l.next_attempt_at, l.since + {IN_FLIGHT})
    WHERE l.config_id = :config_id AND l.instance_id = :instance_id AND l.attempts = 0"""  # noqa: S608 - constant
AIM = statement(
    f"""
    WITH hurried AS ({HURRY})
    UPDATE config_moves m SET target = :instance_id, attempts = 1
    WHERE m.config_id = :config_id AND m.source = :source AND m.target IS NULL
      AND EXISTS (SELECT FROM configs c WHERE c.id = m.config_id AND c.country IS NOT DISTINCT FROM :country)
      AND NOT EXISTS (SELECT FROM config_leftovers l WHERE l.config_id = m.config_id AND l.instance_id = :instance_id)
    RETURNING m.config_id
    """  # noqa: S608 - constant
)
# The revision moves on, so that what a worker does on the old panel at this moment counts for nothing here.
SWITCH = statement(
    f"""
    WITH moved AS (
        UPDATE configs c SET instance_id = m.target, subscription_url = :subscription_url, link = :link,
               is_due = (c.is_due OR c.revision <> :revision), next_attempt_at = :now, attempts = 0, last_error = NULL,
               revision = c.revision + 1, made_at = :now, delivered_at = COALESCE(c.delivered_at, :now)
        FROM config_moves m
        WHERE {SAME} AND c.id = m.config_id AND c.status = 'active' AND c.instance_id = m.source
        RETURNING c.id, c.user_id, c.revision, c.expires_at, c.status, m.is_wished, NOT m.is_wished AS is_changed
    ), located AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'located:' || id || ':' || revision, user_id, 'config_located',
               jsonb_build_object('config_id', id::text), :now, :now
        FROM moved WHERE is_wished ON CONFLICT (key) DO NOTHING
    ), arrived AS (
        DELETE FROM config_moves m USING moved WHERE m.config_id = moved.id
    ), behind AS (
        INSERT INTO config_leftovers (config_id, instance_id, since, next_attempt_at)
        SELECT id, :source, :now, :at FROM moved ON CONFLICT DO NOTHING
    ), {key_changed("moved")}
    SELECT id FROM moved
    """  # noqa: S608 - constant
)
# The target may have a user all the same, made by a call whose answer was lost. Who wished the move is told that the
# config stays, where it was tried.
GIVE_UP = statement(
    f"""
    WITH gone AS (
        DELETE FROM config_moves m WHERE {SAME} RETURNING m.config_id, m.target, m.since, m.is_wished
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'stayed:' || c.id || ':' || floor(extract(epoch FROM g.since)), c.user_id, 'config_stayed',
               jsonb_build_object('config_id', c.id::text), :now, :now
        FROM gone g JOIN configs c ON c.id = g.config_id
        WHERE g.is_wished AND c.status = 'active' AND c.instance_id = :source ON CONFLICT (key) DO NOTHING
    )
    INSERT INTO config_leftovers (config_id, instance_id, since, next_attempt_at)
    SELECT g.config_id, g.target, :now, :at FROM gone g JOIN configs c ON c.id = g.config_id
    WHERE g.target IS NOT NULL AND (c.status = 'deleted' OR c.instance_id IS DISTINCT FROM g.target)
    ON CONFLICT DO NOTHING
    """  # noqa: S608 - constant
)
PUT_OFF = statement(
    f"UPDATE config_moves m SET next_attempt_at = :at, last_error = :error WHERE {SAME}"  # noqa: S608 - constant
)
# A panel that is silent is not asked at all: what stayed there is removed when it is heard again.
CLAIM_LEFTOVERS = statement(
    """
    WITH due AS (
        SELECT l.config_id, l.instance_id FROM config_leftovers l
        LEFT JOIN panel_sightings s ON s.instance_id = l.instance_id
        WHERE l.next_attempt_at <= :now AND s.silent_since IS NULL
        ORDER BY l.next_attempt_at LIMIT :batch FOR UPDATE OF l SKIP LOCKED
    ), claimed AS (
        UPDATE config_leftovers l SET next_attempt_at = :lease_end, attempts = l.attempts + 1
        FROM due WHERE l.config_id = due.config_id AND l.instance_id = due.instance_id RETURNING l.*
    )
    SELECT l.config_id, l.instance_id, l.attempts, c.marzban_username,
           COALESCE(c.instance_id = l.instance_id, false) AND c.status <> 'deleted' AS stands_here,
           CASE WHEN c.status = 'active' THEN c.instance_id END AS home,
           CASE WHEN c.status = 'active' THEN c.link END AS link
    FROM claimed l JOIN configs c ON c.id = l.config_id
    """
)
REMOVED = statement("DELETE FROM config_leftovers WHERE config_id = :config_id AND instance_id = :instance_id")
# Told once a day for as long as both rows are there, for the sweep finds such users again and again.
SAME_USER = statement(
    """
    WITH settled AS (
        DELETE FROM config_leftovers WHERE config_id = :config_id AND instance_id = :instance_id RETURNING instance_id
    )
    INSERT INTO operator_notices (key, kind, facts, next_attempt_at, created_at)
    SELECT 'twice:' || instance_id || ':' || :home || ':' || to_char(CAST(:now AS timestamptz), 'YYYY-MM-DD'),
           'panel_twice', jsonb_build_object('panel', instance_id, 'home', :home), :now, :now
    FROM settled ON CONFLICT (key) DO NOTHING
    """
)
KEPT = statement(
    "UPDATE config_leftovers SET next_attempt_at = :at, last_error = :error"
    " WHERE config_id = :config_id AND instance_id = :instance_id"
)


class MoveRepository:
    """Implements panels.moves.MoveStore and panels.leftovers.LeftoverStore. A result counts while its move stands."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plan(self, now: datetime, silent_before: datetime | None, most: int) -> int:
        """Note the next configs that have to leave their panel, until `most` are on the move; how many came to it."""
        planned = len(await self._database.run(PLAN, {"now": now, "before": silent_before, "batch": most}))
        failpoint("move.planned")
        return planned

    async def claim(
        self, now: datetime, silent_before: datetime | None, lease_seconds: int, limit: int
    ) -> list[ConfigMove]:
        """Lease up to `limit` due moves."""
        lease_end = now + timedelta(seconds=lease_seconds)
        params = {"now": now, "before": silent_before, "lease_end": lease_end, "batch": limit}
        rows = await self._database.run(CLAIM, params)
        failpoint("move.claimed")
        return [_move(row) for row in rows]

    async def aim(self, move: ConfigMove, target: str) -> bool:
        """Commit where the config goes, before any call; False where the move is another's by now.

        False too where its owner wishes another country by now, and where a user of the config has to go from there
        first, which then happens without more delay.
        """
        params = {"config_id": move.config_id, "source": move.source, "instance_id": target, "country": move.country}
        rows = await self._database.run(AIM, params)
        failpoint("move.aimed")
        return bool(rows)

    async def switch(
        self, move: ConfigMove, subscription_url: str, link: str, now: datetime, remove_at: datetime
    ) -> bool:
        """Have the config stand on its target, and the user on its source removed at `remove_at`."""
        params = {**_same(move), "revision": move.revision, "subscription_url": subscription_url, "link": link}
        rows = await self._database.run(SWITCH, {**params, "now": now, "at": remove_at})
        failpoint("move.switched")
        return bool(rows)

    async def give_up(self, move: ConfigMove, now: datetime, remove_at: datetime) -> None:
        """The config stays where it is; what may stand on its target is removed at `remove_at`."""
        await self._database.run(GIVE_UP, {**_same(move), "now": now, "at": remove_at})
        failpoint("move.given_up")

    async def put_off(self, move: ConfigMove, at: datetime, error: str) -> None:
        """Try again at `at`; `error` is for the operator and holds no secret."""
        await self._database.run(PUT_OFF, {**_same(move), "at": at, "error": error})
        failpoint("move.put_off")

    async def claim_leftovers(self, now: datetime, lease_seconds: int, limit: int) -> list[Leftover]:
        """Lease up to `limit` users to be removed from panels that are not silent."""
        params = {"now": now, "lease_end": now + timedelta(seconds=lease_seconds), "batch": limit}
        rows = await self._database.run(CLAIM_LEFTOVERS, params)
        failpoint("leftover.claimed")
        return [
            Leftover(
                config_id=row.config_id,
                instance_id=row.instance_id,
                username=row.marzban_username,
                attempts=row.attempts,
                stands_here=bool(row.stands_here),
                home=row.home,
                link=row.link,
            )
            for row in rows
        ]

    async def removed(self, leftover: Leftover) -> None:
        """There is no such user any more, or it is the config's own again."""
        await self._database.run(REMOVED, {"config_id": leftover.config_id, "instance_id": leftover.instance_id})
        failpoint("leftover.removed")

    async def same_user(self, leftover: Leftover, home: str, now: datetime) -> None:
        """The user is the one that the config has at `home`: nothing is left over, and operators are told."""
        params = {"config_id": leftover.config_id, "instance_id": leftover.instance_id, "home": home, "now": now}
        await self._database.run(SAME_USER, params)
        failpoint("leftover.removed")

    async def kept(self, leftover: Leftover, at: datetime, error: str) -> None:
        """Try again at `at`."""
        params = {"config_id": leftover.config_id, "instance_id": leftover.instance_id, "at": at, "error": error}
        await self._database.run(KEPT, params)
        failpoint("leftover.kept")


def _same(move: ConfigMove) -> dict[str, Any]:
    return {"config_id": move.config_id, "source": move.source, "target": move.target}


def _move(row: Row[Any]) -> ConfigMove:
    return ConfigMove(
        config_id=row.config_id,
        owner=row.user_id,
        username=row.marzban_username,
        expires_at=row.expires_at,
        revision=row.revision,
        source=row.source,
        target=row.target,
        attempts=row.attempts,
        is_wanted=row.is_wanted,
        avoid=frozenset(row.avoid),
        country=row.country,
        is_wished=row.is_wished,
    )
