"""Many who ask for the same work share its runs, and none is content with a run that began before they asked."""

from __future__ import annotations

import asyncio

import pytest

from app.jobs.rounds import Rounds

pytestmark = pytest.mark.timeout(20)


class Work:
    """Runs that end when the test says so."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.gate = asyncio.Semaphore(0)

    async def __call__(self) -> None:
        self.begun += 1
        await self.gate.acquire()
        self.ended += 1


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("side_by_side", [1, 3])
async def test_who_asks_during_the_runs_shares_one_that_begins_afterwards(side_by_side: int) -> None:
    work = Work()
    rounds = Rounds(work, side_by_side)
    async with asyncio.TaskGroup() as group:
        for number in range(side_by_side):
            group.create_task(rounds.join())
            await turns()
            assert work.begun == number + 1
        late = [group.create_task(rounds.join()) for _ in range(100)]
        await turns()
        assert work.begun == side_by_side
        work.gate.release()
        await turns()
        assert (work.begun, sum(task.done() for task in late)) == (side_by_side + 1, 0)
        for _ in range(side_by_side):
            work.gate.release()
    assert (work.begun, work.ended) == (side_by_side + 1, side_by_side + 1)


async def test_all_who_share_a_run_hear_that_it_failed_and_the_next_one_is_fresh() -> None:
    outcomes = iter([None, LookupError, None])
    hold = asyncio.Semaphore(0)

    async def work() -> None:
        await hold.acquire()
        if (outcome := next(outcomes)) is not None:
            raise outcome

    rounds = Rounds(work)
    first = asyncio.gather(rounds.join())
    await turns()
    sharing = asyncio.gather(*(rounds.join() for _ in range(3)), return_exceptions=True)
    await turns()
    hold.release()
    hold.release()
    await first
    assert [type(outcome) for outcome in await sharing] == [LookupError] * 3
    hold.release()
    await rounds.join()


async def test_one_who_gives_up_takes_the_run_from_nobody() -> None:
    work = Work()
    rounds = Rounds(work)
    first = asyncio.gather(rounds.join())
    await turns()
    leader = asyncio.gather(rounds.join())
    await turns()
    sharing = asyncio.gather(rounds.join())
    await turns()
    sharing.cancel()
    await turns()
    work.gate.release()
    work.gate.release()
    await first
    await leader
    assert work.ended == 2
