"""What happens to configs between panels, one operation a function. Beside operations.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app.core.actions import NewConfig, new_intent
from tests.support.crash_ground import Scene
from tests.support.scenes import clicks, operation
from tests.support.shift import Chores

if TYPE_CHECKING:
    from sandbox.marzban.model import User
    from sandbox.telegram.people import Person
    from tests.support.crash_ground import Ground

# Everybody else's, so that what is looked at is what happens to one.
OTHERS_GO = text("UPDATE configs SET status = 'deleted', is_due = false WHERE status = 'active' AND user_id <> :id")
ITS_TURN = text("UPDATE panel_sweeps SET next_at = '2000-01-01'")
NOT_YET = text(
    "INSERT INTO panel_sweeps (instance_id, next_at) SELECT id, '2100-01-01' FROM marzban_instances"
    " ON CONFLICT (instance_id) DO UPDATE SET next_at = excluded.next_at"
)
UPKEEP = Chores(upkeep=True)


@operation
async def drain_of_a_panel(ground: Ground, person: Person) -> Scene:
    """The panel of a config is switched off, and the config moves."""
    await _stands(ground, person)
    await _drained(ground)
    return Scene(person, chores=UPKEEP)


@operation
async def drain_to_a_panel_in_trouble(ground: Ground, person: Person) -> Scene:
    """The answer of the new panel is lost, and the look after it."""
    await _stands(ground, person)
    await _drained(ground)
    _, new = ground.world.panel_urls.values()
    await ground.spoils(new, "POST /api/user", "drop_after")
    await ground.spoils(new, "GET /api/user/", times=3)
    return Scene(person, chores=UPKEEP)


@operation
async def drain_that_is_called_off(ground: Ground, person: Person) -> Scene:
    """The new panel has the user already when the old one is taken back into service."""
    scene = await drain_to_a_panel_in_trouble(ground, person)
    await ground.floor.app.upkeep.run_once()
    await ground.only_first_panel()
    ground.world.clock.advance(10)
    return scene


@operation
async def goodbye_of_what_was_left_behind(ground: Ground, person: Person) -> Scene:
    """A config moved more than a minute ago."""
    scene = await drain_of_a_panel(ground, person)
    await ground.floor.app.upkeep.run_once()
    ground.world.clock.advance(61)
    return scene


@operation
async def goodbye_of_what_was_left_on_a_panel_in_trouble(ground: Ground, person: Person) -> Scene:
    """The old panel does not remove the user at the first try."""
    scene = await goodbye_of_what_was_left_behind(ground, person)
    old, _ = ground.world.panel_urls.values()
    await ground.spoils(old, "DELETE")
    return scene


@operation
async def sweep_that_misses_a_user(ground: Ground, person: Person) -> Scene:
    """Somebody deleted the user on the panel."""
    (await _stands(ground, person)).clear()
    await ground.database.run(ITS_TURN)
    return Scene(person, chores=UPKEEP)


@operation
async def sweep_that_finds_another_limit(ground: Ground, person: Person) -> Scene:
    """Somebody gave the user less traffic on the panel."""
    (user,) = (await _stands(ground, person)).values()
    user.data_limit = 10**9
    await ground.database.run(ITS_TURN)
    return Scene(person, chores=UPKEEP)


async def _stands(ground: Ground, person: Person) -> dict[str, User]:
    """The person's is the only config, on the first panel; the users of that panel."""
    await ground.database.run(OTHERS_GO, {"id": person.id})
    for panel in ground.world.panels.values():
        panel.users.clear()
    await ground.database.run(NOT_YET)
    await clicks(ground, person, NewConfig(intent=new_intent()).pack(), delivered=True)
    await ground.floor.work()
    ground.world.clock.advance(61)  # whoever looks at panels once a minute does it again
    first, _ = ground.world.panels.values()
    return first.users


async def _drained(ground: Ground) -> None:
    panels = ground.floor.app.panels
    await panels.switch("s002", active=True)
    await panels.switch("s001", active=False, keeps=False)
