"""How panels are and how far each was compared with the configs on it. Talks to no panel."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from app.failpoints import failpoint
from app.repo.moves import LEFT
from app.repo.sql import statement
from app.services.upkeep_records import KnownUser, PanelState, Sweep, SweptConfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.repo.db import Database

LOOK_EVERY = timedelta(seconds=50)
# Nobody looked for so long: that a panel was silent before says nothing of the time between.
BLIND = timedelta(minutes=5)

LOOK = statement(
    """
    INSERT INTO panel_sightings AS s (instance_id, looked_at)
    SELECT id, :now FROM marzban_instances i
    WHERE is_active OR EXISTS (SELECT FROM configs c WHERE c.instance_id = i.id AND c.status = 'active')
       OR EXISTS (SELECT FROM config_leftovers l WHERE l.instance_id = i.id)
    ON CONFLICT (instance_id) DO UPDATE SET looked_at = excluded.looked_at,
        silent_since = CASE WHEN s.looked_at < :before THEN NULL ELSE s.silent_since END
    WHERE s.looked_at <= :since RETURNING instance_id
    """
)
HEARD = statement(
    """
    UPDATE panel_sightings s SET reason = f.value,
           silent_since = CASE WHEN f.value IS NULL THEN NULL ELSE COALESCE(s.silent_since, :now) END
    FROM jsonb_each_text(CAST(:found AS jsonb)) f WHERE s.instance_id = f.key
      AND (s.reason IS DISTINCT FROM f.value OR (s.silent_since IS NULL) <> (f.value IS NULL))
    """
)
# A round that ended begins anew; one that was cut off goes on where it was saved.
CLAIM = statement(
    """
    WITH known AS (
        INSERT INTO panel_sweeps (instance_id, next_at) SELECT id, :now FROM marzban_instances ON CONFLICT DO NOTHING
    ), due AS (
        SELECT w.instance_id FROM panel_sweeps w LEFT JOIN panel_sightings s ON s.instance_id = w.instance_id
        WHERE w.next_at <= :now AND s.silent_since IS NULL ORDER BY w.next_at LIMIT 1 FOR UPDATE OF w SKIP LOCKED
    )
    UPDATE panel_sweeps w SET next_at = :lease_end, holder = w.holder + 1,
        phase = CASE w.phase WHEN 'done' THEN 'configs' ELSE w.phase END,
        after_config = CASE w.phase WHEN 'done' THEN 0 ELSE w.after_config END,
        users_seen = CASE w.phase WHEN 'done' THEN 0 ELSE w.users_seen END,
        counts = CASE w.phase WHEN 'done' THEN '{}'::jsonb ELSE w.counts END,
        started_at = CASE w.phase WHEN 'done' THEN :now ELSE w.started_at END, stopped = NULL
    FROM due WHERE w.instance_id = due.instance_id
    RETURNING w.instance_id, w.holder, w.phase, w.after_config, w.users_seen, w.counts, w.started_at
    """
)
SAVE = statement(
    """
    UPDATE panel_sweeps SET phase = :phase, after_config = :after, users_seen = :users_seen,
           counts = CAST(:counts AS jsonb), next_at = :at,
           finished_at = CASE WHEN :phase = 'done' THEN :now ELSE finished_at END
    WHERE instance_id = :instance_id AND holder = :holder RETURNING instance_id
    """
)
STOP = statement(
    """
    WITH stopped AS (
        UPDATE panel_sweeps SET phase = 'done', next_at = :at, stopped = :error, counts = CAST(:counts AS jsonb)
        WHERE instance_id = :instance_id AND holder = :holder RETURNING instance_id
    )
    INSERT INTO operator_notices (key, kind, facts, next_attempt_at, created_at)
    SELECT 'sweep:' || instance_id || ':' || to_char(CAST(:now AS timestamptz), 'YYYY-MM-DD'), 'sweep_stopped',
           jsonb_build_object('panel', instance_id, 'what', :what, 'count', :count, 'among', :among), :now, :now
    FROM stopped ON CONFLICT (key) DO NOTHING
    """
)
STANDING = statement(
    """
    SELECT id, marzban_username, expires_at, revision,
           NOT is_due AND NOT EXISTS (SELECT FROM config_moves m WHERE m.config_id = c.id) AS is_settled
    FROM configs c WHERE instance_id = :instance_id AND status = 'active' AND id > :after ORDER BY id LIMIT :batch
    """
)
HOW_MANY = statement(
    "SELECT count(*) FROM configs WHERE instance_id = :instance_id AND status = 'active' AND expires_at > :now"
)
# What is to be put right goes through the queue, where a newer wish outdates it.
AGAIN = statement(
    """
    UPDATE configs c SET is_due = true, attempts = 0, next_attempt_at = :now
    FROM jsonb_to_recordset(CAST(:found AS jsonb)) AS f (id bigint, revision bigint)
    WHERE c.id = f.id AND c.revision = f.revision AND c.status = 'active' AND NOT c.is_due
      AND c.instance_id = :instance_id
    """
)
# One in the making, or without a home for the moment, may stand anywhere yet. One being deleted or moved has its own
# work to do, as has a user that is known to be left behind.
KNOWN = statement(
    """
    SELECT c.id, c.marzban_username, c.status <> 'deleted' AND c.instance_id = :instance_id AS stands_here,
           (c.status = 'deleted' OR (c.status = 'active' AND c.instance_id IS NOT NULL)) AND NOT EXISTS (
               SELECT FROM config_moves m WHERE m.config_id = c.id AND m.target = :instance_id)
           AND NOT EXISTS (
               SELECT FROM config_leftovers l WHERE l.config_id = c.id AND l.instance_id = :instance_id) AS may_go
    FROM configs c WHERE c.marzban_username IN (SELECT jsonb_array_elements_text(CAST(:names AS jsonb)))
    """
)
LEAVE = statement(
    """
    INSERT INTO config_leftovers (config_id, instance_id, since, next_attempt_at)
    SELECT CAST(value AS bigint), :instance_id, :now, :at FROM jsonb_array_elements_text(CAST(:ids AS jsonb))
    ON CONFLICT DO NOTHING
    """
)
STATES = statement(
    f"""
    SELECT i.id, i.is_active, i.keeps_configs, s.silent_since, w.finished_at, w.stopped, w.counts,
           count(c.id) AS standing, (SELECT count(*) FROM config_leftovers l WHERE l.instance_id = i.id) AS leftovers,
           i.id IN (SELECT id FROM ({LEFT}) panels) AS is_left
    FROM marzban_instances i LEFT JOIN configs c ON c.instance_id = i.id AND c.status = 'active'
    LEFT JOIN panel_sightings s ON s.instance_id = i.id LEFT JOIN panel_sweeps w ON w.instance_id = i.id
    GROUP BY i.id, s.instance_id, w.instance_id ORDER BY i.id
    """  # noqa: S608 - constant
)


class Differences(Protocol):
    """What differs too much."""

    what: str
    count: int
    among: int


class UpkeepRepository:
    """Implements panels.watch.SightingStore and panels.sweep.SweepStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def to_look_at(self, now: datetime) -> set[str]:
        """The panels that nobody has looked at for a minute, now taken by this replica."""
        rows = await self._database.run(LOOK, {"now": now, "before": now - BLIND, "since": now - LOOK_EVERY})
        failpoint("panel.looked_at")
        return {row.instance_id for row in rows}

    async def heard(self, found: Mapping[str, str | None], now: datetime) -> None:
        """Note which panels serve (None), and why the others don't."""
        await self._database.run(HEARD, {"found": json.dumps(dict(found)), "now": now})
        failpoint("panel.heard")

    async def claim_sweep(self, now: datetime, lease_end: datetime) -> Sweep | None:
        """The comparison of the panel that waited longest, until `lease_end`; one that was cut off goes on."""
        rows = await self._database.run(CLAIM, {"now": now, "lease_end": lease_end})
        failpoint("sweep.claimed")
        return Sweep(*rows[0]) if rows else None

    async def save_sweep(self, sweep: Sweep, now: datetime, at: datetime) -> bool:
        """Remember how far it came, to go on or begin anew at `at`; False where another has it by now."""
        params = {"phase": sweep.phase, "after": sweep.after_config, "users_seen": sweep.users_seen}
        rows = await self._database.run(SAVE, {**_held(sweep), **params, "now": now, "at": at})
        failpoint("sweep.saved")
        return bool(rows)

    async def stop_sweep(self, sweep: Sweep, now: datetime, at: datetime, reason: Differences) -> None:
        """End it unfinished, and have operators told, once a day."""
        facts = {"what": reason.what, "count": str(reason.count), "among": str(reason.among)}
        await self._database.run(STOP, {**_held(sweep), **facts, "now": now, "at": at, "error": str(reason)})
        failpoint("sweep.saved")

    async def standing(self, instance_id: str, after: int, limit: int) -> list[SweptConfig]:
        """Configs that stand on the panel, in the order of their ids, those behind `after`."""
        params = {"instance_id": instance_id, "after": after, "batch": limit}
        return [SweptConfig(*row) for row in await self._database.run(STANDING, params)]

    async def how_many_run(self, instance_id: str, now: datetime) -> int:
        """How many configs that have not ended stand on the panel."""
        ((standing,),) = await self._database.run(HOW_MANY, {"instance_id": instance_id, "now": now})
        return int(standing)

    async def do_again(self, instance_id: str, configs: Sequence[SweptConfig], now: datetime) -> None:
        """Have the panel made to match these once more, unless they changed or went since they were read."""
        found = json.dumps([{"id": config.config_id, "revision": config.revision} for config in configs])
        await self._database.run(AGAIN, {"instance_id": instance_id, "found": found, "now": now})
        failpoint("sweep.noted")

    async def known(self, instance_id: str, usernames: Sequence[str]) -> list[KnownUser]:
        """The configs that ever had these names."""
        params = {"instance_id": instance_id, "names": json.dumps(list(usernames))}
        rows = await self._database.run(KNOWN, params)
        return [KnownUser(row.id, row.marzban_username, bool(row.stands_here), bool(row.may_go)) for row in rows]

    async def leave(self, instance_id: str, config_ids: Sequence[int], now: datetime, at: datetime) -> None:
        """Have the users of these configs removed from the panel at `at`, unless they stand there by then."""
        params = {"instance_id": instance_id, "ids": json.dumps(list(config_ids)), "now": now, "at": at}
        await self._database.run(LEAVE, params)
        failpoint("sweep.noted")

    async def states(self, silent_before: datetime | None) -> list[PanelState]:
        """Every panel as operators see it."""
        return [
            PanelState(
                instance_id=row.id,
                is_active=row.is_active,
                keeps_configs=row.keeps_configs,
                standing=row.standing,
                leaving=row.standing if row.is_left else 0,
                leftovers=row.leftovers,
                silent_since=row.silent_since,
                swept_at=row.finished_at,
                stopped=row.stopped,
                counts=row.counts or {},
            )
            for row in await self._database.run(STATES, {"before": silent_before})
        ]


def _held(sweep: Sweep) -> dict[str, object]:
    return {"instance_id": sweep.instance_id, "holder": sweep.holder, "counts": json.dumps(dict(sweep.counts))}
