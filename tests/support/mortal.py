"""Processes inside the test that die at a failpoint, while others go on: what is dead neither writes nor sends."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from app import failpoints
from app.repo.db import Database

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from sqlalchemy import Executable, Row, TextClause
    from sqlalchemy.ext.asyncio import AsyncEngine

CURRENT: ContextVar[Mortal | None] = ContextVar("CURRENT", default=None)


class Killed(BaseException):
    """No code of the shop catches this: for who meets it, it is the end."""


class Mortal:
    """A process. It dies when it passes the point that it was told, the nth time."""

    def __init__(self) -> None:
        self.is_alive = True
        self.died_at = ""
        self._point, self._turn = "", 0

    def dies(self, point: str, turn: int = 1) -> None:
        """Have it die there."""
        self._point, self._turn = point, turn

    async def does(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do it until done or dead."""
        CURRENT.set(self)
        try:
            await work()
        except Killed:
            assert not self.is_alive

    def check(self) -> None:
        """Nothing is done by the dead."""
        if not self.is_alive:
            raise Killed

    def passes(self, point: str) -> None:
        """A failpoint was reached."""
        self.check()
        if point == self._point:
            self._turn -= 1
            if self._turn == 0:
                self.is_alive, self.died_at = False, point
                raise Killed


class MortalDatabase(Database):
    """The database as a process reaches it."""

    def __init__(self, engine: AsyncEngine, owner: Mortal) -> None:
        super().__init__(engine)
        self._most_kept = 0  # nobody closes what is dead
        self._owner = owner

    async def run(self, statement: Executable, params: dict[str, Any] | None = None) -> Sequence[Row[*tuple[Any, ...]]]:
        self._owner.check()
        return await super().run(statement, params)

    async def write(self, statement: TextClause, params: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
        self._owner.check()
        return await super().write(statement, params)


@contextmanager
def mortality() -> Iterator[None]:
    """Failpoints reach the process that passes them for as long as the block lasts."""

    def passed(point: str) -> None:
        process = CURRENT.get()
        if process is not None:
            process.passes(point)

    failpoints.plant(passed)
    try:
        yield
    finally:
        failpoints.plant(None)
