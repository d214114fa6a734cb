"""Between any two effects there is a point, and a kill -9 at any of them changes nothing for anybody.

`--torture` kills at every point of every operation, and again in the recovery, at least 500 times.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import suppress
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from app.failpoints import POINTS
from sandbox.bot_process import BotFailedError
from tests.conftest import A_FEW_KILLS
from tests.support import (  # noqa: F401 - they enter their operations
    operations,
    operations_configs,
    operations_deliveries,
    operations_office,
    operations_panels,
    operations_pending,
    operations_renewals,
    operations_sales,
)
from tests.support.crash_ground import KILLED, Ground, Outcome, crash_ground
from tests.support.scenes import OPERATIONS
from tests.support.taps import Trace
from tests.support.warm_bot import WarmBot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from redis.asyncio import Redis

    Says = Callable[[str], None]
    Runs = dict[str, tuple[Trace, Outcome]]
    # An operation, and the points at which one bot after the other dies.
    Scenario = tuple[str, tuple[str, ...]]

# One worker does them all: what it costs to run every operation once is paid once.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TORTURE = 500
# So many of the kills of a usual run are followed by one in the recovery.
EVERY_NTH_TWICE = 7
# What comes side by side with another effect is missed only where it comes first.
RACING = {"screen.deleted"}


@pytest.fixture(scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory, shared_redis: Redis) -> AsyncIterator[Ground]:
    url = make_url(os.environ["ORBIT_TEST_POSTGRES"])
    async with crash_ground(tmp_path_factory.mktemp("crash"), url, shared_redis) as opened:
        yield opened


@pytest.fixture
def says(capsys: pytest.CaptureFixture[str]) -> Says:
    """Puts a line into the report of a run that went well, too."""

    def say(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return say


@pytest.fixture(scope="module")
async def runs(ground: Ground) -> Runs:
    """Every operation, undisturbed: what was passed on the way, and what it came to."""
    return {name: await ground.undisturbed(await begin(ground)) for name, begin in OPERATIONS.items()}


def test_between_any_two_effects_of_an_operation_there_is_a_point(
    runs: Runs, says: Says, record_property: Callable[[str, object], None]
) -> None:
    effects = sum(trace.effects for trace, _ in runs.values())
    passed = sum(len(trace.points) for trace, _ in runs.values())
    record_property("failpoints", len(POINTS))
    says(f"{len(POINTS)} points; {len(runs)} operations have {effects} effects and pass points {passed} times")
    assert {name: gaps for name, (trace, _) in runs.items() if (gaps := trace.gaps())} == {}


def test_every_point_is_passed_and_is_missed_where_it_is_taken_away(runs: Runs) -> None:
    traces = [trace for trace, _ in runs.values()]
    assert POINTS - {point for trace in traces for point in trace.points} == set()
    not_missed = {point for point in POINTS if not any(trace.gaps(without=point) for trace in traces)}
    assert not_missed <= RACING


async def test_a_bot_of_the_sandbox_dies_at_its_point(ground: Ground, tmp_path: Path) -> None:
    bot = WarmBot({**ground.env(), "ORBIT_FAILPOINTS": "config.claimed=kill"}, tmp_path / "bot.log")
    with suppress(BotFailedError):  # it may live long enough to say that it is ready
        await bot.start()
    assert await bot.wait() == KILLED, bot.log()


async def test_a_kill_at_any_point_is_as_if_nothing_had_happened(
    ground: Ground,
    runs: Runs,
    pytestconfig: pytest.Config,
    says: Says,
    record_property: Callable[[str, object], None],
) -> None:
    wanted: int = pytestconfig.getoption("--torture")
    scenarios = every_point_once(runs) if wanted <= A_FEW_KILLS else every_point_of_all(runs, max(wanted, TORTURE))
    killed_in: Counter[str] = Counter()
    for name, points in scenarios:
        before = ground.kills
        outcome = await ground.killed(await OPERATIONS[name](ground), *points)
        killed_in[name] += ground.kills - before
        assert outcome.differs(runs[name][1]) == {}, (name, points)
        if ground.kills >= max(wanted, TORTURE):
            break
    record_property("kills at a failpoint", killed_in.total())
    says(f"{killed_in.total()} kills in {len(killed_in)} operations, nothing lost, nothing double")


def every_point_once(runs: Runs) -> Iterator[Scenario]:
    """Each point in the operation that had the fewest kills so far; now and then a second kill in the recovery."""
    turns = cycle([False] * (EVERY_NTH_TWICE - 1) + [True])
    chosen: Counter[str] = Counter(dict.fromkeys(runs, 0))
    for point in sorted(POINTS):
        name = min((name for name, (trace, _) in runs.items() if point in trace.points), key=lambda name: chosen[name])
        chosen[name] += 1
        second = (f"{_next(runs[name][0], point)}@1",) if next(turns) else ()
        yield name, (f"{point}@1", *second)


def every_point_of_all(runs: Runs, seed: int) -> Iterator[Scenario]:
    """Every passing of every point in every operation, then pairs of them without end."""
    singles = [(name, place) for name, (trace, _) in runs.items() for place in places(trace)]
    yield from ((name, (place,)) for name, place in singles)
    dice = Random(seed)
    while True:
        name, place = dice.choice(singles)
        yield name, (place, dice.choice(places(runs[name][0])))


def places(trace: Trace) -> list[str]:
    """Each passing of a point, as an order names it."""
    met: Counter[str] = Counter()
    found = []
    for point in trace.points:
        met[point] += 1
        found.append(f"{point}@{met[point]}")
    return found


def _next(trace: Trace, point: str) -> str:
    """The point behind the first passing of `point`, or itself at the end."""
    rest = [other for other in trace.points[trace.points.index(point) :] if other != point]
    return rest[0] if rest else point
