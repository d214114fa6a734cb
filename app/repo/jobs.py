"""The job queue as rows: what waits, runs, failed or was put off. Runs no job, and decides nothing's due."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from app.repo.sql import statement
from app.services.jobs import FailedJob, PeriodicJob, WaitingJobs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from app.repo.db import Database

SHOWN = 100

ENQUEUE = statement(
    "INSERT INTO jobs.pgqueuer (priority, entrypoint, status)"
    " SELECT 0, name, 'queued' FROM jsonb_array_elements_text(CAST(:names AS jsonb)) name"
)
# One job stands for all that was put off: it comes for the first of them, and looks again from there.
LATER = """
    INSERT INTO jobs.pgqueuer AS job (priority, entrypoint, status, dedupe_key, execute_after)
    SELECT 0, '{job}', 'queued', '{job}:later', clock_timestamp() + (min(next_attempt_at) - :now)
    FROM {table} WHERE {is_due} HAVING min(next_attempt_at) > :now
    ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'picked') AND dedupe_key IS NOT NULL
    DO UPDATE SET execute_after = excluded.execute_after
    WHERE job.status = 'queued' AND job.execute_after > excluded.execute_after
"""
PUT_OFF = {
    "notices": statement(LATER.format(job="notices", table="notices", is_due="sent_at IS NULL")),
    "provisioning": statement(LATER.format(job="provisioning", table="configs", is_due="is_due")),
}
WAITING = statement(
    "SELECT entrypoint, status = 'picked' AS is_running, count(*) AS number, min(created) AS since FROM jobs.pgqueuer"
    " WHERE status IN ('queued', 'picked') GROUP BY 1, 2 ORDER BY 1, 2"
)
FAILED = statement(
    """
    SELECT job.id, job.entrypoint, job.updated, job.attempts + 1 AS tries, COALESCE((
           SELECT traceback ->> 'exception_message' FROM jobs.pgqueuer_log log WHERE log.job_id = job.id
           ORDER BY log.created DESC, log.id DESC LIMIT 1), 'forgotten') AS reason
    FROM jobs.pgqueuer job WHERE job.status = 'failed' ORDER BY job.id DESC LIMIT :batch
    """
)
NUMBER_FAILED = statement("SELECT count(*) AS number FROM jobs.pgqueuer WHERE status = 'failed'")
# A failure counts until the next run begins, which sets the time of the one after it.
PERIODIC = statement(
    """
    SELECT entrypoint, status = 'picked' AS is_running, last_run, plan.next_run, reason AS failure
    FROM jobs.pgqueuer_schedules plan
    LEFT JOIN jobs.periodic_failures failure ON name = entrypoint AND failure.next_run = plan.next_run
    ORDER BY entrypoint, plan.next_run
    """
)
MISSED = statement(
    """
    INSERT INTO jobs.periodic_failures (name, next_run, reason)
    SELECT :job, max(next_run), :reason FROM jobs.pgqueuer_schedules WHERE entrypoint = :job HAVING count(*) > 0
    ON CONFLICT (name) DO UPDATE SET next_run = excluded.next_run, reason = excluded.reason
    """
)
# As the library puts a failed job back, which it does without saying whether there was one.
RETRY = statement(
    "UPDATE jobs.pgqueuer SET status = 'queued', execute_after = now(), updated = now(), attempts = 0,"
    " queue_manager_id = NULL WHERE id = :job_id AND status = 'failed' RETURNING entrypoint"
)
# By the database's clock, which is the queue's. A plan that a bot follows is touched once a day at least.
FORGET = statement("DELETE FROM jobs.pgqueuer_log WHERE created < now() - interval '30 days'")
FORGET_PLANS = statement("DELETE FROM jobs.pgqueuer_schedules WHERE updated < now() - interval '2 days'")
# A job of that name is known to no bot any more.
FORGET_STRANGERS = statement(
    "DELETE FROM jobs.pgqueuer WHERE status = 'queued' AND updated < now() - interval '2 days'"
)


class JobRepository:
    """Implements services.jobs.JobStore, and shows operators the queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enqueue(self, names: Iterable[str]) -> None:
        """One job of each name, beside those that triggers enqueue in the transaction of a change."""
        await self._database.run(ENQUEUE, {"names": json.dumps(list(names))})

    async def put_off(self, name: str, now: datetime) -> None:
        """Enqueue a job for the moment when the first row that was put off falls due by the clock that says `now`."""
        await self._database.run(PUT_OFF[name], {"now": now})

    async def missed(self, name: str, reason: str) -> None:
        """The run of a periodic job that is under way has failed."""
        await self._database.run(MISSED, {"job": name, "reason": reason})

    async def forget(self) -> None:
        """Drop failures of a month ago, and what no bot plans or takes any more."""
        for command in (FORGET, FORGET_PLANS, FORGET_STRANGERS):
            await self._database.run(command)

    async def waiting(self) -> list[WaitingJobs]:
        """What waits and what is in hand, by name."""
        rows = await self._database.run(WAITING)
        return [WaitingJobs(row.entrypoint, bool(row.is_running), row.number, row.since) for row in rows]

    async def failed(self) -> list[FailedJob]:
        """Dead letters, newest first, a hundred at most."""
        rows = await self._database.run(FAILED, {"batch": SHOWN})
        return [FailedJob(row.id, row.entrypoint, row.updated, row.tries, row.reason) for row in rows]

    async def number_failed(self) -> int:
        """How many dead letters there are."""
        ((number,),) = await self._database.run(NUMBER_FAILED)
        return int(number)

    async def periodic(self) -> list[PeriodicJob]:
        """Every job that runs from time to time, with how its last run ended."""
        rows = await self._database.run(PERIODIC)
        return [
            PeriodicJob(row.entrypoint, bool(row.is_running), row.last_run, row.next_run, row.failure) for row in rows
        ]

    async def retry(self, job_id: int) -> str | None:
        """Put a dead letter back into the queue; the job's name, None where there is no such dead letter."""
        rows = await self._database.run(RETRY, {"job_id": job_id})
        return str(rows[0].entrypoint) if rows else None
