"""Lives of a shop that runs twice, made up by hypothesis: after each step it is as a simple model says.

Two halves with pools and caches of their own take the steps, mostly two at the same moment; what came of those must
be what one order of their transactions gives. ORBIT_LIVES=1000 makes up a thousand lives, and shortens one that goes
wrong.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.repo.audit import breaks
from app.repo.db import Database, make_engine
from tests.conftest import empty
from tests.support.half import Half, own_cache
from tests.support.life import ACTIONS, Life, Step
from tests.support.orders import after
from tests.support.truth import foretold, stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from tests.support.act import Act

# The suite lives the same lives each time; a night makes up others.
NIGHT = "ORBIT_LIVES" in os.environ
LIVES = int(os.environ.get("ORBIT_LIVES", "25"))
MOMENTS = 45
# Making a broken life short takes minutes: worth it for who asks for many.
PHASES = set(Phase) if "ORBIT_LIVES" in os.environ else set(Phase) - {Phase.shrink}
ALONE = {"wait", "restart"}
A_LONG_WAIT = 3

STEPS = st.builds(Step, st.sampled_from(ACTIONS), st.integers(0, 999), st.integers(0, 999))
MOMENT = st.tuples(STEPS, STEPS, st.sampled_from((True, True, True, False)))


class Town:
    """Both halves, which are two processes in all but name, and the look of a third."""

    def __init__(self, database: Database, url: URL, redis: Redis) -> None:
        self.database = database
        self._url = url
        self._pools = [Database(make_engine(url, 4)) for _ in range(2)]
        self._caches = [own_cache(redis, number) for number in (1, 2)]
        self.life = Life()
        self.halves: list[Half] = []
        self.taken: Counter[str] = Counter()

    async def begin(self) -> None:
        """A new life in an empty shop."""
        await empty(self.database)
        self.life = Life()
        self.halves = [await self._half(number) for number in (0, 1)]
        await self.life.makes_codes(self.halves[0])
        await self.perform(self.life.poll(0, 0))

    async def moment(self, first: Step, second: Step, *, together: bool) -> None:
        """Two steps, at once where they can be."""
        self.taken.update((first.what, second.what))
        # Two strangers who invite each other at the same moment find nobody: neither is known yet.
        strangers = self.life.named(first) == self.life.named(second) == "arrive"
        if together and not strangers and not {first.what, second.what} & ALONE:
            self.taken["pairs"] += 1
            await self.perform(self.life.act(first), self.life.act(second))
            return
        for step in (first, second):
            await self._alone(step)

    async def perform(self, *acts: Act, starting_with: int = 0) -> None:
        """Let each half do its act; the model goes the way that really was gone."""
        life, halves = self.life, self.halves[starting_with:]
        went = await asyncio.gather(*(act.do(half) for act, half in zip(acts, halves, strict=False)))
        ways = after(life.model, *(act.follow(result) for act, result in zip(acts, went, strict=True)))
        real = await stored(self.database)
        fitting = [model for model in ways if foretold(model) == real]
        told = [f"{act.do.__qualname__}: {result}" for act, result in zip(acts, went, strict=True)]
        assert fitting, "\n".join([*told, *(str(foretold(model).differences(real)) for model in ways)])
        life.model = fitting[0]

    async def close(self) -> None:
        for pool, cache in zip(self._pools, self._caches, strict=True):
            await pool.close()
            await cache.client.aclose()

    async def _alone(self, step: Step) -> None:
        if step.what == "restart":
            number = step.first % 2
            await self._pools[number].close()
            self._pools[number] = Database(make_engine(self._url, 4))
            self.halves[number] = await self._half(number)
        elif step.what == "wait":
            if step.first % 5 >= A_LONG_WAIT:  # a bot that is away for a week misses what was paid at its beginning
                for number in (0, 1):
                    await self.perform(self.life.reconcile(0, 1), starting_with=number)
            self.life.wait(step.first, step.second)
        else:
            await self.perform(self.life.act(step), starting_with=step.second % 2)

    async def _half(self, number: int) -> Half:
        await self._caches[number].client.flushdb()
        return Half(self._pools[number], self._caches[number], self.life.clock, self.life.outside)


@pytest.fixture(scope="module")
async def town(shared_database: Database, shared_redis: Redis, database_url: URL) -> AsyncIterator[Town]:
    opened = Town(shared_database, database_url, shared_redis)
    yield opened
    await opened.close()


@settings(
    max_examples=LIVES, phases=PHASES, derandomize=not NIGHT, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(moments=st.lists(MOMENT, min_size=MOMENTS, max_size=MOMENTS))
async def test_whatever_two_halves_do_at_once_accounts_and_books_come_out_as_the_model_says(
    town: Town, moments: list[tuple[Step, Step, bool]]
) -> None:
    await town.begin()
    for first, second, together in moments:
        await town.moment(first, second, together=together)
    assert await breaks(town.database) == []


async def test_the_lives_were_long_enough(town: Town, record_property: Callable[[str, object], None]) -> None:
    steps = sum(town.taken[what] for what in set(ACTIONS))
    record_property("steps of the money machine", steps)
    record_property("steps of it two at once", 2 * town.taken["pairs"])
    assert steps >= 2 * MOMENTS * LIVES >= 2000
    assert set(ACTIONS) <= set(town.taken)
