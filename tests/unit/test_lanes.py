from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from app.core.lanes import Lanes
from app.jobs.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(first_delay=0.001)
    yield supervisor
    await supervisor.stop(1)


class Book:
    """Work that writes down what ran, and work that waits for its release."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.release = asyncio.Event()

    def note(self, line: str) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            await asyncio.sleep(0)
            self.lines.append(line)

        return work

    async def slow(self) -> None:
        await self.release.wait()
        self.lines.append("slow")


async def test_one_key_keeps_its_order_while_another_is_slow(supervisor: Supervisor) -> None:
    lanes, book = Lanes(supervisor.spawn), Book()
    slow = await lanes.put(1, book.slow)
    behind = await lanes.put(1, book.note("behind"))
    quick = [await lanes.put(2, book.note(f"quick {number}")) for number in range(12)]
    await asyncio.wait(quick)
    assert book.lines == [f"quick {number}" for number in range(12)]
    assert not slow.done()
    book.release.set()
    await behind
    assert book.lines[-2:] == ["slow", "behind"]


async def test_a_key_works_again_after_its_lane_ran_empty(supervisor: Supervisor) -> None:
    lanes, book = Lanes(supervisor.spawn), Book()
    for line in ("first", "second"):
        await (await lanes.put(1, book.note(line)))
    assert book.lines == ["first", "second"]


async def test_putting_waits_while_the_limit_is_in_hand(supervisor: Supervisor) -> None:
    lanes, book = Lanes(supervisor.spawn, limit=2), Book()
    first = await lanes.put(1, book.slow)
    await lanes.put(1, book.note("second"))
    async with asyncio.TaskGroup() as tasks:
        third = tasks.create_task(lanes.put(2, book.note("third")))
        await asyncio.sleep(0)
        assert not third.done()
        book.release.set()
    await third.result()
    assert first.done()
    assert "third" in book.lines


async def test_who_stops_waiting_for_room_leaves_nothing_behind(supervisor: Supervisor) -> None:
    lanes, book = Lanes(supervisor.spawn, limit=1), Book()
    await lanes.put(1, book.slow)
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(lanes.put(2, book.note("never"), done))
        await asyncio.sleep(0)
        waiting.cancel()
    assert done.cancelled()
    book.release.set()
    await (await lanes.put(3, book.note("after")))
    assert book.lines == ["slow", "after"]


async def test_work_that_raises_does_not_stop_those_behind_it(supervisor: Supervisor) -> None:
    lanes, book = Lanes(supervisor.spawn), Book()

    async def broken() -> None:
        raise LookupError("planted")

    failed = await lanes.put(1, broken)
    await (await lanes.put(1, book.note("behind")))
    assert failed.done()
    assert not failed.cancelled()
    assert supervisor.failures["lane"] == 1


async def test_drain_waits_for_what_is_in_hand(supervisor: Supervisor) -> None:
    lanes, book = Lanes(supervisor.spawn), Book()
    await lanes.put(1, book.slow)
    await lanes.put(1, book.note("behind"))
    async with asyncio.TaskGroup() as tasks:
        draining = tasks.create_task(lanes.drain(10))
        await asyncio.sleep(0)
        assert not draining.done()
        book.release.set()
    assert draining.result() == 0
    assert book.lines == ["slow", "behind"]


async def test_drain_cancels_and_counts_what_outlives_its_deadline(supervisor: Supervisor) -> None:
    lanes, book = Lanes(supervisor.spawn), Book()
    running = await lanes.put(1, book.slow)
    behind = await lanes.put(1, book.note("behind"))
    other = await lanes.put(2, book.slow)
    assert await lanes.drain(0) == 3
    assert all(future.cancelled() for future in (running, behind, other))
    assert book.lines == []


async def test_closed_lanes_refuse_new_work_and_those_who_wait_for_room(supervisor: Supervisor) -> None:
    lanes, book = Lanes(supervisor.spawn, limit=1), Book()
    await lanes.put(1, book.slow)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(lanes.put(2, book.note("never")))
        await asyncio.sleep(0)
        await lanes.drain(0)
    assert waiting.result().cancelled()
    assert (await lanes.put(3, book.note("never"))).cancelled()
    assert lanes.closed
    assert book.lines == []


async def test_ten_thousand_pieces_over_a_hundred_keys_keep_their_order(supervisor: Supervisor) -> None:
    lanes = Lanes(supervisor.spawn, limit=50)
    seen: dict[int, list[int]] = {key: [] for key in range(100)}

    def work(key: int, number: int) -> Callable[[], Awaitable[None]]:
        async def note() -> None:
            await asyncio.sleep(0)
            seen[key].append(number)

        return note

    for number in range(100):
        for key in seen:
            await lanes.put(key, work(key, number))
    assert await lanes.drain(10) == 0
    assert all(numbers == list(range(100)) for numbers in seen.values())
