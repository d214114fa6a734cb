"""Two sessions that go on one step at a time, in an order that a test names. A step ends before the next statement or
before the commit.

A session that has to wait for a lock of the other one is told by PostgreSQL itself; it goes on when it can.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import combinations
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import text

from app.repo.db import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from sqlalchemy import Executable, Row
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

IS_BLOCKED = text("SELECT cardinality(pg_blocking_pids(CAST(:pid AS int))) > 0")
A_MOMENT_SECONDS = 0.005


class Gate:
    """Where one session stops. `passed` counts its steps."""

    def __init__(self) -> None:
        self.passed = 0
        self.pid = 0
        self.stands = asyncio.Event()
        self._may_pass = asyncio.Semaphore(0)
        self._is_open = False

    async def stop(self) -> None:
        """Called by the session: wait here to be let on."""
        if not self._is_open:
            self.stands.set()
            await self._may_pass.acquire()
        self.passed += 1

    def let_on(self) -> None:
        """One step further."""
        self.stands.clear()
        self._may_pass.release()

    def open(self) -> None:
        """As far as it goes."""
        self._is_open = True
        self.let_on()

    def shut(self) -> None:
        """For another session, from the beginning."""
        self.__init__()  # type: ignore[misc]  # a gate keeps nothing


class SteppedConnection:
    """A connection that stops before each statement."""

    def __init__(self, connection: AsyncConnection, gate: Gate) -> None:
        self._connection = connection
        self._gate = gate

    async def execute(self, statement: Executable, params: dict[str, Any] | None = None) -> Any:
        await self._gate.stop()
        return await self._connection.execute(statement, params)


class SteppedDatabase(Database):
    """The product's own database, with the gate in front of every statement and every commit."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.gate = Gate()

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[AsyncConnection]:
        async with super()._begun() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            self.gate.pid = driver.get_server_pid()
            yield cast("AsyncConnection", SteppedConnection(connection, self.gate))
            await self.gate.stop()

    async def _run_once(self, statement: Executable, params: dict[str, Any] | None) -> Sequence[Row[*tuple[Any, ...]]]:
        """A lone statement is its own transaction; here its commit can be waited for, unless it only looks."""
        if str(statement).lstrip().startswith("SELECT"):
            await self.gate.stop()
            return await super()._run_once(statement, params)
        async with self._begun() as connection:
            result = await connection.execute(statement, params)
            return result.fetchall() if result.returns_rows else ()


def orders(first: int, second: int) -> Iterator[str]:
    """All orders of so many steps of A and so many of B."""
    for places in combinations(range(first + second), first):
        yield "".join("A" if place in places else "B" for place in range(first + second))


async def in_order(
    order: str,
    watch: Database,
    databases: Sequence[SteppedDatabase],
    acts: Sequence[Callable[[], Awaitable[object]]],
) -> list[object]:
    """What the two acts come to when their sessions take their steps in this order, and then as they like."""
    gates = {name: database.gate for name, database in zip("AB", databases, strict=True)}
    for gate in gates.values():
        gate.shut()
    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(_run(act)) for name, act in zip("AB", acts, strict=True)}
        for name in order:
            await _settled(watch, gates[name], tasks[name])
            gates[name].let_on()
            await _settled(watch, gates[name], tasks[name])
        for gate in gates.values():
            gate.open()
    return [task.result() for task in tasks.values()]


async def _run(act: Callable[[], Awaitable[object]]) -> object:
    return await act()


async def _settled(watch: Database, gate: Gate, task: asyncio.Task[object]) -> None:
    """Wait until the session stands at its gate, is through, or waits for a lock."""
    while not (gate.stands.is_set() or task.done()):
        try:
            async with asyncio.timeout(A_MOMENT_SECONDS):
                await gate.stands.wait()
        except TimeoutError:
            ((is_blocked,),) = await watch.run(IS_BLOCKED, {"pid": gate.pid})
            if is_blocked:
                return
