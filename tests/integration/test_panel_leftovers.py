"""A panel on which a config's older user waits for its removal: it is avoided, and cleared where it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from app.panels.choice import CACHE_KEY
from tests.support.panels import fill
from tests.support.upkeep_world import UpkeepWorld, upkeep_world

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache


@pytest.fixture
async def world(database: Database, cache: Cache) -> AsyncIterator[UpkeepWorld]:
    async with upkeep_world(database, cache, "a", "b") as opened:
        yield opened


async def moved_to_b(world: UpkeepWorld, many: int) -> None:
    """Configs moved from a to b, a is back and the better of the two, and its old users are to stay for a day."""
    await world.stand(many)
    await world.switch_off("a")
    await world.move()
    await world.rows("UPDATE config_leftovers SET next_attempt_at = next_attempt_at + interval '1 day'")
    await world.rows("UPDATE marzban_instances SET is_active = true")
    fill(world.running["b"], 60)
    await world.cache.delete(CACHE_KEY)
    world.clock.advance(121)


async def lose_home(world: UpkeepWorld) -> None:
    await world.rows("UPDATE configs SET instance_id = NULL, is_due = true, next_attempt_at = '2020-01-01'")


async def test_a_panel_that_came_back_takes_its_configs_again_when_the_other_one_has_to_be_left(
    world: UpkeepWorld,
) -> None:
    await moved_to_b(world, 5)
    await world.switch_off("b")
    await world.move()
    assert await world.homes() == {"b": 5}
    await world.leftovers.run_once()
    await world.leftovers.run_once()
    world.clock.advance(10)
    await world.move()
    assert (await world.homes(), len(world.users("a"))) == ({"a": 5}, 5)


async def test_a_config_without_a_home_passes_over_a_panel_with_its_older_user(world: UpkeepWorld) -> None:
    await moved_to_b(world, 1)
    await lose_home(world)
    await world.provisioner.run_once()
    assert await world.homes() == {"b": 1}


async def test_with_no_other_panel_the_older_user_goes_at_once_and_the_config_gets_a_new_one(
    world: UpkeepWorld,
) -> None:
    await moved_to_b(world, 1)
    await lose_home(world)
    await world.switch_off("b")
    await world.provisioner.run_once()
    ((error,),) = await world.rows("SELECT last_error FROM configs")
    assert error == "an older user has to go from a first"
    assert await world.leftovers.run_once() == 1
    world.clock.advance(20)
    await world.provisioner.run_once()
    assert (await world.homes(), len(world.users("a"))) == ({"a": 1}, 1)


async def test_a_removal_under_way_is_not_begun_a_second_time(world: UpkeepWorld) -> None:
    await moved_to_b(world, 1)
    await world.rows("UPDATE config_leftovers SET next_attempt_at = since")
    assert len(await world.moves.claim_leftovers(world.clock.now(), 30, 4)) == 1
    await world.switch_off("b")
    await world.move()
    assert await world.moves.claim_leftovers(world.clock.now(), 30, 4) == []
