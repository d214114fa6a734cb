"""What happens by itself around the end of a subscription, and its switches, one operation a function.

Beside operations.py, which tells how.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.core.actions import AgreeRenewal, SetReminders, StopRenewal
from tests.support.crash_ground import Scene
from tests.support.scenes import clicked, clicks, operation
from tests.support.shift import Chores

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.support.crash_ground import Ground

ENDS = text("UPDATE users SET subscription_end = CAST(:end AS timestamptz) WHERE tg_id = CAST(:id AS bigint)")
ABOVE_A_DAY = timedelta(hours=24, seconds=30)
UNDER_A_DAY = timedelta(hours=20)
A_MINUTE = 60
AN_HOUR = 3600
BY_ITSELF = Chores(reminders=True)


@operation
async def renewal_is_switched_on(ground: Ground, person: Person) -> Scene:
    """From now on it renews itself."""
    return await clicked(ground, person, _agree(ground))


@operation
async def renewal_is_switched_off(ground: Ground, person: Person) -> Scene:
    """It does no more."""
    await clicks(ground, person, _agree(ground).pack(), delivered=True)
    return await clicked(ground, person, StopRenewal(back="settings"))


@operation
async def reminders_are_switched_off(ground: Ground, person: Person) -> Scene:
    """Nobody reminds this person any more."""
    return await clicked(ground, person, SetReminders(wanted=False))


@operation
async def renewal_by_itself(ground: Ground, person: Person) -> Scene:
    """A subscription ends within a day, and there is money for it."""
    await ground.floor.tops_up(person, 400)
    return await _renews(ground, person)


@operation
async def renewal_that_lacks_money(ground: Ground, person: Person) -> Scene:
    """The same, and there is none."""
    return await _renews(ground, person)


@operation
async def reminder(ground: Ground, person: Person) -> Scene:
    """A trial has come to its last day."""
    await _comes_to_its_last_day(ground, person)
    return Scene(person, chores=BY_ITSELF)


@operation
async def reminder_whose_answer_is_lost(ground: Ground, person: Person) -> Scene:
    """The message arrives, and the bot does not hear of it."""
    await _comes_to_its_last_day(ground, person)
    await ground.spoils(ground.world.telegram_url, "sendMessage", "drop_after")
    return Scene(person, chores=BY_ITSELF)


@operation
async def reminder_that_telegram_puts_off(ground: Ground, person: Person) -> Scene:
    """Telegram is too busy to take it."""
    await _comes_to_its_last_day(ground, person)
    await ground.spoils(ground.world.telegram_url, "sendMessage", "rate_limit", seconds=AN_HOUR)
    return Scene(person, chores=BY_ITSELF)


def _agree(ground: Ground) -> AgreeRenewal:
    plan = ground.floor.app.settings.catalogue().get("sub_1m")
    return AgreeRenewal(key=plan.key, version=plan.version, back="settings")


async def _renews(ground: Ground, person: Person) -> Scene:
    await _ends(ground, person, UNDER_A_DAY)
    await clicks(ground, person, _agree(ground).pack(), delivered=True)
    return Scene(person, chores=BY_ITSELF)


async def _comes_to_its_last_day(ground: Ground, person: Person) -> None:
    """Time passes over the moment a day before the end."""
    await ground.floor.app.counter.reminders.write_due()
    await _ends(ground, person, ABOVE_A_DAY)
    ground.world.clock.advance(A_MINUTE)


async def _ends(ground: Ground, person: Person, left: timedelta) -> None:
    await ground.database.run(ENDS, {"id": person.id, "end": ground.world.clock.now() + left})
