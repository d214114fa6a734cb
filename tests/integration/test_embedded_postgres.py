"""The project's own PostgreSQL, on real server processes."""

import asyncio
import contextlib
import os
import pwd
import signal
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from app.embedded.cluster import living_postmaster
from app.embedded.postgres import Address, EmbeddedPostgres, EmbeddedPostgresError

PROJECT = Path(__file__).parents[2]
OWNER = """
import asyncio, sys
from pathlib import Path
import asyncpg
from app.embedded.postgres import EmbeddedPostgres

async def main():
    at = await EmbeddedPostgres(Path(sys.argv[1])).start()
    connection = await asyncpg.connect(
        host=at.host, port=at.port, user=at.user, password=at.password, database=at.database)
    await connection.execute("CREATE TABLE coin (n int)")
    await connection.execute("INSERT INTO coin SELECT generate_series(1, 1000)")
    print("committed", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
as_root_only = pytest.mark.skipif(os.geteuid() != 0, reason="ordinary users have one way only")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children of a death on Linux only")

Start = Callable[[Path], Awaitable[Address]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    async with contextlib.AsyncExitStack() as stack:

        async def begin(home: Path) -> Address:
            postgres = EmbeddedPostgres(home)
            stack.push_async_callback(postgres.stop)
            return await postgres.start()

        yield begin


@contextlib.asynccontextmanager
async def connected(at: Address) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(
        host=at.host, port=at.port, user=at.user, password=at.password, database=at.database
    )
    try:
        yield connection
    finally:
        await connection.close()


async def ask(at: Address, question: str) -> object:
    async with connected(at) as connection:
        answer: object = await connection.fetchval(question)
        return answer


async def answers(home: Path, other_than: int) -> bool:
    """Ask whatever server is in `home` now; True once it is another process than the one named."""
    at = await EmbeddedPostgres(home).start()
    try:
        await ask(at, "SELECT 1")
    except (OSError, asyncpg.PostgresError):
        return False
    return living_postmaster(home / "cluster") != other_than


@contextlib.asynccontextmanager
async def owner_process(home: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(home), cwd=PROJECT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"committed\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_first_start_makes_a_closed_utf8_cluster_on_the_loopback(tmp_path: Path, start: Start) -> None:
    home = tmp_path / "a path with spaces" / "postgres"
    at = await start(home)

    assert (at.host, at.database) == ("127.0.0.1", "orbit")
    assert at.password not in repr(at)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "password").stat().st_mode) == 0o600
    assert str(await ask(at, "SELECT version()")).startswith("PostgreSQL 18")
    assert await ask(at, "SELECT datlocale FROM pg_database WHERE datname = 'orbit'") == "C.UTF-8"
    assert await ask(at, "SHOW listen_addresses") == "127.0.0.1"
    assert await ask(at, "SHOW fsync") == "on"
    assert await ask(at, "SELECT upper('орбита')") == "ОРБИТА"


async def test_a_wrong_password_is_refused(tmp_path: Path, start: Start) -> None:
    at = await start(tmp_path / "pg")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host=at.host, port=at.port, user=at.user, password="guess", database=at.database)


async def test_data_and_port_survive_a_stop(tmp_path: Path, start: Start) -> None:
    postgres = EmbeddedPostgres(tmp_path)
    at = await postgres.start()
    async with connected(at) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    await postgres.stop()
    await postgres.stop()
    assert living_postmaster(tmp_path / "cluster") is None

    again = await start(tmp_path)
    assert again == at
    assert await ask(again, "SELECT answer FROM kept") == 42


@linux_only
async def test_a_start_right_after_the_owner_was_killed_finds_what_was_committed(tmp_path: Path, start: Start) -> None:
    async with owner_process(tmp_path) as owner:
        owner.kill()
        at = await start(tmp_path)
        assert await ask(at, "SELECT count(*) FROM coin") == 1000


@linux_only
async def test_a_killed_owner_takes_its_server_along(tmp_path: Path) -> None:
    async with owner_process(tmp_path) as owner:
        pid = living_postmaster(tmp_path / "cluster")
        assert pid is not None
        handle = os.pidfd_open(pid)
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(handle, ended.set)
        try:
            owner.kill()
            await asyncio.wait_for(ended.wait(), 30)
        finally:
            loop.remove_reader(handle)
            os.close(handle)


async def test_a_second_process_attaches_and_its_stop_leaves_the_owner_alone(tmp_path: Path) -> None:
    async with owner_process(tmp_path):
        guest = EmbeddedPostgres(tmp_path)
        at = await guest.start()
        assert await ask(at, "SELECT count(*) FROM coin") == 1000
        await guest.stop()
        assert await ask(at, "SELECT count(*) FROM coin") == 1000


async def test_two_starts_at_once_make_one_owner_and_one_guest(tmp_path: Path, start: Start) -> None:
    first, second = await asyncio.gather(start(tmp_path), start(tmp_path))
    assert first == second


async def test_a_number_that_belongs_to_a_stranger_now_does_not_keep_the_server_out(
    tmp_path: Path, start: Start
) -> None:
    postgres = EmbeddedPostgres(tmp_path)
    await postgres.start()
    await postgres.stop()
    (tmp_path / "cluster" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")

    assert await ask(await start(tmp_path), "SELECT 1") == 1


async def test_a_leftover_of_an_interrupted_first_start_is_in_nobodys_way(tmp_path: Path, start: Start) -> None:
    (tmp_path / "cluster.new").mkdir()
    (tmp_path / "cluster.new" / "PG_VERSION").write_text("18\n")

    assert await ask(await start(tmp_path), "SELECT 1") == 1


async def test_a_server_that_died_is_started_again(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path)
    at = await postgres.start()
    keeper = asyncio.ensure_future(postgres.keep_running())  # noqa: TID251 - the test holds and ends it
    pid = living_postmaster(tmp_path / "cluster")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    async with asyncio.timeout(30):
        while not await answers(tmp_path, other_than=pid):
            pass
    await postgres.stop()
    await keeper
    assert at.password == (tmp_path / "password").read_text()


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path)
    await postgres.start()
    await postgres.stop()
    with (tmp_path / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("\nno_such_setting = 1\n")

    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        await postgres.start()


@as_root_only
async def test_root_borrows_the_user_who_owns_the_folder_even_below_a_closed_one(tmp_path: Path, start: Start) -> None:
    nobody = pwd.getpwnam("nobody")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)

    assert await ask(await start(home), "SELECT 1") == 1
    assert (home / "cluster" / "PG_VERSION").stat().st_uid == nobody.pw_uid


@as_root_only
async def test_root_copes_with_a_folder_of_a_user_the_system_does_not_know(tmp_path: Path, start: Start) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 12345, 12345)

    assert await ask(await start(home), "SELECT 1") == 1


@as_root_only
async def test_a_cluster_of_root_can_go_on_as_another_user(tmp_path: Path, start: Start) -> None:
    postgres = EmbeddedPostgres(tmp_path)
    await postgres.start()
    await postgres.stop()
    os.chown(tmp_path / "cluster", 12345, 12345)
    for path in (tmp_path / "cluster").rglob("*"):
        os.chown(path, 12345, 12345)

    assert await ask(await start(tmp_path), "SELECT 1") == 1
