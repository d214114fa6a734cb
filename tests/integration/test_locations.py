"""Customers choose a country, get its best panel, keep it through moves where that can be, and hear it where not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import ConfigOnTheMove, LocationGone, NotFound
from app.panels.choice import TURN_KEY
from app.repo.locations import LocationRepository
from app.services.locations import Locations
from tests.support.upkeep_world import UpkeepWorld, upkeep_world

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

HOME = "SELECT instance_id, country, status FROM configs WHERE user_id = :id"
NOTICES = "SELECT recipient, kind FROM notices WHERE kind NOT IN ('config_ready', 'config_delayed') ORDER BY id"


class Globe:
    """Panels a and d in Germany, b in the Netherlands, c without a label; the first is the best by its priority."""

    def __init__(self, world: UpkeepWorld) -> None:
        self.world = world
        self.choice = world.choice
        self.woken: list[str] = []
        self.locations = Locations(self.choice, LocationRepository(world.database), world.clock, self.woken.append)

    async def looked(self) -> None:
        """Every replica's job has run a moment ago."""
        self.world.clock.advance(3)
        await self.world.cache.delete(TURN_KEY)
        await self.choice.keep_fresh()

    async def made(self, person: int, country: str | None = None) -> str:
        """Where a new config of somebody new comes to stand."""
        world = self.world
        await world.rows(
            "INSERT INTO users (tg_id, subscription_end, max_configs, created_at)"
            " VALUES (:id, now() + interval '99 days', 5, now()) RETURNING 1",
            id=person,
        )
        await world.configs.request(person, "wish", None, world.clock.now(), country=country)
        await world.provisioner.run_once()
        return await self.home(person)

    async def home(self, person: int) -> str:
        ((instance_id, _, status),) = await self.world.rows(HOME, id=person)
        assert status == "active"
        return str(instance_id)

    async def config_of(self, person: int) -> int:
        ((config_id,),) = await self.world.rows("SELECT id FROM configs WHERE user_id = :id", id=person)
        return int(config_id)

    async def told(self) -> list[tuple[int, str]]:
        return [(int(who), str(kind)) for who, kind in await self.world.rows(NOTICES)]


@pytest.fixture
async def globe(database: Database, cache: Cache) -> AsyncIterator[Globe]:
    async with upkeep_world(database, cache, "a", "b", "c", "d") as world:
        for name, country in (("a", "DE"), ("b", "NL"), ("d", "DE")):
            assert await world.panels.place(name, country)
        globe = Globe(world)
        await globe.looked()
        yield globe


async def test_a_config_comes_to_the_best_panel_of_its_country_and_to_the_best_of_all_without_one(globe: Globe) -> None:
    assert globe.locations.offered() == {"DE", "NL"}
    assert [await globe.made(1), await globe.made(2, "NL"), await globe.made(3, "DE")] == ["a", "b", "a"]
    shown = await globe.world.configs.get(2, await globe.config_of(2))
    assert (shown.country, shown.wished_country, shown.is_moving) == ("NL", "NL", False)


async def test_a_country_whose_panels_are_down_or_full_is_not_offered_and_one_alone_is_no_choice(globe: Globe) -> None:
    globe.world.running["b"].panel.up = False
    await globe.looked()
    assert globe.locations.offered() == frozenset()
    with pytest.raises(LocationGone):
        globe.locations.checked("NL")
    globe.world.running["b"].panel.up = True
    await globe.looked()
    assert globe.locations.offered() == {"DE", "NL"}


async def test_a_wish_for_a_country_that_is_down_by_then_falls_back_to_the_best_and_is_shown_as_it_is(
    globe: Globe,
) -> None:
    globe.world.running["b"].panel.up = False
    await globe.looked()
    assert await globe.made(1, "NL") == "a"
    shown = await globe.world.configs.get(1, await globe.config_of(1))
    assert (shown.country, shown.wished_country) == ("DE", "NL")


async def test_what_has_to_leave_its_panel_goes_within_its_country_first(globe: Globe) -> None:
    assert [await globe.made(1, "DE"), await globe.made(2)] == ["a", "a"]
    await globe.world.switch_off("a")
    await globe.looked()
    await globe.world.move()
    assert (await globe.home(1), await globe.home(2)) == ("d", "b")
    await globe.world.tidy()
    await globe.world.switch_off("d")
    await globe.looked()
    await globe.world.move()
    assert await globe.home(1) == "b"  # there is no other in Germany by now


async def test_a_customer_moves_a_config_to_another_country_and_is_told(globe: Globe) -> None:
    await globe.made(1)
    config_id = await globe.config_of(1)
    assert await globe.locations.change(1, config_id, "NL")
    assert globe.woken == ["config-moves"]
    assert (await globe.world.configs.get(1, config_id)).is_moving
    await globe.world.move()
    assert (await globe.home(1), await globe.told()) == ("b", [(1, "config_located")])
    globe.world.clock.advance(61)
    await globe.world.tidy()
    assert (await globe.world.differences(), len(globe.world.users("a"))) == (set(), 0)


async def test_a_config_that_stands_there_already_stays_and_nobody_is_told_anything(globe: Globe) -> None:
    await globe.made(1)
    assert not await globe.locations.change(1, await globe.config_of(1), "DE")
    assert (await globe.world.move(), await globe.told()) == (0, [])


async def test_who_wants_the_best_and_has_it_stays(globe: Globe) -> None:
    await globe.made(1, "NL")
    config_id = await globe.config_of(1)
    assert await globe.locations.change(1, config_id, None)
    await globe.world.move()
    assert await globe.home(1) == "a"
    await globe.world.tidy()
    assert await globe.locations.change(1, config_id, None)
    await globe.world.move()
    assert (await globe.home(1), await globe.told()) == ("a", [(1, "config_located"), (1, "config_stayed")])


async def test_a_country_that_goes_down_after_the_wish_leaves_the_config_where_it_is(globe: Globe) -> None:
    await globe.made(1)
    config_id = await globe.config_of(1)
    assert await globe.locations.change(1, config_id, "NL")
    globe.world.running["b"].panel.up = False
    await globe.looked()
    await globe.world.move()
    assert (await globe.home(1), await globe.told()) == ("a", [(1, "config_stayed")])
    assert not (await globe.world.configs.get(1, config_id)).is_moving


async def test_a_move_under_way_is_not_turned_round_and_nobody_moves_anothers_config(globe: Globe) -> None:
    await globe.made(1)
    config_id = await globe.config_of(1)
    await globe.locations.change(1, config_id, "NL")
    await globe.world.rows("UPDATE config_moves SET target = 'b' RETURNING 1")
    with pytest.raises(ConfigOnTheMove):
        await globe.locations.change(1, config_id, "DE")
    for stranger, wanted in ((2, config_id), (1, config_id + 1)):
        with pytest.raises(NotFound):
            await globe.locations.change(stranger, wanted, None)


async def test_a_customer_who_changes_their_mind_before_it_began_goes_where_they_wish_last(globe: Globe) -> None:
    await globe.made(1, "NL")
    config_id = await globe.config_of(1)
    await globe.locations.change(1, config_id, None)
    await globe.locations.change(1, config_id, "DE")
    await globe.world.move()
    assert await globe.home(1) == "a"
