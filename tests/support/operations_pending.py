"""Plans that are paid for in the same go, one operation a function. Beside operations.py, which tells how."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.core.actions import PayFor, new_intent
from sandbox.telegram import checkout
from tests.support.crash_ground import Scene
from tests.support.scenes import cancels, clicked, clicks, invoice, operation

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.support.crash_ground import Ground


@operation
async def open_an_invoice_for_a_plan(ground: Ground, person: Person) -> Scene:
    """A click asks for an invoice that is to buy a plan."""
    return await clicked(ground, person, _plan(ground, "ton"))


@operation
async def plan_paid_in_coins(ground: Ground, person: Person) -> Scene:
    """It is paid, and the plan is bought by itself."""
    await clicks(ground, person, _plan(ground, "ton").pack(), delivered=True)
    await ground.floor.pays_last_invoice()
    return Scene(person)


@operation
async def gift_paid_in_stars(ground: Ground, person: Person) -> Scene:
    """The same for somebody else, in Stars."""
    await clicks(ground, person, _plan(ground, "stars", is_gift=True).pack(), delivered=True)
    asked = checkout.invoice_of(ground.world.telegram, person, None, (await invoice(ground)).pay_url)
    paying = asyncio.create_task(checkout.pay(ground.world.telegram, person, asked))  # noqa: TID251 - awaited below
    await asyncio.sleep(0)
    await ground.floor.deliver()
    assert (await paying).charge is not None
    return Scene(person)


@operation
async def cancel_an_invoice_for_a_plan(ground: Ground, person: Person) -> Scene:
    """The purchase goes with it."""
    await clicks(ground, person, _plan(ground, "ton").pack(), delivered=True)
    return await cancels(ground, person)


def _plan(ground: Ground, method: str, *, is_gift: bool = False) -> PayFor:
    plan = ground.floor.app.settings.catalogue().get("sub_1m")
    return PayFor(key=plan.key, version=plan.version, intent=new_intent(), is_gift=is_gift, method=method)
