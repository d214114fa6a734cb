"""What was paid and not delivered, and what the past has left, one operation a function. Beside operations.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app.core.actions import BuyPlan, NewConfig, new_intent
from tests.support.books import Books
from tests.support.crash_ground import Scene
from tests.support.legacy import past_of
from tests.support.scenes import clicks, operation
from tests.support.shift import Chores

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.support.crash_ground import Ground

TRIAL_IS_OVER = text(
    "UPDATE users SET subscription_end = CAST(:now AS timestamptz) WHERE tg_id = CAST(:id AS bigint)"
)
TOO_LONG = 25 * 3600
FOR_EVER = -1


@operation
async def purchase_that_is_never_delivered(ground: Ground, person: Person) -> Scene:
    """A plan is bought, no panel makes the config, and the price goes back."""
    await ground.database.run(TRIAL_IS_OVER, {"id": person.id, "now": ground.world.clock.now()})
    await ground.floor.tops_up(person, 400)
    plan = ground.floor.app.settings.catalogue().get("sub_1m")
    buys = BuyPlan(key=plan.key, version=plan.version, intent=new_intent())
    await clicks(ground, person, buys.pack(), delivered=True)
    await clicks(ground, person, NewConfig(intent=new_intent()).pack(), delivered=True)
    for url in ground.world.panel_urls.values():
        await ground.spoils(url, "POST /api/user", times=FOR_EVER)
    ground.world.clock.advance(TOO_LONG)
    await ground.floor.start(ground.operator)
    return Scene(person, chores=Chores(deliveries=True, office=True))


@operation
async def config_of_the_past_moves(ground: Ground, person: Person) -> Scene:
    """The operator moves what is on a legacy server to a panel."""
    await past_of(Books(ground.database, ground.floor.app.stores.cache), person.id)
    return Scene(person, chores=Chores(deliveries=True))
