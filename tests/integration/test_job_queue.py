"""Jobs over all replicas: enqueued with a change and gone with it, once a period, again after a kill, seen if given up.

Workers live in the test, each on a connection of its own; the one that is killed is a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pgqueuer.adapters.persistence import schema_ddl
from sqlalchemy import TextClause, text

from app.jobs import queue as module
from app.jobs.queue import TABLES, JobQueue
from app.jobs.supervisor import Supervisor
from app.repo.db import Database, make_engine
from app.repo.init_db import MIGRATIONS
from app.repo.jobs import JobRepository
from tests.support.books import NOW, Books
from tests.support.cli import database_settings, invoke

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import URL

    from app.utils.redis import Cache

SECRET = "vless://a-link-of-nina"
QUEUED = text("SELECT entrypoint FROM jobs.pgqueuer WHERE status = 'queued' ORDER BY id")
IN_HAND = text("SELECT count(*) FROM jobs.pgqueuer WHERE status = 'picked'")
LEFT = text("SELECT count(*) FROM jobs.pgqueuer")
FAILED = text("SELECT count(*) FROM jobs.pgqueuer WHERE status = 'failed'")
EMPTY = text("DELETE FROM jobs.pgqueuer")
NOTICE = text(
    "INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)"
    " SELECT 'note:' || n, 7, 'balance_adjusted', '{}', now(), now() FROM generate_series(1, :number) n"
)
PUT_OFF = text("UPDATE notices SET next_attempt_at = :at WHERE key = :key")
COMES_BACK = text("SELECT extract(epoch FROM execute_after - now()) FROM jobs.pgqueuer WHERE dedupe_key IS NOT NULL")
FAILING = text("SELECT count(*) FROM jobs.periodic_failures")
PLAN = text("INSERT INTO jobs.pgqueuer_schedules (expression, entrypoint) VALUES ('* * * * *', 'notices')")
NEXT_RUN = text("UPDATE jobs.pgqueuer_schedules SET next_run = next_run + interval '1 minute'")
HOUR = 3600.0
# A worker is begun with a job of each name, and has nothing else to do.
FIRST = 1


class Desk:
    """Work that tells of each run, and can be held up or made to fail."""

    def __init__(self) -> None:
        self.runs = 0
        self.fails = False
        self.may_end = asyncio.Event()
        self.may_end.set()
        self._begun = asyncio.Condition()

    async def work(self) -> None:
        self.runs += 1
        async with self._begun:
            self._begun.notify_all()
        await self.may_end.wait()
        if self.fails:
            raise LookupError(SECRET)

    async def runs_reach(self, number: int) -> None:
        async with asyncio.timeout(20), self._begun:
            await self._begun.wait_for(lambda: self.runs >= number)


class Worker:
    """A replica's queue with one job, "notices", and who runs it."""

    def __init__(self, database: Database, desk: Desk, seconds: float) -> None:
        self.supervisor = Supervisor()
        self.queue = JobQueue(database.own_connection, JobRepository(database), self.supervisor.failures)
        self.queue.every("notices", seconds, desk.work)
        self.supervisor.start("queue", self.queue.run)


@contextlib.asynccontextmanager
async def worker(database: Database, desk: Desk, *, seconds: float = HOUR) -> AsyncIterator[Worker]:
    """Such a replica, once it has had its first run."""
    replica = Worker(database, desk, seconds)
    await desk.runs_reach(FIRST)
    yield replica
    await replica.queue.stop(5)
    assert await replica.supervisor.stop(5) == []


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    """A person, and no job left from their coming."""
    books = Books(database, cache)
    await books.arrive(7)
    await database.run(EMPTY)
    return books


async def queued(database: Database) -> list[str]:
    return [row.entrypoint for row in await database.run(QUEUED)]


async def counted(database: Database, what: TextClause) -> int:
    ((number,),) = await database.run(what)
    return int(number)


async def come_to(database: Database, what: TextClause, number: int) -> None:
    """Wait for rows, which tell nobody when they change."""
    async with asyncio.timeout(20):
        while await counted(database, what) != number:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def has_in_hand(database: Database, desk: Desk) -> None:
    """The worker of this desk has begun a job, which is held up."""
    await come_to(database, LEFT, 0)
    desk.may_end.clear()
    await JobRepository(database).enqueue(["notices"])
    await desk.runs_reach(FIRST + 1)


def test_the_tables_are_those_of_the_library_that_is_installed() -> None:
    made = (MIGRATIONS / "pgqueuer-1.6.0.sql").read_text("utf-8")
    assert made.strip() == schema_ddl.render_install(TABLES, create_schema=True).strip()


async def test_a_job_is_enqueued_with_the_change_and_gone_with_its_rollback(books: Books) -> None:
    database = books.database
    with contextlib.suppress(LookupError):
        async with database.transaction() as connection:
            await connection.execute(NOTICE, {"number": 3})
            raise LookupError
    assert await queued(database) == []
    async with database.transaction() as connection:
        await connection.execute(NOTICE, {"number": 3})
        assert await queued(database) == [], "nobody sees it before the commit"
    assert await queued(database) == ["notices"]
    await database.run(NOTICE, {"number": 0})
    assert await queued(database) == ["notices"], "nothing more was made due"


async def test_each_wish_for_a_panel_enqueues_a_job_and_no_claim_does(books: Books) -> None:
    config = await books.configs.request(7, "wish", None, NOW)
    assert await queued(books.database) == ["provisioning"]
    (job,) = await books.provisioning.claim_due(NOW, 30, 8)
    assert await queued(books.database) == ["provisioning"]
    await books.provisioning.created(job, "https://panel/sub/1", "vless://1", NOW)
    assert await queued(books.database) == ["provisioning", "notices"]
    await books.configs.request_deletion(7, config.id, NOW)
    assert await queued(books.database) == ["provisioning", "notices", "provisioning"]


async def test_what_was_put_off_comes_back_when_the_first_of_it_falls_due(books: Books) -> None:
    database, jobs, now = books.database, JobRepository(books.database), NOW + timedelta(days=400)
    await database.run(NOTICE, {"number": 2})
    for key, seconds in (("note:1", 50), ("note:2", 60)):
        await database.run(PUT_OFF, {"key": key, "at": now + timedelta(seconds=seconds)})
    await jobs.put_off("notices", now)
    assert 45 < await counted(database, COMES_BACK) <= 50
    await database.run(PUT_OFF, {"key": "note:2", "at": now + timedelta(seconds=20)})
    await jobs.put_off("notices", now)
    assert 15 < await counted(database, COMES_BACK) <= 20
    await database.run(PUT_OFF, {"key": "note:2", "at": now})
    await jobs.put_off("notices", now)
    assert 15 < await counted(database, COMES_BACK) <= 20, "what is due already has a job of its own"


async def test_a_change_wakes_a_worker_at_once(books: Books) -> None:
    desk = Desk()
    async with worker(books.database, desk):
        await come_to(books.database, LEFT, 0)
        async with asyncio.timeout(module.LOOKS_EVERY.total_seconds() / 3):
            await books.database.run(NOTICE, {"number": 1})
            await desk.runs_reach(FIRST + 1)
        await come_to(books.database, LEFT, 0)


async def test_a_thousand_changes_share_a_few_runs(books: Books) -> None:
    desk = Desk()
    async with worker(books.database, desk):
        desk.may_end.clear()
        await JobRepository(books.database).enqueue(["notices"] * 200)
        await desk.runs_reach(FIRST + 1)
        await come_to(books.database, IN_HAND, 200)
        desk.may_end.set()
        await come_to(books.database, LEFT, 0)
        assert desk.runs <= FIRST + 3


async def test_of_two_replicas_one_runs_a_periodic_job_each_time(books: Books) -> None:
    desk = Desk()
    async with worker(books.database, desk, seconds=1), worker(books.database, desk, seconds=1):
        await desk.runs_reach(FIRST + FIRST)
        began, before = time.monotonic(), desk.runs
        await desk.runs_reach(before + 2)
        assert desk.runs - before <= time.monotonic() - began + 2
        desk.fails = True
        await come_to(books.database, FAILING, 1)


async def test_the_job_of_a_worker_that_is_killed_is_taken_up_by_another(
    books: Books, database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEAD_AFTER", timedelta(seconds=0.5))
    monkeypatch.setattr(module, "LOOKS_EVERY", timedelta(seconds=0.2))
    doomed = multiprocessing.get_context("fork").Process(target=be_a_worker, args=(database_url,))
    doomed.start()
    await come_to(books.database, IN_HAND, 1)
    doomed.kill()
    await asyncio.to_thread(doomed.join)
    assert await counted(books.database, IN_HAND) == 1
    desk = Desk()
    async with worker(books.database, desk):
        await come_to(books.database, LEFT, 0)
    assert desk.runs == FIRST + 1


def be_a_worker(url: URL) -> None:
    """The process that is killed with a job in hand."""
    asyncio.events._set_running_loop(None)  # what the fork took along from the test
    desk = Desk()
    desk.may_end.clear()

    async def work() -> None:
        Worker(Database(make_engine(url, 1)), desk, HOUR)
        await asyncio.Event().wait()

    asyncio.run(work())


async def test_a_job_that_keeps_failing_is_shown_without_secrets_and_can_be_tried_again(
    books: Books, database_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", timedelta(seconds=0.01))
    monkeypatch.setattr(module, "MOST_RETRIES", 1)
    settings = {"ENV_FILE": "", "BOT_TOKEN": "1:jobs", "DATA_DIR": str(tmp_path), "REDIS_SHARE_DEFAULT": "false"}
    settings |= database_settings(database_url)
    desk = Desk()
    async with worker(books.database, desk) as replica:
        await come_to(books.database, LEFT, 0)
        desk.fails = True
        await JobRepository(books.database).enqueue(["notices"])
        await come_to(books.database, FAILED, 1)
        assert (desk.runs, replica.supervisor.failures["notices"]) == (FIRST + 2, 2)
        (job,) = await JobRepository(books.database).failed()
        shown = await asyncio.to_thread(invoke, settings, "jobs")
        assert shown.exit_code == 1
        assert f"FAILED   notices            {job.id:>6}" in shown.output
        assert "after 2 tries: LookupError in work, line" in shown.output
        assert "periodic notices" in shown.output
        kept = await books.database.run(text("SELECT traceback FROM jobs.pgqueuer_log"))
        assert SECRET not in shown.output + str(kept)
        desk.fails = False
        again = await asyncio.to_thread(invoke, settings, "jobs", "retry", str(job.id))
        assert (again.exit_code, again.output) == (0, f"{job.id} notices: waits to be done again\n")
        await come_to(books.database, LEFT, 0)
        twice = await asyncio.to_thread(invoke, settings, "jobs", "retry", str(job.id))
        assert (twice.exit_code, twice.output) == (3, f"{job.id} is no failed job: see ./orbit jobs\n")
        assert (await asyncio.to_thread(invoke, settings, "jobs")).exit_code == 0


async def test_the_failure_of_a_periodic_job_is_shown_until_its_next_run(books: Books) -> None:
    jobs = JobRepository(books.database)
    await jobs.missed("notices", "nobody plans it")
    await books.database.run(PLAN)
    assert [job.failure for job in await jobs.periodic()] == [None]
    for reason in ("LookupError in work, line 1", "LookupError in work, line 2"):
        await jobs.missed("notices", reason)
        assert [job.failure for job in await jobs.periodic()] == [reason]
    await books.database.run(NEXT_RUN)
    assert [job.failure for job in await jobs.periodic()] == [None]


async def test_a_stop_waits_for_the_job_in_hand(books: Books) -> None:
    desk = Desk()
    async with worker(books.database, desk) as replica:
        await has_in_hand(books.database, desk)
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(replica.queue.stop(20))
            await come_to(books.database, IN_HAND, 1)
            assert not stopping.done()
            desk.may_end.set()
    assert await counted(books.database, LEFT) == 0
    assert desk.runs == FIRST + 1


async def test_a_job_that_a_stop_cuts_off_waits_for_another_replica(books: Books) -> None:
    desk = Desk()
    async with worker(books.database, desk) as replica:
        await has_in_hand(books.database, desk)
        await replica.queue.stop(0.01)
        assert await replica.supervisor.stop(5) == []
        assert await queued(books.database) == ["notices"]


async def test_a_worker_whose_connection_is_cut_goes_on_with_a_new_one(books: Books) -> None:
    desk = Desk()
    async with worker(books.database, desk):
        await come_to(books.database, LEFT, 0)
        await books.rows(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND query LIKE '%jobs.pgqueuer%' AND state = 'idle'"
        )
        await books.rows("INSERT INTO jobs.pgqueuer (priority, entrypoint, status) VALUES (0, 'notices', 'queued')")
        await desk.runs_reach(FIRST + 1)
        await come_to(books.database, LEFT, 0)
