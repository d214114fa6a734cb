"""Which panel gets the next user, measured over HTTP on two emulators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from app.panels.choice import CACHE_KEY, PanelChoice
from app.services.records import PanelAccess
from sandbox.marzban.model import User
from tests.support.panels import Bed, RunningPanel, repository, two_panels

if TYPE_CHECKING:
    from app.utils.redis import Cache

GIB = 2**30


@pytest.fixture
async def bed(cache: Cache) -> AsyncIterator[Bed]:
    async with two_panels(repository(cache)) as ready:
        yield ready


def fill(served: RunningPanel, users: int) -> User:
    """Put active users on the panel; the last of them."""
    panel = served.panel
    admin = panel.admins["admin"]
    for number in range(users):
        name = f"other_{number}"
        panel.users[name] = User(name, admin, panel.now(), {"vless": {"id": "1"}}, {"vless": []})
    return panel.users[f"other_{users - 1}"]


async def anew(bed: Bed, cache: Cache) -> list[str]:
    """The ranking when the cached table has run out."""
    await cache.delete(CACHE_KEY)
    bed.clock.advance(121)
    return [panel.instance_id for panel in await bed.choice.ranked()]


async def test_the_panel_with_fewer_users_wins(bed: Bed, cache: Cache) -> None:
    fill(bed.a, 40)
    fill(bed.b, 10)
    assert await anew(bed, cache) == ["b", "a"]


async def test_traffic_of_the_last_hours_weighs_and_older_traffic_does_not(bed: Bed, cache: Cache) -> None:
    user = fill(bed.a, 10)
    fill(bed.b, 20)
    for node in ("a-1", "a-2"):
        bed.a.panel.carry(user, node, 30 * GIB)
    assert await anew(bed, cache) == ["b", "a"]
    bed.clock.advance(4 * 3600)
    assert await anew(bed, cache) == ["a", "b"]


async def test_an_excluded_node_neither_serves_nor_counts(bed: Bed, cache: Cache) -> None:
    user = fill(bed.a, 10)
    fill(bed.b, 10)
    bed.a.panel.carry(user, "a-1", 50 * GIB)
    excluded = frozenset({"a-2"})
    bed.panels.rows["a"] = bed.a.access(excluded_node_names=excluded)
    assert await anew(bed, cache) == ["b", "a"]


async def test_a_coefficient_weighs(bed: Bed, cache: Cache) -> None:
    fill(bed.a, 20)
    fill(bed.b, 20)
    for node in bed.a.panel.nodes.values():
        node.usage_coefficient = 2.5
    assert await anew(bed, cache) == ["b", "a"]


async def test_near_ties_go_to_the_higher_priority(bed: Bed, cache: Cache) -> None:
    assert await anew(bed, cache) == ["a", "b"]
    bed.panels.rows["b"] = bed.b.access(priority=200)
    assert await anew(bed, cache) == ["b", "a"]


async def test_a_panel_without_nodes_takes_users_by_itself(bed: Bed) -> None:
    bed.a.panel.nodes.clear()
    assert ("a", "Master") in [(panel.instance_id, panel.node) for panel in await bed.choice.ranked()]


async def test_a_panel_whose_nodes_are_all_down_is_left_out(bed: Bed) -> None:
    for node in bed.a.panel.nodes.values():
        node.status = "error"
    assert await bed.choice.best() == "b"


@pytest.mark.parametrize("fault", ["drop_before", "garbage", "error"])
async def test_a_failing_panel_is_left_out_and_the_other_goes_on(bed: Bed, fault: str) -> None:
    await bed.a.fault("*", fault, times=-1)
    assert [panel.instance_id for panel in await bed.choice.ranked()] == ["b"]


async def test_a_hanging_panel_is_left_out_after_its_deadline(bed: Bed) -> None:
    await bed.a.fault("GET /api/system", "hang", times=-1)
    assert [panel.instance_id for panel in await bed.choice.ranked()] == ["b"]


async def test_a_wrong_password_leaves_one_panel_out(bed: Bed) -> None:
    bed.panels.rows["a"] = bed.a.access(password="wrong")
    assert await bed.choice.best() == "b"


async def test_the_table_is_measured_once_for_all_replicas(bed: Bed, cache: Cache) -> None:
    replica = PanelChoice(bed.panels, bed.gate, repository(cache), bed.clock)
    await asyncio.gather(*(bed.choice.best() for _ in range(100)))
    await asyncio.gather(*(replica.best() for _ in range(100)))
    assert bed.a.count("GET /api/system") == 1
    assert 100 < await cache.client.ttl(CACHE_KEY) <= 120


async def test_a_new_panel_takes_part_when_the_table_has_run_out(bed: Bed, cache: Cache) -> None:
    row = bed.panels.rows.pop("b")
    assert await anew(bed, cache) == ["a"]
    bed.panels.rows["b"] = row
    assert sorted(await anew(bed, cache)) == ["a", "b"]


async def test_a_burst_spreads_over_panels_before_any_new_measurement(bed: Bed) -> None:
    taken = []
    for _ in range(40):
        best = await bed.choice.best()
        assert best is not None
        bed.choice.reserve(best)
        taken.append(best)
    assert 15 <= taken.count("a") <= 25
    assert bed.a.count("GET /api/system") == 1


async def test_reservations_end_with_the_next_measurement(bed: Bed, cache: Cache) -> None:
    await bed.choice.ranked()
    for _ in range(10):
        bed.choice.reserve("a")
    assert await bed.choice.best() == "b"
    assert (await anew(bed, cache))[0] == "a"


async def test_a_panel_that_failed_is_passed_over_until_measured_again(bed: Bed, cache: Cache) -> None:
    await bed.choice.ranked()
    bed.choice.leave_out("a")
    assert await bed.choice.best() == "b"
    assert (await anew(bed, cache))[0] == "a"


async def test_when_all_known_panels_failed_one_that_came_back_is_found(bed: Bed) -> None:
    bed.b.panel.up = False
    assert await bed.choice.best() == "a"
    bed.clock.advance(20)
    bed.b.panel.up, bed.a.panel.up = True, False
    bed.choice.leave_out("a")
    assert await bed.choice.best() == "b"


async def test_no_panel_at_all_is_none_and_is_not_remembered(bed: Bed, cache: Cache) -> None:
    rows: dict[str, PanelAccess] = dict(bed.panels.rows)
    bed.panels.rows.clear()
    assert await bed.choice.best() is None
    assert await cache.get(CACHE_KEY) is None
    bed.panels.rows.update(rows)
    bed.clock.advance(3)
    assert await bed.choice.best() == "a"


async def test_excluding_every_panel_leaves_none(bed: Bed) -> None:
    assert await bed.choice.best(frozenset({"a"})) == "b"
    assert await bed.choice.best(frozenset({"a", "b"})) is None


async def test_rubbish_in_the_cache_is_measured_over(bed: Bed, cache: Cache) -> None:
    await cache.set(CACHE_KEY, '"s001"', 120)
    assert await bed.choice.best() == "a"
