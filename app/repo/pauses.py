"""Pauses of configs and the queue of what is to be done for them, kept in their rows. Talks to no panel."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.pauses import PauseJob, PauseStatus

if TYPE_CHECKING:
    from datetime import datetime

    from app.services.pauses import PauseOutcome

WANT = statement(
    """
    INSERT INTO address_pauses (config_id, instance_id, username, addresses, created_at, next_attempt_at)
    SELECT id, instance_id, marzban_username, :addresses, :now, :now FROM configs
    WHERE marzban_username = :username AND status = 'active' AND instance_id IS NOT NULL
    ON CONFLICT (config_id) WHERE status <> 'over' DO NOTHING RETURNING id
    """
)
# Chosen in a part of its own, for the reason that notices.py gives.
CLAIM = statement(
    """
    WITH due AS (
        SELECT id FROM address_pauses WHERE status <> 'over' AND next_attempt_at <= :now
        ORDER BY next_attempt_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    UPDATE address_pauses p SET next_attempt_at = :lease_end, attempts = p.attempts + 1
    FROM due, configs c WHERE p.id = due.id AND c.id = p.config_id
    RETURNING p.id, p.config_id, p.instance_id, p.username, p.status, p.created_at, p.attempts,
              c.status <> 'deleted' AND c.instance_id IS NOT DISTINCT FROM p.instance_id AS stands
    """
)
BEGUN = statement(
    """
    WITH begun AS (
        UPDATE address_pauses SET status = 'paused', paused_at = :now, ends_at = :ends_at, next_attempt_at = :ends_at,
               attempts = 0, last_error = NULL
        WHERE id = :pause_id AND status = 'wanted' RETURNING id, config_id, addresses
    )
    INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
    SELECT 'paused:' || begun.id, c.user_id, 'config_paused',
           jsonb_build_object('name', c.name, 'addresses', begun.addresses::text, 'most', CAST(:most AS text),
                              'ends_at', CAST(:until_text AS text)), :now, :now
    FROM begun JOIN configs c ON c.id = begun.config_id WHERE c.status = 'active' ON CONFLICT (key) DO NOTHING
    """
)
OVER = statement(
    "UPDATE address_pauses SET status = 'over', outcome = :outcome, over_at = :now, last_error = NULL"
    " WHERE id = :pause_id AND status <> 'over'"
)
RETRY = statement(
    "UPDATE address_pauses SET next_attempt_at = :at, last_error = :error WHERE id = :pause_id AND status <> 'over'"
)


class PauseRepository(BaseRepository):
    """Implements services.pauses.PauseStore."""

    async def want(self, username: str, addresses: int, now: datetime) -> bool:
        """Record that the config of this username should be paused; False where it is already, or is none of ours."""
        rows = await self.database.run(WANT, {"username": username, "addresses": addresses, "now": now})
        failpoint("pause.wanted")
        return bool(rows)

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[PauseJob]:
        """Lease up to `limit` pauses that should begin or end now."""
        lease_end = now + timedelta(seconds=lease_seconds)
        rows = await self.database.run(CLAIM, {"now": now, "lease_end": lease_end, "batch": limit})
        failpoint("pause.claimed")
        return [
            PauseJob(
                row.id, row.config_id, row.instance_id, row.username, PauseStatus(row.status), row.created_at,
                row.attempts, row.stands,
            )
            for row in rows
        ]  # fmt: skip

    async def begun(self, job: PauseJob, most: int, now: datetime, ends_at: datetime) -> None:
        """The panel has the user switched off; stored together with the owner's notice."""
        facts = {"most": most, "until_text": ends_at.isoformat()}
        await self.database.run(BEGUN, {"pause_id": job.pause_id, **facts, "now": now, "ends_at": ends_at})
        failpoint("pause.begun")

    async def over(self, job: PauseJob, outcome: PauseOutcome, now: datetime) -> None:
        """Nothing is left to do for this pause."""
        await self.database.run(OVER, {"pause_id": job.pause_id, "outcome": outcome.value, "now": now})
        failpoint("pause.over")

    async def retry(self, job: PauseJob, at: datetime, error: str) -> None:
        """Try again at `at`."""
        await self.database.run(RETRY, {"pause_id": job.pause_id, "at": at, "error": error})
        failpoint("pause.postponed")
