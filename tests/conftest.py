"""The engines that tests run on: one PostgreSQL a run, one database and one Redis a worker, emptied for each test."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import hypothesis
import pytest
from sqlalchemy import make_url, text
from xdist.scheduler import LoadScopeScheduling

from app.embedded.redis import open_redis
from app.repo.db import Database, make_engine
from app.utils.redis import Cache
from tests.support.postgres_server import READY, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from redis.asyncio import Redis
    from sqlalchemy import URL
    from xdist.remote import Producer

# How long an example takes says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile("orbit", deadline=None)
hypothesis.settings.load_profile("orbit")

SERVER = pytest.StashKey["subprocess.Popen[str]"]()
EMPTY = text(
    """
    DO $$ DECLARE name text; BEGIN
        SET LOCAL session_replication_role = replica;
        FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                    WHERE schemaname IN ('public', 'jobs') AND tablename <> 'alembic_version' LOOP
            EXECUTE 'DELETE FROM ' || name
                    || CASE name WHEN 'public.ledger_accounts' THEN ' WHERE code LIKE ''wallet:%''' ELSE '' END;
        END LOOP;
    END $$
    """
)
# What these set up for a module is a world, a browser or a bot.
COSTLY_FILES = ("test_failpoints.py", "test_money_machine.py", "test_scenes.py", "test_stars_walk.py")
# These share a browser.
OF_PAGES = ("test_page", "test_subscription_page", "test_browser_walk")
KILLS_A_WALK = 11
A_FEW_KILLS, MANY_KILLS = KILLS_A_WALK, 200


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the long tests be as long as is wished."""
    parser.addoption(
        "--torture",
        type=int,
        nargs="?",
        default=A_FEW_KILLS,
        const=MANY_KILLS,
        help=f"how often the bot is killed on its walks ({A_FEW_KILLS}; {MANY_KILLS} without a number)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each crash walk a seed of its own."""
    if "crash_seed" in metafunc.fixturenames:
        walks = -(-metafunc.config.getoption("--torture") // KILLS_A_WALK)
        metafunc.parametrize("crash_seed", range(1, walks + 1), ids="seed{}".format)


def pytest_configure(config: pytest.Config) -> None:
    """Start the one PostgreSQL of this run; workers inherit its address, and whoever runs pytest may bring one."""
    os.environ["ENV_FILE"] = ""
    if "ORBIT_TEST_POSTGRES" in os.environ or config.option.collectonly:
        return
    home = Path(config.rootpath) / "data" / "tests" / f"postgres-{os.getpid()}"  # runs beside each other don't meet
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.postgres_server", str(home)],
        cwd=config.rootpath,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    line = server.stdout.readline()
    if not line:
        raise pytest.UsageError("the tests' PostgreSQL did not start: see the messages above")
    opened = json.loads(line)
    os.environ["ORBIT_TEST_POSTGRES"], os.environ[READY] = opened["url"], opened["ready"]
    config.stash[SERVER] = server


class Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Gives a test to whichever worker is free, but all tests of a file with a costly fixture to one.

    The marks for that (xdist_group) are no longer seen by xdist 3.8: pytest 9.2 takes no new ids from it.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.rpartition("/")[2].startswith(OF_PAGES):
            return "pages"
        return file if file.endswith(COSTLY_FILES) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Schedule by files where their fixtures cost more than the tests."""
    return Together(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was counted: workers print nothing, so tests record it as a property."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        counts.update({name: value for name, value in report.user_properties if isinstance(value, int)})
    if counts:
        terminalreporter.write_line("\n" + ", ".join(f"{count} {name}" for name, count in counts.items()))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop it: it lives as long as its standard input."""
    server = config.stash.get(SERVER, None)
    if server is not None:
        assert server.stdin is not None
        server.stdin.close()
        server.wait(30)
        shutil.rmtree(Path(config.rootpath) / "data" / "tests" / f"postgres-{os.getpid()}", ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def whom_bots_trust() -> Iterator[None]:
    """Read once a worker: that takes longer than most tests, and no bot of a test speaks TLS to Telegram."""
    create, theirs = ssl.create_default_context, {"cafile": certifi.where()}
    shared = create(cafile=certifi.where())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", lambda *a, **k: shared if k == theirs else create(*a, **k))
        yield


@pytest.fixture(scope="session")
async def database_url() -> AsyncIterator[URL]:
    """A database of this worker's own, cloned from the migrated template."""
    admin_url = make_url(os.environ["ORBIT_TEST_POSTGRES"])
    name = f"orbit_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    admin = Database(make_engine(admin_url, 1))
    await admin.run(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    # Nothing here outlives its server, so no commit has to wait for the disk; and deadlocks are found at once.
    for setting in ("synchronous_commit = off", "deadlock_timeout = '50ms'"):
        await admin.run(text(f"ALTER DATABASE {name} SET {setting}"))
    yield admin_url.set(database=name)
    await admin.run(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await admin.close()


@pytest.fixture(scope="session")
async def shared_database(database_url: URL) -> AsyncIterator[Database]:
    """The connection pool of this worker."""
    database = Database(make_engine(database_url, 20, patience_seconds=120))  # hundreds queue up on a busy machine
    yield database
    await database.close()


@pytest.fixture
async def database(shared_database: Database) -> Database:
    """An empty, migrated database."""
    await empty(shared_database)
    return shared_database


async def empty(database: Database) -> None:
    """Delete every row but the books' system accounts; triggers that keep money history are off for that."""
    await database.run(EMPTY)


@pytest.fixture(scope="session")
async def shared_redis() -> AsyncIterator[Redis]:
    """A Redis of this worker's own."""
    with tempfile.TemporaryDirectory(prefix="orbit-redis-") as home:
        opened = await open_redis(None, Path(home), prefer_default=False)
        yield opened.client
        await opened.close()


@pytest.fixture
async def redis(shared_redis: Redis) -> Redis:
    """An empty Redis."""
    await shared_redis.flushall()
    return shared_redis


@pytest.fixture
def cache(redis: Redis) -> Cache:
    """A cache over an empty Redis."""
    return Cache(redis)
