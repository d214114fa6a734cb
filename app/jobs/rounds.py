"""Lets many who ask for the same work share its runs. Must not know what the work is, nor who asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Rounds:
    """Work of which at most `side_by_side` runs are under way; a thousand who ask meanwhile wait for one more."""

    def __init__(self, work: Callable[[], Awaitable[object]], side_by_side: int = 1) -> None:
        self._work = work
        self._turn = asyncio.Semaphore(side_by_side)
        self._next: asyncio.Future[None] | None = None

    async def join(self) -> None:
        """Wait for the end of a run that began after the call; raises what the run raises."""
        if self._next is not None:
            await asyncio.shield(self._next)
            return
        run = self._next = asyncio.get_running_loop().create_future()
        try:
            async with self._turn:
                # Who asks from here on may know of something that this run does not see.
                self._next = None
                await self._work()
        except BaseException as error:
            _end(run, error)
            raise
        finally:
            if self._next is run:
                self._next = None
        run.set_result(None)


def _end(run: asyncio.Future[None], error: BaseException) -> None:
    if isinstance(error, Exception):
        run.set_exception(error)
        run.exception()  # heard here, should nobody share the run
    else:
        run.cancel()
