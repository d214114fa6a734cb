"""Owns the order of work: one queue a key, first in, first out. Must not know what the work is."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Work = Callable[[], Awaitable[object]]
    Spawn = Callable[[str, Coroutine[object, object, None]], None]

CANCEL_GRACE_SECONDS = 1.0


@dataclass(slots=True)
class _Job:
    work: Work
    done: asyncio.Future[None]


class Lanes:
    """Work of one key runs in order, work of different keys side by side, `limit` pieces in hand at most.

    A piece in hand is one that waits in its lane or runs. Needs a running event loop only once work comes.
    """

    def __init__(self, spawn: Spawn, limit: int = 100) -> None:
        self._spawn = spawn
        self._room = asyncio.Semaphore(limit)
        self._lanes: dict[int, deque[_Job]] = {}
        self._runners: set[asyncio.Task[None]] = set()
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._abandoning = False

    @property
    def closed(self) -> bool:
        """Whether new work is refused."""
        return self._closed

    def is_free(self, key: int) -> bool:
        """Whether work put in now would begin at once."""
        return not self._closed and key not in self._lanes and not self._room.locked()

    async def put(self, key: int, work: Work, done: asyncio.Future[None] | None = None) -> asyncio.Future[None]:
        """Queue `work` behind all of its key, once there is room; the future (`done`, if given) follows it.

        It has a result when the work ended, even by an exception (which goes to the task's owner), and is cancelled
        when the work was refused, cut off or never begun.
        """
        if done is None:
            done = asyncio.get_running_loop().create_future()
        try:
            await self._room.acquire()
        except asyncio.CancelledError:
            done.cancel()
            raise
        if self._closed:
            self._room.release()
            done.cancel()
        else:
            self._queue(key, _Job(work, done))
        return done

    async def drain(self, seconds: float) -> int:
        """Refuse new work, wait up to `seconds` for what is in hand, cancel the rest; how many were cancelled."""
        self._closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        left = self._in_hand
        self._abandoning = True
        for runner in self._runners:
            runner.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_GRACE_SECONDS):
                await self._idle.wait()
        return left

    def _queue(self, key: int, job: _Job) -> None:
        self._in_hand += 1
        self._idle.clear()
        lane = self._lanes.get(key)
        if lane is not None:
            lane.append(job)
            return
        lane = self._lanes[key] = deque((job,))
        self._spawn("lane", self._run(key, lane))

    async def _run(self, key: int, lane: deque[_Job]) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._runners.add(task)
        try:
            while lane and not self._abandoning:
                await self._run_first(lane)
        except asyncio.CancelledError:
            self._abandon(lane)
            raise
        finally:
            if task is not None:
                self._runners.discard(task)
            self._leave(key, lane)

    async def _run_first(self, lane: deque[_Job]) -> None:
        job = lane[0]
        try:
            await job.work()
        except asyncio.CancelledError:
            job.done.cancel()
            raise
        finally:
            lane.popleft()
            self._let_go(job)

    def _leave(self, key: int, lane: deque[_Job]) -> None:
        if self._abandoning:
            self._abandon(lane)
        if lane:
            # The work raised, which ended this task; those behind it still have their turn.
            self._spawn("lane", self._run(key, lane))
        else:
            del self._lanes[key]

    def _abandon(self, lane: deque[_Job]) -> None:
        while lane:
            job = lane.popleft()
            job.done.cancel()
            self._let_go(job)

    def _let_go(self, job: _Job) -> None:
        if not job.done.done():
            job.done.set_result(None)
        self._room.release()
        self._in_hand -= 1
        if self._in_hand == 0:
            self._idle.set()
