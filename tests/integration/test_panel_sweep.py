"""Panels are compared with the configs on them, both ways; what is ours is put right, what is others' stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.panels.sweep_by_hand import hand_sweep
from tests.support.upkeep_world import UpkeepWorld, upkeep_world

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache
    from sandbox.marzban.model import User

NINA = "o1001_0a1b2c3d"


@pytest.fixture
async def world(database: Database, cache: Cache) -> AsyncIterator[UpkeepWorld]:
    async with upkeep_world(database, cache, "a", "b") as opened:
        yield opened


def put(world: UpkeepWorld, name: str, username: str, note: str | None) -> User:
    """A user on a panel, like Nina but for name and note."""
    user = copy(world.users("a")[NINA])
    user.username, user.note = username, note
    world.users(name)[username] = user
    return user


async def differing(world: UpkeepWorld, name: str = "a") -> dict[str, int]:
    """What a round finds on a panel beyond how much was looked at."""
    return {what: count for what, count in (await world.swept())[name].items() if what not in {"configs", "users"}}


async def test_a_panel_as_it_should_be_is_left_alone(world: UpkeepWorld) -> None:
    await world.stand(3)
    world.running["a"].calls.clear()
    assert await world.swept() == {"a": {"configs": 3, "users": 3}, "b": {}}
    changes = [call for call in world.running["a"].calls if not call.startswith(("GET", "POST /api/admin/token"))]
    assert changes == []


async def test_a_config_without_a_user_gets_one_and_its_owner_is_told_of_the_new_key(world: UpkeepWorld) -> None:
    await world.stand(3)
    del world.users("a")[NINA]
    assert await differing(world) == {"missing": 1}
    await world.tidy()
    assert await world.differences() == set()
    assert await world.rows("SELECT recipient FROM notices WHERE kind = 'config_moved'") == [(1001,)]
    assert await differing(world) == {}


async def test_users_cleared_away_after_their_end_are_missed_only_when_renewed(world: UpkeepWorld) -> None:
    await world.stand(60)
    await world.rows("UPDATE configs SET expires_at = expires_at - interval '60 days' WHERE user_id <= 1030")
    for number in range(1001, 1031):
        del world.users("a")[f"o{number}_0a1b2c3d"]
    assert await differing(world) == {}
    assert await world.rows("SELECT count(*) FROM configs WHERE is_due") == [(0,)]
    await world.rows("UPDATE users SET subscription_end = subscription_end + interval '1 day' WHERE tg_id = 1001")
    await world.rows("UPDATE configs SET next_attempt_at = '2020-01-01' WHERE is_due")
    await world.tidy()
    assert NINA in world.users("a")


async def test_who_keeps_access_after_their_end_loses_it(world: UpkeepWorld) -> None:
    await world.stand(1)
    await world.rows("UPDATE configs SET expires_at = expires_at - interval '60 days'")
    assert await differing(world) == {"ends": 1}


async def test_an_end_and_a_limit_that_differ_are_set(world: UpkeepWorld) -> None:
    await world.stand(3)
    world.users("a")[NINA].expire = int(world.clock.timestamp()) + 86_400
    world.users("a")["o1002_0a1b2c3d"].data_limit = 5
    assert await differing(world) == {"ends": 1, "limits": 1}
    await world.tidy()
    assert (await world.differences(), world.users("a")["o1002_0a1b2c3d"].data_limit) == (set(), None)
    assert await differing(world) == {}


async def test_a_user_whose_config_was_deleted_is_removed_after_a_while(world: UpkeepWorld) -> None:
    await world.stand(2)
    await world.rows("UPDATE configs SET status = 'deleted' WHERE user_id = 1001")
    assert await differing(world) == {"leftovers": 1}
    assert await world.leftovers.run_once() == 0
    assert NINA in world.users("a")
    await world.tidy()
    assert (await world.differences(), NINA in world.users("a")) == (set(), False)


async def test_a_user_whose_config_stands_elsewhere_is_removed(world: UpkeepWorld) -> None:
    await world.stand(2)
    ((config_id,),) = await world.rows("SELECT id FROM configs WHERE user_id = 1001")
    put(world, "b", NINA, f"vip orbit:{config_id}")
    assert await differing(world, "b") == {"leftovers": 1}
    await world.tidy()
    assert (await world.differences(), world.users("b")) == (set(), {})


async def test_a_panel_in_two_rows_loses_nobody_and_operators_are_told(world: UpkeepWorld) -> None:
    await world.stand(2)
    await world.take_links("a")
    await world.name_again("a", "c")
    assert await differing(world, "c") == {"leftovers": 2}
    await world.tidy()
    assert (await world.differences(), len(world.users("a"))) == (set(), 2)
    told = "SELECT kind, facts ->> 'panel', facts ->> 'home' FROM operator_notices"
    assert await world.rows(told) == [("panel_twice", "c", "a")]


async def test_who_is_not_ours_or_not_known_is_never_touched(world: UpkeepWorld) -> None:
    await world.stand(1)
    ((config_id,),) = await world.rows("SELECT id FROM configs")
    put(world, "a", "somebody", None)
    put(world, "a", "o1001_ffffffff", f"orbit:{config_id}")
    put(world, "b", "another_shops", "orbit:999999")
    put(world, "b", NINA, "a friend's")
    swept = await world.swept()
    assert (swept["a"]["unknown"], swept["b"]["unknown"]) == (1, 1)
    await world.tidy()
    assert (len(world.users("a")), len(world.users("b"))) == (3, 2)


async def test_who_was_disabled_by_hand_or_lost_our_mark_is_counted_and_left(world: UpkeepWorld) -> None:
    await world.stand(2)
    world.users("a")[NINA].status = "disabled"
    world.users("a")["o1002_0a1b2c3d"].note = None
    assert await differing(world) == {"disabled": 1, "unmarked": 1}
    await world.tidy()
    assert world.users("a")[NINA].status == "disabled"


async def test_a_creation_in_flight_is_not_taken_for_a_leftover(world: UpkeepWorld) -> None:
    await world.stand(1)
    # Given up on this panel and not yet made elsewhere: it may be tried here again at any moment.
    await world.rows("UPDATE configs SET status = 'creating', instance_id = NULL, next_attempt_at = '2030-01-01'")
    assert await differing(world) == {}
    await world.rows("UPDATE configs SET instance_id = 'a'")
    assert await differing(world) == {}
    # Active, and between two homes: the user that still works stays.
    await world.rows("UPDATE configs SET status = 'active', instance_id = NULL")
    assert await differing(world) == {}
    assert NINA in world.users("a")


async def test_a_config_that_came_back_before_the_removal_keeps_its_user(world: UpkeepWorld) -> None:
    await world.stand(1)
    await world.rows("UPDATE configs SET instance_id = 'b'")
    assert await differing(world) == {"leftovers": 1}
    await world.rows("UPDATE configs SET instance_id = 'a'")
    await world.tidy()
    assert NINA in world.users("a")


async def test_a_panel_that_lost_more_than_single_users_stops_the_round_and_an_operator_is_told_once(
    world: UpkeepWorld,
) -> None:
    # An operator is told once a day: both rounds have to be in one.
    now = world.clock.now()
    world.clock.advance((now.replace(hour=12, minute=0) + timedelta(days=1) - now).total_seconds())
    await world.stand(150)
    world.users("a").clear()
    await world.swept()
    await world.swept()
    assert await world.rows("SELECT phase, stopped FROM panel_sweeps WHERE instance_id = 'a'") == [
        ("done", "missing: 100 of 150")
    ]
    assert await world.rows("SELECT kind, facts ->> 'panel' FROM operator_notices") == [("sweep_stopped", "a")]
    assert await world.rows("SELECT count(*) FROM configs WHERE is_due") == [(0,)]


async def test_users_that_a_drain_left_behind_stop_no_round(world: UpkeepWorld) -> None:
    await world.stand(25)
    await world.switch_off("a")
    await world.move()
    await world.rows("UPDATE config_leftovers SET next_attempt_at = next_attempt_at + interval '1 day'")
    assert await differing(world) == {}
    assert await world.rows("SELECT kind FROM operator_notices") == []


async def test_an_operator_can_have_a_restored_panel_put_right_all_the_same(world: UpkeepWorld) -> None:
    await world.stand(30)
    world.users("a").clear()
    access = world.running["a"].access()
    for said, options in (
        (("missing: 30 of 30", {}), {"acts": True, "is_bounded": True}),
        ((None, {"configs": 30, "missing": 30}), {"acts": False, "is_bounded": False}),
        ((None, {"configs": 30, "missing": 30}), {"acts": True, "is_bounded": False}),
    ):
        assert await world.rows("SELECT count(*) FROM configs WHERE is_due") == [(0,)]
        sweep = hand_sweep(world.upkeep, world.panels, world.clients, world.clock, 0, **options)
        report = await sweep.whole(access)
        assert (report.stopped, report.counts) == said
    await world.tidy()
    assert await world.differences() == set()


async def test_a_list_that_is_short_by_mistake_has_nothing_removed_or_made(world: UpkeepWorld) -> None:
    await world.stand(30)
    real, world.running["a"].panel.users = world.users("a"), {}
    await world.swept()
    world.running["a"].panel.users = real
    await world.tidy()
    assert (await world.differences(), world.running["a"].count("POST /api/user")) == (set(), 0)


async def test_a_round_that_is_cut_off_goes_on_where_it_was(
    world: UpkeepWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.panels.sweep.CONFIGS_A_PAGE", 10)
    monkeypatch.setattr("app.panels.sweep.USERS_A_PAGE", 10)
    monkeypatch.setattr("app.panels.sweep.PAGES_A_RUN", 2)
    await world.stand(35)
    await world.sweeper.run_once()
    await world.sweeper.run_once()
    cursor = "SELECT phase, after_config > 0, counts FROM panel_sweeps WHERE instance_id = 'a'"
    assert await world.rows(cursor) == [("configs", True, {"configs": 20})]
    await world.running["a"].fault("GET /api/users", "error", times=3)
    for _ in world.running:
        await world.sweeper.run_once()
    assert await world.rows(cursor) == [("configs", True, {"configs": 20})]
    assert await world.swept() == {"a": {"configs": 35, "users": 35}, "b": {}}


async def test_of_two_replicas_one_takes_a_panel_and_a_late_one_saves_nothing(world: UpkeepWorld) -> None:
    await world.stand(1)
    await world.sweeper.run_once()
    now = world.clock.now()
    first = [await world.upkeep.claim_sweep(now, now + timedelta(minutes=5)) for _ in range(3)]
    assert [sweep.instance_id for sweep in first if sweep] == ["a", "b"]
    world.clock.advance(301)
    again = await world.upkeep.claim_sweep(world.clock.now(), world.clock.now() + timedelta(minutes=5))
    assert again is not None
    assert first[0] is not None
    assert not await world.upkeep.save_sweep(first[0], world.clock.now(), world.clock.now())
    assert await world.upkeep.save_sweep(again, world.clock.now(), world.clock.now())
