"""The short way to rows: the same rows as by the long way, also when its connection has died."""

from __future__ import annotations

import asyncio

from app.repo.db import Database
from app.repo.sql import statement

ROWS = statement("SELECT CAST(:tg_id AS bigint) + n, 'x' FROM generate_series(1, 2) n")
WHO = statement("SELECT pg_backend_pid(), CAST(:tg_id AS bigint)")
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
