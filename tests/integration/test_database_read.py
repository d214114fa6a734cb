"""The short way to rows: what comes of it is the same as by the long way, also when its connection has died."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.repo.db import Database, sqlstate
from app.repo.sql import statement

ROWS = statement("SELECT CAST(:tg_id AS bigint) + n, 'x' FROM generate_series(1, 2) n")
WHO = statement("SELECT pg_backend_pid(), CAST(:tg_id AS bigint)")
NOTE = statement("INSERT INTO chain_cursors (account, lt) VALUES (:key, 1) RETURNING account, pg_backend_pid()")
END = statement("SELECT pg_terminate_backend(CAST(:days AS int), 5000)")


async def test_rows_are_those_of_run(database: Database) -> None:
    rows = await database.read(ROWS, {"tg_id": 5})
    assert rows == [(6, "x"), (7, "x")]
    assert rows == [tuple(row) for row in await database.run(ROWS, {"tg_id": 5})]


async def test_a_connection_that_died_is_not_noticed(database: Database) -> None:
    ((backend, _),) = await database.read(WHO, {"tg_id": 1})
    await database.run(END, {"days": backend})
    ((other, _),) = await database.read(WHO, {"tg_id": 1})
    assert other != backend


async def test_many_reads_at_once_leave_room_for_everybody(database: Database) -> None:
    rows = await asyncio.gather(*(database.read(ROWS, {"tg_id": number}) for number in range(100)))
    assert [row[0][0] for row in rows] == [number + 1 for number in range(100)]
    assert await database.run(ROWS, {"tg_id": 1})


async def test_what_was_written_is_committed_and_told(database: Database) -> None:
    ((account, _),) = await database.write(NOTE, {"key": "one"})
    assert account == "one"
    assert [tuple(row) for row in await database.run(text("SELECT account, lt FROM chain_cursors"))] == [("one", 1)]


async def test_a_key_that_exists_is_the_error_of_the_long_way_and_costs_no_connection(database: Database) -> None:
    ((_, backend),) = await database.write(NOTE, {"key": "one"})
    with pytest.raises(IntegrityError) as refused:
        await database.write(NOTE, {"key": "one"})
    assert sqlstate(refused.value) == "23505"
    ((_, same),) = await database.write(NOTE, {"key": "two"})
    assert same == backend


async def test_a_write_whose_connection_died_is_sent_again_once(database: Database) -> None:
    ((_, backend),) = await database.write(NOTE, {"key": "one"})
    await database.run(END, {"days": backend})
    ((account, other),) = await database.write(NOTE, {"key": "two"})
    assert (account, other == backend) == ("two", False)
