"""Owns every task of the process: starts, restarts and ends them. Must not know what they do."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Work = Callable[[], Awaitable[object]]

log = structlog.get_logger()


class Supervisor:
    """The one place that makes tasks, and so the one that can end them all.

    `failures` counts, by name, what failed and was logged. Names of services and periodic jobs are unique.
    """

    def __init__(self, *, first_delay: float = 0.5, most_delay: float = 30.0) -> None:
        self.failures: Counter[str] = Counter()
        self._first_delay = first_delay
        self._most_delay = most_delay
        self._kept: dict[str, asyncio.Task[None]] = {}
        self._one_shots: set[asyncio.Task[None]] = set()
        self._ends: dict[str, asyncio.Event] = {}
        self._stopping = False

    def start(self, name: str, service: Work) -> None:
        """Run a service that must not fail: after an exception it starts again, later each time, up to `most_delay`.

        A service that returns has ended on purpose and stays so.
        """
        self._keep(name, self._restarting(name, service))

    def every(self, name: str, seconds: float, job: Work, *, first_at_once: bool = True) -> None:
        """Run `job` again `seconds` after it ended, well or not; it never overlaps itself."""
        end = asyncio.Event()
        self._keep(name, self._ticking(name, seconds, job, end, first_at_once=first_at_once))
        self._ends[name] = end

    def spawn(self, name: str, coroutine: Coroutine[object, object, None]) -> None:
        """Run `coroutine` once; RuntimeError when stopping. What it raises is logged and counted."""
        task = self._task(name, coroutine)
        self._one_shots.add(task)
        task.add_done_callback(self._one_shot_ended)

    async def stop(self, deadline_seconds: float) -> list[str]:
        """Let jobs end their run within half the deadline, then cancel all; the names of those that did not end.

        The latest started go first and one-shots last, each awaited. One that hangs costs the others nothing but its
        share of the deadline.
        """
        self._stopping = True
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + deadline_seconds
        await self._end_runs(deadline_seconds / 2)
        tasks = [task for task in (*reversed(self._kept.values()), *self._one_shots) if task is not _current()]
        for place, task in enumerate(tasks):
            task.cancel()
            share = max(0.0, ends_at - loop.time()) / (len(tasks) - place)
            await asyncio.wait((task,), timeout=share)
        stuck = [task.get_name() for task in tasks if not task.done()]
        if stuck:
            log.error("tasks_did_not_end", tasks=stuck)
        return stuck

    async def _end_runs(self, seconds: float) -> None:
        """What a job has in hand, a message or a panel's user for one, would else be in doubt and done again."""
        for end in self._ends.values():
            end.set()
        jobs = [self._kept[name] for name in self._ends if self._kept[name] is not _current()]
        if jobs:
            await asyncio.wait(jobs, timeout=seconds)

    async def watch_lag(self, every_seconds: float = 0.5, tolerated_seconds: float = 1.0) -> None:
        """A service that logs `loop_blocked` when the event loop came late by more than `tolerated_seconds`."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + every_seconds
            await asyncio.sleep(every_seconds)
            lag = loop.time() - due
            if lag > tolerated_seconds:
                self.failures["loop_blocked"] += 1
                log.error("loop_blocked", lag_seconds=round(lag, 3))

    def _keep(self, name: str, coroutine: Coroutine[object, object, None]) -> None:
        if name in self._kept:
            coroutine.close()
            raise ValueError(f"{name} is started twice")
        self._kept[name] = self._task(name, coroutine)

    def _task(self, name: str, coroutine: Coroutine[object, object, None]) -> asyncio.Task[None]:
        if self._stopping:
            coroutine.close()
            raise RuntimeError(f"{name} comes too late: the supervisor is stopping")
        return asyncio.create_task(coroutine, name=name)  # noqa: TID251 - this is the one owner the ban points to

    async def _restarting(self, name: str, service: Work) -> None:
        loop = asyncio.get_running_loop()
        delay = self._first_delay
        while True:
            began = loop.time()
            if await self._ended_well("service_failed", name, service):
                log.info("service_ended", task=name)
                return
            if loop.time() - began > self._most_delay:
                delay = self._first_delay
            await asyncio.sleep(delay)
            delay = min(delay * 2, self._most_delay)

    async def _ticking(self, name: str, seconds: float, job: Work, end: asyncio.Event, *, first_at_once: bool) -> None:
        if not first_at_once:
            await _ended_or(seconds, end)
        # Asked for each time: a library inside the job may have swallowed the cancellation.
        while not self._stopping:
            await self._ended_well("job_failed", name, job)
            if not self._stopping:
                await _ended_or(seconds, end)

    async def _ended_well(self, event: str, name: str, work: Work) -> bool:
        try:
            await work()
        except asyncio.CancelledError:
            if self._stopping or (task := _current()) is None or task.cancelling():
                raise
            # Nobody cancelled this task: something it awaited was cancelled, which is a failure like any other.
            self._failed(event, name)
        except Exception:  # noqa: BLE001 - the job loop: it logs, counts and goes on
            self._failed(event, name)
        else:
            return True
        return False

    def _failed(self, event: str, name: str, error: BaseException | bool = True) -> None:
        self.failures[name] += 1
        log.error(event, task=name, exc_info=error)

    def _one_shot_ended(self, task: asyncio.Task[None]) -> None:
        self._one_shots.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed("task_failed", task.get_name(), error)


def _current() -> asyncio.Task[object] | None:
    return asyncio.current_task()


async def _ended_or(seconds: float, end: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await end.wait()
