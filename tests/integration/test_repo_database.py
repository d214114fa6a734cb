"""The database's two doors: what they cost, what they undo, and how they come back after it was gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.errors import StorageUnavailable
from app.repo.db import Database, make_engine, sqlstate
from app.repo.sql import statement
from bench.wire import before_postgres

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncConnection

ONE = text("SELECT 1 AS one")
END_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)

SLEEPING = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")


@pytest.fixture
async def operator(database_url: URL) -> AsyncIterator[Database]:
    """Somebody else's connection to the same database."""
    database = Database(make_engine(database_url, 1))
    yield database
    await database.close()


async def warm(database: Database) -> None:
    """Have every connection of the pool open and idle."""
    await asyncio.gather(*(database.run(text("SELECT pg_sleep(0.02)")) for _ in range(20)))


async def test_a_pool_whose_backends_were_all_killed_serves_on_without_an_error(
    database: Database, operator: Database
) -> None:
    await warm(database)
    for _ in range(3):
        await operator.run(END_OTHERS)
        asked = [database.run(ONE) for _ in range(50)] + [database.read(ONE, {}) for _ in range(50)]
        assert {rows[0][0] for rows in await asyncio.gather(*asked)} == {1}


async def test_a_statement_whose_backend_is_killed_under_it_is_sent_again(
    database: Database, operator: Database
) -> None:
    async with asyncio.TaskGroup() as group:
        slow = group.create_task(database.run(text("SELECT pg_sleep(0.5), 'once more' AS said")))
        while not await operator.run(SLEEPING):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0)
        await operator.run(END_OTHERS)
    assert slow.result()[0].said == "once more"


async def test_a_transaction_whose_backend_is_killed_leaves_nothing_and_the_next_one_works(
    database: Database, operator: Database
) -> None:
    write = text("INSERT INTO chain_cursors (account, lt) VALUES ('a', 1)")
    with pytest.raises(StorageUnavailable):  # noqa: PT012 - the block is what must fail as a whole
        async with database.transaction() as connection:
            await connection.execute(write)
            await operator.run(END_OTHERS)
            await connection.execute(write)
    assert await database.run(text("SELECT * FROM chain_cursors")) == []
    async with database.transaction() as connection:
        await connection.execute(write)
    assert len(await database.run(text("SELECT * FROM chain_cursors"))) == 1


@pytest.mark.parametrize("wrong", [{"port": 1}, {"password": "wrong"}, {"database": "nowhere"}, {"username": "nobody"}])
async def test_a_server_that_can_not_be_used_is_unavailable_and_says_no_more(
    database_url: URL, wrong: dict[str, object]
) -> None:
    database = Database(make_engine(database_url.set(**wrong), 1))  # type: ignore[arg-type] # parts of an address
    with pytest.raises(StorageUnavailable):
        await database.run(ONE)
    with pytest.raises(StorageUnavailable):
        async with database.transaction():
            pass
    assert not await database.answers()
    await database.close()


async def test_a_fault_of_ours_is_not_mistaken_for_a_database_that_is_down(database: Database) -> None:
    with pytest.raises(DBAPIError) as fault:
        await database.run(text("SELEC 1"))
    assert sqlstate(fault.value) == "42601"
    assert fault.value.__cause__ is not fault.value


async def test_no_error_shows_the_parameters_of_its_statement(database: Database) -> None:
    with pytest.raises(DBAPIError) as fault:
        await database.run(text("SELECT CAST(:secret AS int)"), {"secret": "hunter2"})
    assert "secret parameters" not in str(fault.value)
    assert "hidden" in str(fault.value)


async def test_units_that_lock_each_other_out_are_begun_anew_until_both_are_done(database: Database) -> None:
    await database.run(text("INSERT INTO chain_cursors (account, lt) VALUES ('a', 0), ('b', 0)"))
    add = text("UPDATE chain_cursors SET lt = lt + 1 WHERE account = :account")
    both_hold_one, begun = asyncio.Barrier(2), list[str]()

    async def take(first: str, second: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            begun.append(first)
            await connection.execute(add, {"account": first})
            if len(begun) <= 2:
                await both_hold_one.wait()
            await connection.execute(add, {"account": second})

        await database.unit(work)

    await asyncio.gather(take("a", "b"), take("b", "a"))
    assert [lt for (lt,) in await database.run(text("SELECT lt FROM chain_cursors"))] == [2, 2]
    assert len(begun) == 3


async def test_an_error_in_a_transaction_undoes_all_of_it(database: Database) -> None:
    with pytest.raises(LookupError):  # noqa: PT012 - the block is what must fail as a whole
        async with database.transaction() as connection:
            await connection.execute(text("INSERT INTO chain_cursors (account, lt) VALUES ('a', 1)"))
            raise LookupError
    assert await database.run(text("SELECT * FROM chain_cursors")) == []


async def test_statements_after_a_transaction_commit_by_themselves_again(database_url: URL, database: Database) -> None:
    single = Database(make_engine(database_url, 1))
    async with single.transaction() as connection:
        await connection.execute(ONE)
    await single.run(text("INSERT INTO chain_cursors (account, lt) VALUES ('a', 1)"))
    assert len(await database.run(text("SELECT * FROM chain_cursors"))) == 1
    await single.close()


async def test_a_statement_costs_one_round_trip_once_its_connection_knows_it(database_url: URL) -> None:
    assert database_url.host is not None
    assert database_url.port is not None
    wire = before_postgres(database_url.host, database_url.port)
    await wire.start()
    database = Database(make_engine(database_url.set(port=wire.port), 1))
    known = statement("SELECT CAST(:tg_id AS bigint) AS same")
    for ask in (database.run, database.read):
        await ask(known, {"tg_id": 1})
        before = wire.trips
        for _ in range(5):
            await ask(known, {"tg_id": 1})
        assert wire.trips - before == 5
    await database.close()
    await wire.stop()
