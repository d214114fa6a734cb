"""Which panel gets the next user, chosen from what was measured over HTTP on two emulators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from app.domain.scores import LoadRule
from app.panels import survey
from app.panels.choice import CACHE_KEY, MEASURE_EVERY_SECONDS, TURN_KEY, PanelChoice
from app.panels.gate import PanelGate
from app.services.records import PanelAccess
from tests.support.panels import Bed, fill, repository, two_panels

if TYPE_CHECKING:
    from app.utils.redis import Cache

GIB = 2**30


@pytest.fixture
async def bed(cache: Cache) -> AsyncIterator[Bed]:
    async with two_panels(repository(cache)) as ready:
        yield ready


async def anew(bed: Bed, cache: Cache) -> list[str]:
    """The ranking when the cached table has run out."""
    await cache.delete(CACHE_KEY)
    bed.clock.advance(121)
    return await names(bed.choice)


async def names(choice: PanelChoice) -> list[str]:
    """Who may take a user, best first."""
    return [panel.instance_id for panel in await choice.ranked()]


async def job(bed: Bed, cache: Cache, choice: PanelChoice) -> None:
    """The background job half a minute later, when nobody has the turn to measure any more."""
    await cache.delete(TURN_KEY)
    bed.clock.advance(MEASURE_EVERY_SECONDS)
    await choice.keep_fresh()


def calls(bed: Bed) -> int:
    """How many calls came to both panels."""
    return len(bed.a.calls) + len(bed.b.calls)


def replica_of(bed: Bed, cache: Cache) -> PanelChoice:
    """Another process beside the first, with the same panels, cache and clock."""
    return PanelChoice(bed.panels, bed.gate, repository(cache), bed.clock)


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


async def test_the_operator_says_what_traffic_weighs_and_for_how_long(bed: Bed, cache: Cache) -> None:
    user = fill(bed.a, 10)
    fill(bed.b, 20)
    for node in ("a-1", "a-2"):
        bed.a.panel.carry(user, node, 30 * GIB)
    for rule, best in (
        (LoadRule(Decimal("0.1")), "a"),
        (LoadRule(Decimal(1)), "b"),
    ):
        await cache.delete(CACHE_KEY)
        assert (await names(PanelChoice(bed.panels, bed.gate, repository(cache), bed.clock, rule)))[0] == best
    bed.clock.advance(4 * 3600)
    for hours, best in ((3, "a"), (6, "b")):
        await cache.delete(CACHE_KEY)
        rule = LoadRule(Decimal(1), timedelta(hours=hours))
        assert (await names(PanelChoice(bed.panels, bed.gate, repository(cache), bed.clock, rule)))[0] == best


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


async def test_a_panel_that_makes_the_shop_itself_stumble_hides_no_other(bed: Bed, cache: Cache) -> None:
    class Stumbling(PanelGate):
        async def call(self, access: PanelAccess, work: Any) -> Any:
            if access.instance_id == "a":
                raise ArithmeticError
            return await super().call(access, work)

    choice = PanelChoice(bed.panels, Stumbling(bed.clients, bed.clock), repository(cache), bed.clock)
    with capture_logs() as events:
        await choice.keep_fresh()
    assert await names(choice) == ["b"]
    assert [(event["event"], event.get("reason")) for event in events] == [
        ("panel_measurement_failed", None),
        ("panel_left_out", "unexpected ArithmeticError"),
    ]


async def test_a_panel_that_stays_away_is_told_of_once_and_so_is_its_return(bed: Bed, cache: Cache) -> None:
    with capture_logs() as events:
        for state in ("error", "error", "connected", "connected"):
            for node in bed.b.panel.nodes.values():
                node.status = state
            await job(bed, cache, bed.choice)
    told = [event["event"] for event in events]
    assert [name for name in told if name.startswith("panel_")] == ["panel_left_out", "panel_back"]


async def test_a_wrong_password_leaves_one_panel_out(bed: Bed) -> None:
    bed.panels.rows["a"] = bed.a.access(password="wrong")
    assert await bed.choice.best() == "b"


async def test_without_a_snapshot_a_hundred_who_choose_at_once_cost_one_measurement(bed: Bed, cache: Cache) -> None:
    replica = replica_of(bed, cache)
    await asyncio.gather(*(bed.choice.best() for _ in range(100)))
    await asyncio.gather(*(replica.best() for _ in range(100)))
    assert bed.a.count("GET /api/system") == 1
    assert 100 < await cache.client.ttl(CACHE_KEY) <= 120


async def test_those_who_wait_for_a_measurement_that_takes_its_time_are_content_with_it(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "MEASURE_SECONDS", 0.3)
    monkeypatch.setattr(survey, "FRESH", timedelta(seconds=0.2))
    await bed.b.fault("*", "hang", times=-1)
    assert await asyncio.gather(*(bed.choice.best() for _ in range(20))) == ["a"] * 20
    assert bed.a.count("GET /api/system") == 1


async def test_one_replica_measures_and_the_others_read_what_it_found(bed: Bed, cache: Cache) -> None:
    replica = replica_of(bed, cache)
    await bed.choice.keep_fresh()
    fill(bed.a, 50)
    await replica.keep_fresh()
    assert (bed.a.count("GET /api/system"), await names(replica)) == (1, ["a", "b"])
    await job(bed, cache, replica)
    await bed.choice.keep_fresh()
    assert (bed.a.count("GET /api/system"), await names(bed.choice)) == (2, ["b", "a"])


async def test_nobody_who_chooses_waits_for_a_panel_while_the_job_measures_in_time(bed: Bed, cache: Cache) -> None:
    await bed.choice.keep_fresh()
    for _ in range(10):
        await job(bed, cache, bed.choice)
        before = calls(bed)
        assert await bed.choice.best() == "a"
        bed.clock.advance(5)
        assert await names(bed.choice) == ["a", "b"]
        assert calls(bed) == before


async def test_a_panel_that_hangs_delays_nobody_who_chooses_and_is_left_out_after_its_deadline(
    bed: Bed, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "MEASURE_SECONDS", 0.3)
    await bed.choice.keep_fresh()
    await bed.b.fault("*", "hang", times=-1)
    bed.b.called.clear()
    async with asyncio.TaskGroup() as group:
        measuring = group.create_task(job(bed, cache, bed.choice))
        await bed.b.called.wait()
        assert await bed.choice.best() == "a"
        assert not measuring.done()
    assert await names(bed.choice) == ["a"]


async def test_a_snapshot_serves_without_redis_until_it_is_stale(bed: Bed, cache: Cache) -> None:
    await bed.choice.keep_fresh()
    before = calls(bed)
    await cache.delete(CACHE_KEY)
    bed.clock.advance(119)
    assert (await names(bed.choice), calls(bed)) == (["a", "b"], before)
    bed.clock.advance(2)
    fill(bed.a, 50)
    assert await names(bed.choice) == ["b", "a"]


async def test_users_that_other_replicas_send_count_within_a_second(bed: Bed) -> None:
    await bed.choice.keep_fresh()
    bed.panels.pending["a"] = 30
    bed.clock.advance(1)
    assert await names(bed.choice) == ["b", "a"]


async def test_a_full_panel_is_passed_over_and_more_room_counts_within_a_second(bed: Bed) -> None:
    fill(bed.a, 5)
    bed.panels.capacity["a"] = 6
    await bed.choice.keep_fresh()
    async with bed.choice.place(frozenset({"b"})) as place:
        assert place == "a"
    assert await bed.choice.best(frozenset({"b"})) is None
    bed.panels.capacity["a"] = 8
    bed.panels.pending["a"] = 1  # the one from before, whom the rows know by now
    bed.clock.advance(1)
    assert await bed.choice.best(frozenset({"b"})) == "a"
    bed.panels.pending["a"] = 3
    bed.clock.advance(1)
    assert await bed.choice.best(frozenset({"b"})) is None


async def test_a_priority_that_an_operator_changes_counts_within_a_second(bed: Bed) -> None:
    await bed.choice.keep_fresh()
    bed.panels.rows["b"] = bed.b.access(priority=200)
    bed.clock.advance(1)
    assert await bed.choice.best() == "b"


async def test_places_taken_at_the_same_moment_are_spread(bed: Bed) -> None:
    await bed.choice.keep_fresh()
    together = asyncio.Barrier(8)

    async def taken() -> str | None:
        async with bed.choice.place() as place:
            await together.wait()
            return place

    places = await asyncio.gather(*(taken() for _ in range(8)))
    assert (places.count("a"), places.count("b")) == (5, 3)


async def test_a_place_is_counted_once_whether_the_rows_know_of_it_or_not(bed: Bed) -> None:
    await bed.choice.keep_fresh()
    (step,) = {panel.step for panel in await bed.choice.ranked()}

    async def score_of_a() -> Decimal:
        bed.clock.advance(1)
        return next(panel.score for panel in await bed.choice.ranked() if panel.instance_id == "a")

    async with bed.choice.place() as place:
        assert (place, await score_of_a()) == ("a", step)
    bed.panels.pending["a"] = 1
    assert await score_of_a() == step
    assert await score_of_a() == step


async def test_a_new_panel_takes_part_when_the_table_has_run_out(bed: Bed, cache: Cache) -> None:
    row = bed.panels.rows.pop("b")
    assert await anew(bed, cache) == ["a"]
    bed.panels.rows["b"] = row
    assert sorted(await anew(bed, cache)) == ["a", "b"]


async def test_a_burst_spreads_over_panels_before_any_new_measurement(bed: Bed) -> None:
    taken = []
    for _ in range(40):
        async with bed.choice.place() as best:
            taken.append(best)
    assert 15 <= taken.count("a") <= 25
    assert bed.a.count("GET /api/system") == 1


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
