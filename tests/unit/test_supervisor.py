from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.jobs.supervisor import Supervisor
from tests.support.bot_world import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


FAR = 3600.0


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(first_delay=0.001, most_delay=0.01)
    yield supervisor
    await supervisor.stop(1)


class Runs:
    """Work that counts its runs and fails at those planned."""

    def __init__(self, *failing: int) -> None:
        self.count = 0
        self.reached = asyncio.Condition()
        self._failing = failing

    async def once(self) -> None:
        async with self.reached:
            self.count += 1
            self.reached.notify_all()
        if self.count in self._failing:
            raise LookupError("planted")

    async def for_ever(self) -> None:
        await self.once()
        await asyncio.Event().wait()

    async def wait_for(self, count: int) -> None:
        async with self.reached:
            await self.reached.wait_for(lambda: self.count >= count)


async def test_a_failing_service_is_started_again_and_counted(supervisor: Supervisor) -> None:
    runs = Runs(1, 2)
    with capture_logs() as logs:
        supervisor.start("polling", runs.for_ever)
        await runs.wait_for(3)
    assert supervisor.failures["polling"] == 2
    assert [line["event"] for line in logs] == ["service_failed", "service_failed"]


async def test_a_service_that_returns_is_left_alone(supervisor: Supervisor) -> None:
    runs = Runs()
    with capture_logs() as logs:
        supervisor.start("polling", runs.once)
        await until(lambda: logs)
    assert [line["event"] for line in logs] == ["service_ended"]
    assert runs.count == 1


async def test_a_service_broken_by_a_foreign_cancellation_is_started_again(supervisor: Supervisor) -> None:
    runs = Runs()

    async def service() -> None:
        await runs.once()
        if runs.count == 1:
            cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            cancelled.cancel()
            await cancelled
        await asyncio.Event().wait()

    supervisor.start("web", service)
    await runs.wait_for(2)
    assert supervisor.failures["web"] == 1


async def test_a_periodic_job_outlives_its_failures(supervisor: Supervisor) -> None:
    runs = Runs(1, 2)
    with capture_logs() as logs:
        supervisor.every("sweep", 0.001, runs.once)
        await runs.wait_for(4)
    assert supervisor.failures["sweep"] == 2
    assert {line["event"] for line in logs} == {"job_failed"}


async def test_a_one_shot_that_fails_is_logged_and_counted(supervisor: Supervisor) -> None:
    with capture_logs() as logs:
        supervisor.spawn("notice", Runs(1).once())
        await until(lambda: logs)
    assert logs[0]["event"] == "task_failed"
    assert supervisor.failures["notice"] == 1


async def test_stop_ends_the_latest_first_and_names_what_did_not_end(supervisor: Supervisor) -> None:
    ended: list[str] = []
    release = asyncio.Event()

    def service(name: str, *, stubborn: bool = False) -> object:
        async def run() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)
                if stubborn:
                    await release.wait()

        return run

    for name, stubborn in (("first", False), ("stubborn", True), ("last", False)):
        supervisor.start(name, service(name, stubborn=stubborn))  # type: ignore[arg-type] # a plain test double
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await supervisor.stop(0.05) == ["stubborn"]
    assert ended == ["last", "stubborn", "first"]
    release.set()


async def test_nothing_starts_once_it_stops_and_no_name_twice(supervisor: Supervisor) -> None:
    runs = Runs()
    supervisor.start("polling", runs.for_ever)
    with pytest.raises(ValueError, match="polling"):
        supervisor.start("polling", runs.for_ever)
    await supervisor.stop(1)
    with pytest.raises(RuntimeError, match="late"):
        supervisor.spawn("late", runs.once())


async def test_a_late_event_loop_is_reported(supervisor: Supervisor) -> None:
    with capture_logs() as logs:
        # Any lateness at all is too much here, so no time needs to pass.
        supervisor.start("watch", lambda: supervisor.watch_lag(every_seconds=0.001, tolerated_seconds=-1))
        await until(lambda: logs)
    assert logs[0]["event"] == "loop_blocked"
    assert supervisor.failures["loop_blocked"] >= 1
