"""A config becomes exactly one user on exactly one panel, whatever the panels do meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.panels.choice import CACHE_KEY
from app.panels.port import NewPanelUser
from app.services.records import ConfigWork
from tests.support.panels import Bed, repository, two_panels

if TYPE_CHECKING:
    from app.utils.redis import Cache

CREATE = "POST /api/user"


@pytest.fixture
async def bed(cache: Cache) -> AsyncIterator[Bed]:
    async with two_panels(repository(cache), timeout_seconds=1) as ready:
        yield ready


async def test_a_wish_becomes_a_user_on_the_best_panel(bed: Bed) -> None:
    row = bed.queue.want(1)
    assert await bed.provisioner.run_once() == 1
    user = bed.a.panel.users["orbit_1"]
    assert (user.expire, user.data_limit, user.note) == (int(row.expires_at.timestamp()), None, "orbit:1")
    assert (row.instance_id, row.work, row.notices) == ("a", None, 1)
    assert row.subscription_url.startswith(f"{bed.a.server.url}/sub/")
    assert row.link.startswith("vless://")
    assert await bed.provisioner.run_once() == 0


async def test_a_burst_becomes_one_user_each_spread_over_panels(bed: Bed) -> None:
    for number in range(1, 41):
        bed.queue.want(number)
    await bed.work_off()
    assert sorted(bed.users()) == sorted(f"orbit_{number}" for number in range(1, 41))
    assert bed.a.panel.users
    assert bed.b.panel.users


@pytest.mark.parametrize("action", ["drop_after", "garbage", "hang", "error", "drop_before"])
async def test_a_creation_in_doubt_ends_in_exactly_one_user(bed: Bed, action: str) -> None:
    row = bed.queue.want(1)
    await bed.a.fault(CREATE, action)
    await bed.work_off()
    assert bed.users() == ["orbit_1"]
    assert (row.instance_id, row.notices) == ("a", 1)
    assert row.link.startswith("vless://")


async def test_a_lost_answer_is_made_up_for_by_a_look_at_once(bed: Bed) -> None:
    bed.queue.want(1)
    await bed.a.fault(CREATE, "drop_after")
    await bed.provisioner.run_once()
    assert bed.queue.rows[1].work is None
    assert bed.a.count(CREATE) == 1


async def test_in_doubt_and_blind_the_config_stays_on_its_panel(bed: Bed) -> None:
    row = bed.queue.want(1)
    await bed.a.fault(CREATE, "drop_after")
    await bed.a.fault("GET /api/user/", "error", times=3)
    await bed.provisioner.run_once()
    assert (row.instance_id, row.work, row.attempts) == ("a", ConfigWork.CREATE, 1)
    await bed.work_off()
    assert bed.users() == ["orbit_1"]
    assert row.instance_id == "a"


async def test_in_doubt_and_then_down_the_config_waits_for_its_panel(bed: Bed) -> None:
    row = bed.queue.want(1)
    await bed.a.fault(CREATE, "drop_after")
    await bed.a.fault("GET /api/user/", "error", times=3)
    await bed.provisioner.run_once()
    bed.a.panel.up = False
    bed.clock.advance(10)
    await bed.provisioner.run_once()
    assert (row.instance_id, bed.users()) == ("a", ["orbit_1"])
    bed.a.panel.up = True
    await bed.work_off()
    assert (row.instance_id, bed.users()) == ("a", ["orbit_1"])


async def test_a_panel_that_stays_away_is_given_up_in_the_end(bed: Bed) -> None:
    row = bed.queue.want(1, instance_id="a")
    bed.a.panel.up = False
    start = bed.clock.now()
    await bed.work_off()
    assert (row.instance_id, bed.users()) == ("b", ["orbit_1"])
    assert bed.clock.now() - start > timedelta(minutes=2)


async def test_what_may_stand_on_a_panel_that_was_given_up_is_remembered(bed: Bed) -> None:
    row = bed.queue.want(1, instance_id="a")
    bed.a.panel.up = False
    await bed.work_off()
    assert row.left_behind == ["a"]


async def test_a_panel_is_not_given_up_where_no_other_can_take_the_user(bed: Bed) -> None:
    row = bed.queue.want(1, instance_id="a", attempts=8)
    bed.a.panel.up = bed.b.panel.up = False
    await bed.provisioner.run_once()
    assert (row.instance_id, row.left_behind, row.work) == ("a", [], ConfigWork.CREATE)


@pytest.mark.parametrize(
    "faults", [{CREATE: "error"}, {CREATE: "garbage", "GET /api/user/": "garbage"}], ids=["error", "garbage"]
)
async def test_a_panel_that_reads_well_and_makes_nobody_swallows_no_customer(bed: Bed, faults: dict[str, str]) -> None:
    for match, action in faults.items():
        await bed.a.fault(match, action, times=-1)
    first = bed.queue.want(1)
    await bed.provisioner.run_once()
    second = bed.queue.want(2)
    await bed.provisioner.run_once()
    assert (first.instance_id, second.instance_id, second.work) == ("a", "b", None)
    await bed.work_off()
    assert (first.instance_id, first.left_behind, second.left_behind) == ("b", ["a"], [])
    assert {"orbit_1", "orbit_2"} <= set(bed.b.panel.users)


async def test_a_creation_that_is_cut_off_counts_against_its_panel(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.panels.creation.MADE_SECONDS", 0.1)
    row = bed.queue.want(1)
    await bed.a.fault(CREATE, "hang", times=-1)
    await bed.provisioner.run_once()
    assert (row.instance_id, row.error) == ("a", "AmbiguousOutcome a: not done within 0.1 s")
    assert await bed.choice.best() == "b"
    await bed.work_off()
    assert (row.instance_id, row.left_behind, bed.users()) == ("b", ["a"], ["orbit_1"])


async def test_a_panel_that_went_down_after_the_choice_is_passed_over_at_once(bed: Bed) -> None:
    assert await bed.choice.best() == "a"
    await bed.a.server.stop()
    row = bed.queue.want(1)
    await bed.provisioner.run_once()
    assert (row.instance_id, row.work, bed.users()) == ("b", None, ["orbit_1"])
    assert row.attempts == 0


async def test_when_all_panels_went_down_after_the_choice_the_wish_waits_a_moment(bed: Bed) -> None:
    await bed.choice.ranked()
    await bed.a.server.stop()
    await bed.b.server.stop()
    row = bed.queue.want(1)
    await bed.provisioner.run_once()
    assert (row.instance_id, row.work) == (None, ConfigWork.CREATE)
    assert row.due_at < bed.clock.now() + timedelta(seconds=5)
    await bed.a.server.start()
    await bed.work_off()
    assert (row.instance_id, bed.users()) == ("a", ["orbit_1"])


async def test_a_panel_that_refuses_is_passed_over(bed: Bed) -> None:
    row = bed.queue.want(1)
    await bed.choice.ranked()
    bed.a.panel.inbounds.clear()
    await bed.work_off()
    assert (row.instance_id, bed.users()) == ("b", ["orbit_1"])


async def test_with_no_panel_up_a_wish_waits_and_is_done_when_one_is_back(bed: Bed) -> None:
    row = bed.queue.want(1)
    bed.a.panel.up = bed.b.panel.up = False
    await bed.provisioner.run_once()
    assert row.error == "no panel can take a user"
    bed.b.panel.up = True
    await bed.work_off()
    assert (row.instance_id, bed.users()) == ("b", ["orbit_1"])


async def test_a_foreign_user_of_that_name_is_never_touched(bed: Bed) -> None:
    row = bed.queue.want(1, instance_id="a")
    end = bed.clock.now() + timedelta(days=1)
    foreign = NewPanelUser("orbit_1", end, 0, "a friend's")
    await bed.clients.for_instance(bed.a.access()).create_user(foreign)
    secrets = dict(bed.a.panel.users["orbit_1"].proxies)
    await bed.provisioner.run_once()
    assert row.error == "foreign user of that name"
    assert row.due_at > bed.clock.now() + timedelta(minutes=50)
    user = bed.a.panel.users["orbit_1"]
    assert (user.note, user.expire, user.proxies) == ("a friend's", int(end.timestamp()), secrets)
    assert (row.link, row.notices) == ("", 0)


async def test_a_user_of_ours_with_another_end_and_limit_is_adopted_and_corrected(bed: Bed) -> None:
    row = bed.queue.want(1, instance_id="a")
    ours = NewPanelUser("orbit_1", bed.clock.now() + timedelta(days=1), 10**9, "vip orbit:1")
    await bed.clients.for_instance(bed.a.access()).create_user(ours)
    await bed.provisioner.run_once()
    user = bed.a.panel.users["orbit_1"]
    assert (user.expire, user.data_limit) == (int(row.expires_at.timestamp()), None)
    assert (row.work, row.notices) == (None, 1)


async def test_another_configs_user_is_foreign_even_with_our_kind_of_note(bed: Bed) -> None:
    row = bed.queue.want(1, instance_id="a")
    other = NewPanelUser("orbit_1", row.expires_at, 0, "orbit:11")
    await bed.clients.for_instance(bed.a.access()).create_user(other)
    await bed.provisioner.run_once()
    assert row.error == "foreign user of that name"


async def test_a_crash_after_the_creation_is_made_good_when_the_lease_is_over(bed: Bed) -> None:
    row = bed.queue.want(1)
    jobs = await bed.queue.claim_due(bed.clock.now(), 90, 8)
    assert await bed.queue.assign(jobs[0], "b")
    made = NewPanelUser("orbit_1", row.expires_at, 0, "orbit:1")
    await bed.clients.for_instance(bed.b.access()).create_user(made)
    assert await bed.provisioner.run_once() == 0
    await bed.work_off()
    assert (row.instance_id, bed.users(), row.notices) == ("b", ["orbit_1"], 1)


async def test_a_creation_waits_for_a_panel_that_cannot_be_opened_and_then_goes_elsewhere(bed: Bed) -> None:
    row = bed.queue.want(1, instance_id="sealed")
    await bed.provisioner.run_once()
    assert (row.instance_id, row.error) == ("sealed", "PanelUnavailable sealed: its password can't be opened")
    await bed.work_off()
    assert (row.instance_id, row.left_behind, bed.users()) == ("a", ["sealed"], ["orbit_1"])


async def test_the_data_limit_reaches_the_panel(bed: Bed) -> None:
    bed.queue.want(1)
    limited = type(bed.provisioner)(
        bed.queue, bed.panels, bed.gate, bed.choice, bed.clock, data_limit_bytes=100 * 2**30
    )
    await limited.run_once()
    assert bed.a.panel.users["orbit_1"].data_limit == 100 * 2**30


async def test_a_dropped_cache_costs_nothing_but_a_measurement(bed: Bed, cache: Cache) -> None:
    bed.queue.want(1)
    await bed.provisioner.run_once()
    await cache.delete(CACHE_KEY, "marzban:a:token")
    bed.queue.want(2)
    await bed.provisioner.run_once()
    assert sorted(bed.users()) == ["orbit_1", "orbit_2"]
