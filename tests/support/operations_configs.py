"""What customers do to their configs but making and deleting them, one operation a function. Beside operations.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app.core.actions import Connect, MoveConfig, NewConfig, RenameConfig, ShowGuide, new_intent
from sandbox.telegram import acts
from tests.support.crash_ground import Scene
from tests.support.operations_panels import NOT_YET, UPKEEP
from tests.support.scenes import clicks, operation

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.support.crash_ground import Ground

CONFIG = text("SELECT id FROM configs WHERE user_id = CAST(:id AS bigint)")


@operation
async def new_name_of_a_config(ground: Ground, person: Person) -> Scene:
    """The customer was asked for the name, and types it."""
    config_id = await _has_a_config(ground, person)
    await clicks(ground, person, RenameConfig(id=config_id).pack(), delivered=True)
    acts.write(ground.world.telegram, person, "Mum")
    return Scene(person)


@operation
async def guide_that_waits_for_its_config(ground: Ground, person: Person) -> Scene:
    """The device is chosen before the panel has the user."""
    await clicks(ground, person, Connect(intent=new_intent()).pack(), delivered=True)
    config_id = await _config_of(ground, person)
    await clicks(ground, person, ShowGuide(id=config_id, system="ios").pack())
    return Scene(person)


@operation
async def move_to_a_better_panel(ground: Ground, person: Person) -> Scene:
    """The customer wants the best panel, which is another."""
    config_id = await _has_a_config(ground, person)
    await ground.database.run(NOT_YET)
    await ground.floor.app.panels.switch("s002", active=True)
    await ground.floor.app.panels.tune("s002", 1000, None)
    await clicks(ground, person, MoveConfig(id=config_id, country="").pack())
    return Scene(person, chores=UPKEEP)


async def _has_a_config(ground: Ground, person: Person) -> int:
    await clicks(ground, person, NewConfig(intent=new_intent()).pack(), delivered=True)
    await ground.floor.work()
    return await _config_of(ground, person)


async def _config_of(ground: Ground, person: Person) -> int:
    (row,) = await ground.database.run(CONFIG, {"id": person.id})
    return int(row.id)
