"""Configs leave a panel that is switched off or dead, the new user first, and nobody is lost or doubled on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.panels.inspection import PanelInspector
from app.repo.oversight import OversightRepository
from tests.support.upkeep_world import UpkeepWorld, upkeep_world

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

NOTICES = "SELECT recipient, kind FROM notices WHERE kind = 'config_moved' ORDER BY 1"


@pytest.fixture
async def world(database: Database, cache: Cache) -> AsyncIterator[UpkeepWorld]:
    async with upkeep_world(database, cache, "a", "b") as opened:
        yield opened


async def test_a_panel_that_is_switched_off_is_emptied_the_new_user_first(world: UpkeepWorld) -> None:
    await world.stand(20)
    await world.switch_off("a")
    await world.move()
    assert (await world.homes(), len(world.users("a")), len(world.users("b"))) == ({"b": 20}, 20, 20)
    world.clock.advance(61)
    await world.tidy()
    assert (await world.differences(), len(world.users("a"))) == (set(), 0)
    ((link, url),) = await world.rows("SELECT link, subscription_url FROM configs WHERE user_id = 1001")
    assert link.startswith("vless://")
    assert url.startswith(world.running["b"].server.url)


async def test_a_panel_that_takes_over_under_a_new_address_keeps_its_users(world: UpkeepWorld) -> None:
    await world.stand(2)
    await world.switch_off("b")
    await world.name_again("a", "c")
    await world.switch_off("a")
    await world.move()
    await world.tidy()
    assert (await world.homes(), len(world.users("a"))) == ({"c": 2}, 2)


async def test_an_audit_takes_a_user_that_is_to_be_removed_for_no_fault(world: UpkeepWorld) -> None:
    await world.stand(3)
    await world.switch_off("a")
    await world.mover.run_once()
    census = PanelInspector(world.clients).census
    panels, configs = [panel.access() for panel in world.running.values()], OversightRepository(world.database)
    findings = await census(panels, configs, world.clock.now())
    assert [(finding.users, finding.differences) for finding in findings] == [(3, frozenset()), (3, frozenset())]


async def test_an_audit_misses_no_user_whose_time_is_over(world: UpkeepWorld) -> None:
    await world.stand(2)
    world.users("a").clear()
    census, configs = PanelInspector(world.clients).census, OversightRepository(world.database)
    for later, missed in ((0, 2), (31, 0)):
        (found,) = await census([world.running["a"].access()], configs, world.clock.now() + timedelta(days=later))
        assert len(found.differences) == missed


async def test_a_panel_that_keeps_its_configs_keeps_them(world: UpkeepWorld) -> None:
    await world.stand(3)
    await world.switch_off("a")
    await world.rows("UPDATE marzban_instances SET keeps_configs = true WHERE id = 'a'")
    assert (await world.move(), await world.homes()) == (0, {"a": 3})


async def test_what_panels_off_kept_is_kept_no_more_once_the_panel_was_back(world: UpkeepWorld) -> None:
    await world.stand(3)
    await world.panels.switch("a", active=False)
    assert (await world.move(), await world.homes()) == (0, {"a": 3})
    await world.rows("UPDATE marzban_instances SET is_active = true WHERE id = 'a'")
    await world.switch_off("a")
    await world.move()
    assert await world.homes() == {"b": 3}


async def test_what_moves_is_spread_by_score(database: Database, cache: Cache) -> None:
    async with upkeep_world(database, cache, "a", "b", "c") as world:
        await world.stand(30)
        await world.stand(10, "c", first=2001)
        await world.switch_off("a")
        await world.move()
        homes = await world.homes()
        assert homes.keys() == {"b", "c"}
        assert abs(homes["b"] - homes["c"]) <= 4  # those that were chosen for side by side


async def test_who_has_a_key_is_told_once_and_who_fetches_our_link_is_not_bothered(world: UpkeepWorld) -> None:
    await world.stand(2)
    await world.rows(
        "INSERT INTO subscription_copies SELECT id, 'links', 'a', 'text/plain', '{}', 'x', now() FROM configs"
        " WHERE user_id = 1001"
    )
    await world.switch_off("a")
    await world.move()
    assert await world.rows(NOTICES) == [(1002, "config_moved")]


async def test_a_dead_panel_is_left_only_after_the_set_time(world: UpkeepWorld) -> None:
    await world.stand(5)
    world.running["a"].panel.up = False
    await world.look()
    await world.look(minutes=3)
    assert await world.move() == 0
    await world.look()
    await world.move()
    assert await world.homes() == {"b": 5}
    assert await world.rows("SELECT kind, facts ->> 'panel' FROM operator_notices") == [("panel_left", "a")]


async def test_without_the_setting_a_dead_panel_keeps_its_configs(database: Database, cache: Cache) -> None:
    async with upkeep_world(database, cache, "a", "b", failover=None) as world:
        await world.stand(2)
        world.running["a"].panel.up = False
        await world.look(minutes=8)
        assert (await world.move(), await world.homes()) == (0, {"a": 2})


async def test_a_panel_that_answers_in_between_is_not_dead(world: UpkeepWorld) -> None:
    await world.stand(2)
    for _ in range(2):
        world.running["a"].panel.up = False
        await world.look(minutes=3)
        world.running["a"].panel.up = True
        await world.look()
    assert (await world.move(), await world.homes()) == (0, {"a": 2})


async def test_a_time_in_which_nobody_looked_does_not_count(world: UpkeepWorld) -> None:
    await world.stand(2)
    world.running["a"].panel.up = False
    await world.look()
    world.clock.advance(7200)
    await world.look()
    assert await world.move() == 0


async def test_a_panel_that_refuses_our_account_serves_and_is_not_dead(world: UpkeepWorld) -> None:
    await world.stand(1)
    await world.look()
    await world.running["a"].fault("GET /api/core", "error", times=-1, status=403)
    await world.look(minutes=8)
    assert await world.move() == 0


async def test_where_all_panels_are_silent_it_is_we_who_hear_nothing(world: UpkeepWorld) -> None:
    await world.stand(3)
    for served in world.running.values():
        served.panel.up = False
    await world.look(minutes=8)
    # The network is back, and one panel was seen again before the other: nobody has to leave one that lives.
    for served in world.running.values():
        served.panel.up = True
    assert (await world.move(), await world.homes()) == (0, {"a": 3})


@pytest.mark.parametrize(
    "change", ["base_url = 'http://user:pw@nowhere/'", "ca_pem = 'no certificate'"], ids=["address", "authority"]
)
async def test_a_panel_that_we_refuse_to_call_is_not_dead(world: UpkeepWorld, change: str) -> None:
    await world.stand(2)
    await world.look()
    await world.rows(f"UPDATE marzban_instances SET {change} WHERE id = 'a'")  # noqa: S608 - constant
    await world.look(minutes=8)
    assert (await world.move(), await world.homes()) == (0, {"a": 2})


async def test_a_panel_whose_answers_are_not_understood_is_not_dead(world: UpkeepWorld) -> None:
    await world.stand(2)
    await world.look()
    await world.running["a"].fault("GET /api/core", "garbage", times=-1)
    await world.look(minutes=8)
    assert (await world.move(), await world.homes()) == (0, {"a": 2})


async def test_a_panel_that_comes_back_loses_what_it_kept_and_gets_nothing_back(world: UpkeepWorld) -> None:
    await world.stand(6)
    await world.die("a")
    await world.move()
    world.clock.advance(120)
    calls = len(world.running["a"].calls)
    assert await world.leftovers.run_once() == 0
    assert len(world.running["a"].calls) == calls
    world.running["a"].panel.up = True
    await world.look()
    await world.tidy()
    assert (await world.differences(), await world.homes(), world.users("a")) == (set(), {"b": 6}, {})


async def test_a_panel_that_comes_back_in_the_midst_keeps_the_rest(world: UpkeepWorld) -> None:
    await world.stand(12)
    await world.die("a")
    assert await world.mover.run_once() == 4
    world.running["a"].panel.up = True
    await world.look()
    await world.move()
    assert await world.homes() == {"a": 8, "b": 4}
    world.clock.advance(120)
    await world.tidy()
    assert await world.differences() == set()


async def test_two_replicas_move_each_config_once(world: UpkeepWorld, database: Database, cache: Cache) -> None:
    await world.stand(24)
    await world.switch_off("a")
    while sum(await asyncio.gather(world.mover.run_once(), world.mover.run_once(), world.mover.run_once())):
        pass
    assert (await world.homes(), world.running["b"].count("POST /api/user")) == ({"b": 24}, 24)
    assert len(await world.rows(NOTICES)) == 24


async def test_a_move_in_doubt_is_tried_again_soon(world: UpkeepWorld) -> None:
    await world.stand(1)
    await world.switch_off("a")
    await world.running["b"].fault("POST /api/user", "drop_after")
    await world.running["b"].fault("GET /api/user/", "error", times=3)
    await world.mover.run_once()
    world.clock.advance(3)
    await world.mover.run_once()
    assert (await world.homes(), world.running["b"].count("POST /api/user")) == ({"b": 1}, 2)


@pytest.mark.parametrize("action", ["drop_after", "drop_before", "error", "garbage"])
async def test_a_creation_in_doubt_ends_in_one_user(world: UpkeepWorld, action: str) -> None:
    await world.stand(1)
    await world.switch_off("a")
    await world.running["b"].fault("POST /api/user", action)
    await world.move()
    await world.tidy()
    assert (await world.differences(), await world.homes()) == (set(), {"b": 1})


async def test_a_target_that_dies_in_the_midst_is_passed_over_and_cleared_later(
    database: Database, cache: Cache
) -> None:
    async with upkeep_world(database, cache, "a", "b", "c") as world:
        await world.stand(10)
        await world.switch_off("a")
        assert await world.mover.run_once() == 4
        # It makes the next users and loses its answers, then it is gone.
        await world.running["b"].fault("POST /api/user", "drop_after", times=-1)
        await world.running["b"].fault("GET /api/user/", "error", times=-1)
        await world.mover.run_once()
        world.running["b"].panel.up = False
        await world.tidy_without("b")
        homes = await world.homes()
        assert sum(homes.values()) == 10
        assert "a" not in homes
        await world.running["b"].forgive()
        world.running["b"].panel.up = True
        await world.look()
        await world.tidy()
        assert await world.differences() == set()


async def test_a_config_that_is_deleted_on_the_way_is_gone_everywhere(world: UpkeepWorld) -> None:
    await world.stand(2)
    await world.switch_off("a")
    await world.running["b"].fault("POST /api/user", "drop_after", times=2)
    await world.running["b"].fault("GET /api/user/", "error", times=6)
    await world.mover.run_once()
    assert len(world.users("b")) == 2
    ((config_id,),) = await world.rows("SELECT id FROM configs WHERE user_id = 1001")
    await world.configs.request_deletion(1001, config_id, world.clock.now())
    await world.tidy()
    assert (await world.differences(), len(world.users("b")), world.users("a")) == (set(), 1, {})


async def test_a_config_deleted_after_its_move_leaves_nothing_behind_for_long(world: UpkeepWorld) -> None:
    await world.stand(1)
    await world.switch_off("a")
    await world.move()
    await world.rows("UPDATE config_leftovers SET next_attempt_at = next_attempt_at + interval '1 day'")
    ((config_id,),) = await world.rows("SELECT id FROM configs")
    await world.configs.request_deletion(1001, config_id, world.clock.now())
    await world.provisioner.run_once()
    world.clock.advance(61)  # a call to the old panel may still be under way for so long
    await world.leftovers.run_once()
    assert (world.users("a"), world.users("b")) == ({}, {})


async def test_a_renewal_on_the_way_reaches_the_new_panel(world: UpkeepWorld) -> None:
    await world.stand(1)
    await world.die("a")
    end = world.clock.now().replace(microsecond=0) + timedelta(days=60)
    await world.running["b"].fault("POST /api/user", "drop_after")
    await world.running["b"].fault("GET /api/user/", "error", times=3)
    await world.mover.run_once()
    await world.rows("UPDATE users SET subscription_end = :end", end=end)
    # The old panel is dead: what is tried there now must not count as done once the config stands on the new one.
    await world.provisioner.run_once()
    await world.tidy_without("a")
    assert world.users("b")["o1001_0a1b2c3d"].expire == int(end.timestamp())


async def test_what_a_worker_makes_on_the_old_panel_does_not_count_after_the_move(world: UpkeepWorld) -> None:
    await world.stand(1)
    await world.rows("UPDATE configs SET is_due = true, next_attempt_at = '2020-01-01'")
    provisioning = world.provisioner._store  # the queue that the worker of another replica has at hand
    (job,) = await provisioning.claim_due(world.clock.now(), 30, 1)
    await world.switch_off("a")
    await world.move()
    await provisioning.created(job, "http://old/sub/1", "vless://old", world.clock.now())
    await provisioning.synced(job)
    ((link, is_due),) = await world.rows("SELECT link, is_due FROM configs")
    assert (link.startswith("vless://old"), is_due) == (False, True)


async def test_a_foreign_user_of_that_name_is_neither_taken_nor_removed(world: UpkeepWorld) -> None:
    await world.stand(1)
    world.users("b")["o1001_0a1b2c3d"] = world.users("a")["o1001_0a1b2c3d"].__class__(
        **{**vars(world.users("a")["o1001_0a1b2c3d"]), "note": "a friend's"}
    )
    await world.switch_off("a")
    await world.move()
    world.clock.advance(120)
    await world.leftovers.run_once()
    assert (await world.homes(), world.users("b")["o1001_0a1b2c3d"].note) == ({"a": 1}, "a friend's")


async def test_with_nowhere_to_go_configs_stay_and_move_once_there_is_a_panel(world: UpkeepWorld) -> None:
    await world.stand(3)
    world.running["b"].panel.up = False
    await world.switch_off("a")
    await world.move()
    assert (await world.homes(), len(world.users("a"))) == ({"a": 3}, 3)
    world.running["b"].panel.up = True
    await world.tidy()
    assert (await world.differences(), await world.homes()) == (set(), {"b": 3})
