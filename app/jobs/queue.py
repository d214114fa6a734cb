"""Owns the queue of jobs over all replicas, and is the one module that knows pgqueuer. Must not know what jobs do."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from pgqueuer import AsyncpgDriver, PgQueuer, Queries
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.domain.settings import DBSettings
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job, Schedule

from app.jobs.cron import cron
from app.jobs.rounds import Rounds
from app.utils.logging import place_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Awaitable, Callable

    import asyncpg

    from app.services.jobs import JobStore

    Connect = Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]]
    Work = Callable[[], Awaitable[object]]

log = structlog.get_logger()

# Every name is given, so that no variable of the environment moves the tables that the migration made.
TABLES = DBSettings(
    prefix="",
    db_schema="jobs",
    channel="ch_pgqueuer",
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
)
BATCH = 10
# A worker that has not been heard of for so long has lost its jobs to the others, who look at least so often.
DEAD_AFTER = timedelta(seconds=30)
LOOKS_EVERY = timedelta(seconds=15)
FIRST_PAUSE = timedelta(seconds=1)
MOST_RETRIES = 5
GOES_BACK_SECONDS = 2


class ConnectionLost(Exception):
    """The queue's connection ended; the supervisor begins anew with another."""


class JobFailed(Exception):
    """A job was given up; the text says what happened where, and holds no value."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A job by name: its runs in this process, and how often it comes by itself."""

    rounds: Rounds
    cron: str


class JobQueue:
    """Jobs that run once over all replicas each time, and again where a worker died: at least once.

    `failures` counts, by name, what failed and was logged. Jobs are named before `run`.
    """

    def __init__(self, connect: Connect, store: JobStore, failures: Counter[str]) -> None:
        self._connect = connect
        self._store = store
        self._failures = failures
        self._plans: dict[str, Plan] = {}
        self._running: PgQueuer | None = None
        self._has_ended = asyncio.Event()
        self._has_ended.set()
        # Runs that were asked for here and now.
        self._at_hand = 0
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()
        self._in_hand: set[asyncio.Task[object]] = set()
        self._stopping = asyncio.Event()
        self._has_started = False

    def every(self, name: str, seconds: float, job: Work, *, side_by_side: int = 1) -> None:
        """Run `job` on one of the replicas, never less often than asked, and whenever a job of its name is enqueued.

        In one process at most so many runs of it are under way; who asks meanwhile shares the one that follows.
        """
        if name in self._plans:
            raise ValueError(f"{name} is planned twice")
        self._plans[name] = Plan(Rounds(job, side_by_side), cron(seconds))

    def takes(self, name: str) -> bool:
        """Whether there is a job of that name, and no stop under way."""
        return name in self._plans and not self._stopping.is_set()

    async def join(self, name: str) -> None:
        """Run a job here and now, without the way through the queue; who asks for it meanwhile shares the run."""
        self._at_hand += 1
        self._is_quiet.clear()
        try:
            await self._plans[name].rounds.join()
        finally:
            self._at_hand -= 1
            if not self._at_hand:
                self._is_quiet.set()

    async def run(self) -> None:
        """A service for the supervisor: work until stopped; raises where the database is lost."""
        if self._stopping.is_set():
            return
        connection = await self._connect()
        self._has_ended.clear()
        try:
            if self._stopping.is_set():
                return
            self._running = queue = self._assembled(connection)
            # Else it would be noticed at the next look, and nothing be heard until then.
            connection.add_termination_listener(lambda _connection: queue.shutdown.set())
            if not self._has_started:
                # What fell due while no bot ran is looked for at once.
                await self._store.enqueue(self._plans)
                self._has_started = True
            await queue.run(
                dequeue_timeout=LOOKS_EVERY,
                batch_size=BATCH,
                heartbeat_timeout=DEAD_AFTER,
                shutdown_on_listener_failure=True,
                log_aggregation_interval=timedelta(0),
            )
            if not self._stopping.is_set():
                raise ConnectionLost
        finally:
            self._running = None
            self._has_ended.set()
            with contextlib.suppress(OSError, TimeoutError):
                await connection.close(timeout=1)

    async def stop(self, seconds: float) -> None:
        """Take no job any more, give those in hand `seconds` to end, and cut off what has not ended by then."""
        self._stopping.set()
        if self._running is not None:
            self._running.shutdown.set()
        try:
            async with asyncio.timeout(seconds):
                await self._is_quiet.wait()
                await self._has_ended.wait()
        except TimeoutError:
            # The library waits for its jobs without an end, unless its own cancellation finds it waiting already.
            for task in self._in_hand:
                task.cancel()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOES_BACK_SECONDS):
                    await self._has_ended.wait()

    def _assembled(self, connection: asyncpg.Connection[asyncpg.Record]) -> PgQueuer:
        driver = AsyncpgDriver(connection)
        queries = Queries(
            driver,
            qbe=QueryBuilderEnvironment(TABLES),
            qbq=QueryQueueBuilder(TABLES),
            qbs=QuerySchedulerBuilder(TABLES),
        )
        queue = PgQueuer(driver, channel=TABLES.channel, queries=queries)
        for name, plan in self._plans.items():
            queue.entrypoint(name, accepts_context=False, on_failure="hold")(self._woken(name, plan.rounds))
            queue.schedule(name, plan.cron, accepts_context=False)(self._ticked(name, plan.rounds))
        return queue

    def _woken(self, name: str, rounds: Rounds) -> Callable[[Job], Awaitable[None]]:
        async def woken(job: Job) -> None:
            try:
                reason = await self._tried(name, rounds)
            except asyncio.CancelledError:
                # Another replica has it at once, rather than when this one is missed.
                raise RetryRequested(timedelta(0), "cut off by a stop") from None
            if reason is not None and job.attempts < MOST_RETRIES:
                raise RetryRequested(FIRST_PAUSE * 2**job.attempts, reason)
            if reason is not None:
                raise JobFailed(reason)

        return woken

    def _ticked(self, name: str, rounds: Rounds) -> Callable[[Schedule], Awaitable[None]]:
        async def ticked(_schedule: Schedule) -> None:
            reason = await self._tried(name, rounds)
            if reason is not None:
                await self._store.missed(name, reason)

        return ticked

    async def _tried(self, name: str, rounds: Rounds) -> str | None:
        """Why the job failed, None where it went well; only a cancellation of ours is raised."""
        if (task := asyncio.current_task()) is None:
            raise RuntimeError(f"{name} runs outside a task")
        self._in_hand.add(task)
        try:
            await rounds.join()
        except asyncio.CancelledError as error:
            if task.cancelling():
                raise
            # Something that it awaited was cancelled, which is a failure like any other.
            return self._failed(name, error)
        except Exception as error:  # noqa: BLE001 - the job loop: it logs, counts and goes on
            return self._failed(name, error)
        finally:
            self._in_hand.discard(task)
        return None

    def _failed(self, name: str, error: BaseException) -> str:
        """Why, in words that hold no value."""
        self._failures[name] += 1
        log.error("job_failed", task=name, exc_info=error)
        kind, function, line = place_of(error)
        return f"{kind} in {function}, line {line}"
