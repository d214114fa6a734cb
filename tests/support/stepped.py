"""Two sessions that go on one step at a time, in an order that a test names. A step ends before the next statement or
before the commit.

A session that has to wait for a lock of the other one is told by PostgreSQL itself; it goes on when it can.
"""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import text

from app.repo.db import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from sqlalchemy import Executable, Row, TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

LOOKS, LOCKS = re.compile(r"\s*SELECT\b"), re.compile(r"\bFOR (NO KEY )?UPDATE\b")
IS_BLOCKED = text("SELECT cardinality(pg_blocking_pids(CAST(:pid AS int))) > 0")
A_MOMENT_SECONDS = 0.005
# So many that all their orders are played.
FEW_STEPS = 6
IS_NIGHT = "ORBIT_LIVES" in os.environ


class Gate:
    """Where one session stops."""

    def __init__(self) -> None:
        self.pid = 0
        self.stands = asyncio.Event()
        self._may_pass = asyncio.Semaphore(0)

    async def stop(self) -> None:
        """Called by the session: wait here to be let on."""
        self.stands.set()
        await self._may_pass.acquire()

    def let_on(self) -> None:
        """One step further."""
        self.stands.clear()
        self._may_pass.release()

    def shut(self) -> None:
        """For another session, from the beginning."""
        self.__init__()  # type: ignore[misc]  # a gate keeps nothing


class SteppedConnection:
    """A connection that stops before each statement that writes or locks."""

    def __init__(self, connection: AsyncConnection, gate: Gate) -> None:
        self._connection = connection
        self._gate = gate

    async def execute(self, statement: Executable, params: dict[str, Any] | None = None) -> Any:
        # What only looks stands with what it is a part of: the lock before it, or the writing behind it.
        if not LOOKS.match(str(statement)) or LOCKS.search(str(statement)):
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

    async def write(self, statement: TextClause, params: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
        return [tuple(row) for row in await self.run(statement, params)]


class Orders:
    """Every order in which two sessions can take their steps, one after the other: played, then led on to the next.

    A session that waits for a lock of the other one has no step to take, so no order is met twice. Of many steps those
    orders are played in which a session that could go on is left at most once; ORBIT_LIVES asks for all of them.
    """

    def __init__(self) -> None:
        self._wanted: list[str] = []
        self._taken: list[tuple[str, str]] = []
        self._most_left: int | None = None

    def next(self, could: str) -> str:
        """Who of those that could takes a step now."""
        place = len(self._taken)
        last = self._taken[-1][0] if self._taken else could[0]
        name = last if last in could else could[0]
        if place < len(self._wanted) and self._wanted[place] in could:
            name = self._wanted[place]
        self._taken.append((name, could))
        return name

    def lead_on(self) -> bool:
        """Whether there is another order; the one that was just played is over."""
        if self._most_left is None:
            # Nobody is left more often than there are steps.
            self._most_left = len(self._taken) if IS_NIGHT or len(self._taken) <= FEW_STEPS else 1
        while self._taken:
            name, could = self._taken.pop()
            names = [earlier for earlier, _ in self._taken]
            default = names[-1] if names and names[-1] in could else could[0]
            left = self._left() + bool(names and names[-1] in could)
            if name == default and len(could) > 1 and left <= self._most_left:
                self._wanted = [*names, could.replace(name, "")]
                self._taken = []
                return True
        return False

    def _left(self) -> int:
        """How often a session was left that could go on."""
        return sum(one[0] != two[0] and one[0] in two[1] for one, two in pairwise(self._taken))


async def in_order(
    order: Orders,
    watch: Database,
    databases: Sequence[SteppedDatabase],
    acts: Sequence[Callable[[], Awaitable[object]]],
) -> list[object]:
    """What the two acts come to when their sessions take their steps in this order."""
    gates = {name: database.gate for name, database in zip("AB", databases, strict=True)}
    for gate in gates.values():
        gate.shut()
    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(_run(act)) for name, act in zip("AB", acts, strict=True)}
        while not all(task.done() for task in tasks.values()):
            for name, gate in gates.items():
                await _settled(watch, gate, tasks[name])
            could = "".join(name for name, gate in gates.items() if gate.stands.is_set())
            if could:
                gates[order.next(could)].let_on()
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
