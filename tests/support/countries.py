"""Makes the one panel of a shop floor two in two countries. Which of them makes a user is of no matter to a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.panels.choice import TURN_KEY
from app.services.records import PanelAccess

if TYPE_CHECKING:
    from tests.support.shop_floor import ShopFloor


async def two_countries(floor: ShopFloor) -> None:
    """The panel stands in two rows, under two names of its host, and the bot has looked at both."""
    (door,) = floor.world.doors()
    other = door.url.replace("127.0.0.1", "localhost")
    await floor.app.panels.add(PanelAccess("s002", "s002", other, door.username, door.password, 90, frozenset()), "NL")
    await floor.app.panels.place(door.id, "DE")
    await floor.app.stores.cache.delete(TURN_KEY)
    floor.world.clock.advance(3)  # a measurement of a moment ago would do for this one
    await floor.app.fleet.choice.keep_fresh()
