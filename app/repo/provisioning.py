"""The queue between what should be and what the panels have, kept in the rows of configs. Talks to no panel."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.models import TURNS
from app.repo.moves import HURRY, IN_FLIGHT, key_changed
from app.repo.sql import statement
from app.services.records import ConfigJob, ConfigWork

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

WORK_OF = {"creating": ConfigWork.CREATE, "active": ConfigWork.SYNC, "deleting": ConfigWork.DELETE}

# Chosen in a part of its own, for the reason that notices.py gives.
CLAIM = statement(
    f"""
    WITH due AS (
        SELECT id FROM configs WHERE is_due AND next_attempt_at <= :now
        ORDER BY {", ".join(TURNS)}, next_attempt_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    UPDATE configs SET next_attempt_at = :lease_end, attempts = attempts + 1
    FROM due WHERE configs.id = due.id
    RETURNING configs.id, user_id, status, instance_id, marzban_username, expires_at, revision, attempts,
              moved_from IS NOT NULL AND delivered_at IS NULL AS is_moving,
              ARRAY(SELECT l.instance_id FROM config_leftovers l WHERE l.config_id = configs.id) AS avoid,
              configs.country
    """  # noqa: S608 - constant
)
# Not where a user of this config is still to be removed: the removal would take the new one. It is hurried instead.
ASSIGN = statement(
    f"""
    WITH hurried AS ({HURRY})
    UPDATE configs SET instance_id = :instance_id WHERE id = :config_id AND revision = :revision AND is_due
      AND NOT EXISTS (SELECT FROM config_leftovers l WHERE l.config_id = :config_id AND l.instance_id = :instance_id)
    RETURNING id
    """  # noqa: S608 - constant
)
# The panel may have the user all the same, made by a call whose answer was lost. The next panel gets all its tries.
GIVE_UP = statement(
    """
    WITH left_it AS (
        UPDATE configs SET instance_id = NULL, attempts = 0
        WHERE id = :config_id AND revision = :revision AND is_due AND instance_id = :instance_id RETURNING id
    )
    INSERT INTO config_leftovers (config_id, instance_id, since, next_attempt_at)
    SELECT id, :instance_id, :now, :at FROM left_it
    ON CONFLICT (config_id, instance_id) DO UPDATE SET next_attempt_at = :at RETURNING config_id
    """
)
# Whose message asks for which device the config is hears only where a delay was told.
# A wish that changed while the panel worked keeps the row due: the next claim carries the newer revision out. What was
# made on a panel that the config has left since, or for a config that is deleted, is removed again, unless a move is on
# its way to that very user. What follows the secrets in a link may differ at every read.
CREATED = statement(
    f"""
    WITH done AS (
        UPDATE configs c SET subscription_url = :subscription_url, link = :link, last_error = NULL, attempts = 0,
               status = CASE WHEN c.status = 'creating' THEN 'active' ELSE c.status END,
               delivered_at = CASE WHEN c.status = 'deleting' THEN c.delivered_at
                                   ELSE COALESCE(c.delivered_at, :now) END,
               is_due = (c.revision <> :revision), next_attempt_at = :now, made_at = :now
        FROM (SELECT id, status, link FROM configs WHERE id = :config_id FOR UPDATE) was
        WHERE c.id = was.id AND c.status IN ('creating', 'active', 'deleting')
          AND (CAST(:instance_id AS text) IS NULL OR c.instance_id = :instance_id)
        RETURNING c.id, c.user_id, c.status, c.message_id, c.expires_at, c.revision, c.moved_from,
                  c.guide,
                  was.status = 'active' AND split_part(was.link, '@', 1) <> split_part(c.link, '@', 1) AS is_changed
    ), {key_changed("done")}, told AS (
        INSERT INTO notices (key, recipient, kind, facts, message_id, next_attempt_at, created_at)
        SELECT 'ready:' || id, user_id, 'config_ready',
               jsonb_strip_nulls(jsonb_build_object('config_id', id::text, 'guide', NULLIF(guide, 'ask'))),
               message_id, :now, :now
        FROM done WHERE status = 'active' AND moved_from IS NULL
          AND (guide IS DISTINCT FROM 'ask' OR EXISTS (SELECT FROM notices WHERE key = 'delayed:' || done.id))
        ON CONFLICT (key) DO NOTHING
    ), nobodys AS (
        INSERT INTO config_leftovers (config_id, instance_id, since, next_attempt_at)
        SELECT c.id, :instance_id, :now, :now FROM configs c
        WHERE c.id = :config_id AND CAST(:instance_id AS text) IS NOT NULL AND NOT EXISTS (SELECT FROM done)
          AND NOT EXISTS (SELECT FROM config_moves m WHERE m.config_id = c.id AND m.target = :instance_id)
        ON CONFLICT DO NOTHING
    )
    SELECT user_id FROM done
    """  # noqa: S608 - constant
)
SYNCED = statement(
    """
    UPDATE configs SET is_due = (revision <> :revision), attempts = 0, last_error = NULL
    WHERE id = :config_id RETURNING user_id
    """
)
# A user who was made after the deletion was wished may have come after the look that found none. Leftovers lose their
# grace, but for what covers a call that is still on its way to the panel.
DELETED = statement(
    f"""
    WITH gone AS (
        UPDATE configs SET status = 'deleted', is_due = false, deleted_at = :now, last_error = NULL,
               subscription_url = NULL, link = NULL
        WHERE id = :config_id AND status = 'deleting'
        RETURNING id, user_id, instance_id, made_at >= doomed_at AS is_late
    ), late AS (
        INSERT INTO config_leftovers (config_id, instance_id, since, next_attempt_at)
        SELECT id, instance_id, :now, :now FROM gone WHERE is_late AND instance_id IS NOT NULL ON CONFLICT DO NOTHING
    ), without_link AS (
        DELETE FROM subscription_links l USING gone WHERE l.config_id = gone.id
    ), without_copies AS (
        DELETE FROM subscription_copies c USING gone WHERE c.config_id = gone.id
    ), without_days AS (
        DELETE FROM config_traffic_days d USING gone WHERE d.config_id = gone.id
    ), without_counter AS (
        DELETE FROM config_counters k USING gone WHERE k.config_id = gone.id
    ), without_grace AS (
        UPDATE config_leftovers l
        SET next_attempt_at = GREATEST(:now, LEAST(l.next_attempt_at, l.since + {IN_FLIGHT}))
        FROM gone WHERE l.config_id = gone.id
    )
    SELECT user_id FROM gone
    """  # noqa: S608 - constant
)
# Who waits for a new config hears once, at the third failure or after some seconds, that it takes longer and that
# nothing is to be done: a panel that hangs fails slowly.
RETRY = statement(
    """
    WITH waits AS (
        UPDATE configs SET next_attempt_at = CASE WHEN revision = :revision THEN :at ELSE next_attempt_at END,
               last_error = :error
        WHERE id = :config_id AND is_due RETURNING id, user_id, status, attempts, message_id, created_at
    )
    INSERT INTO notices (key, recipient, kind, facts, message_id, next_attempt_at, created_at)
    SELECT 'delayed:' || id, user_id, 'config_delayed', jsonb_build_object('config_id', id::text),
           message_id, :now, :now
    FROM waits WHERE status = 'creating' AND (attempts >= 3 OR created_at < :now - interval '15 seconds')
    ON CONFLICT (key) DO NOTHING
    """
)


class ProvisioningRepository(BaseRepository):
    """Implements ports.ProvisioningStore."""

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[ConfigJob]:
        """Lease up to `limit` due jobs; two workers never hold the same one within the lease."""
        lease_end = now + timedelta(seconds=lease_seconds)
        rows = await self.database.run(CLAIM, {"now": now, "lease_end": lease_end, "batch": limit})
        failpoint("config.claimed")
        return [_job(row) for row in rows]

    async def assign(self, job: ConfigJob, instance_id: str | None) -> bool:
        """Commit where the config will be made, before any call; False when the job moved on meanwhile.

        False too where a user of the config has to go from there first, which then happens without more delay.
        """
        rows = await self.database.run(ASSIGN, {**_fence(job), "instance_id": instance_id})
        failpoint("config.assigned")
        return bool(rows)

    async def give_up(self, job: ConfigJob, now: datetime, at: datetime) -> bool:
        """Take the config from its panel, where its user is looked for and removed at `at`; False as for `assign`."""
        rows = await self.database.run(GIVE_UP, {**_fence(job), "instance_id": job.instance_id, "now": now, "at": at})
        failpoint("config.assigned")
        return bool(rows)

    async def created(self, job: ConfigJob, subscription_url: str, link: str, now: datetime) -> None:
        """Store the links and queue the owner's notice, in one statement."""
        params = {**_fence(job), "instance_id": job.instance_id, "subscription_url": subscription_url, "link": link}
        await self.database.run(CREATED, {**params, "now": now})
        failpoint("config.created")
        await self.drop_account(job.owner, parts=("configs",))

    async def synced(self, job: ConfigJob) -> None:
        """The panel has the expiry of `job`."""
        await self.database.run(SYNCED, _fence(job))
        failpoint("config.synced")

    async def deleted(self, job: ConfigJob, now: datetime) -> None:
        """The panel has no such user any more; the row stays as a tombstone."""
        await self.database.run(DELETED, {"config_id": job.config_id, "now": now})
        failpoint("config.deleted")
        await self.drop_account(job.owner, parts=("configs",))

    async def retry(self, job: ConfigJob, now: datetime, at: datetime, error: str) -> None:
        """Try again at `at`; a newer wish is not delayed by an older one's failure."""
        await self.database.run(RETRY, {**_fence(job), "now": now, "at": at, "error": error})
        failpoint("config.postponed")


def _fence(job: ConfigJob) -> dict[str, Any]:
    return {"config_id": job.config_id, "revision": job.revision}


def _job(row: Row[Any]) -> ConfigJob:
    # What comes from a legacy server has a link, though not of its panel's.
    is_made = not (row.status == "active" and row.is_moving)
    return ConfigJob(
        config_id=row.id,
        owner=row.user_id,
        work=WORK_OF[row.status] if is_made else ConfigWork.CREATE,
        instance_id=row.instance_id,
        username=row.marzban_username,
        expires_at=row.expires_at,
        revision=row.revision,
        attempts=row.attempts,
        avoid=frozenset(row.avoid),
        country=row.country,
    )
