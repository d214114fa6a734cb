"""The scenes that operations begin with: who counts them, and what people do on the way to one. Runs no bot."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app.core.actions import CancelInvoice
from sandbox.telegram import acts, checkout
from tests.support.crash_ground import Scene
from tests.support.shop_floor import newest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiogram.filters.callback_data import CallbackData

    from sandbox.telegram.people import Person
    from sandbox.telegram.stars import StarsInvoice, Transfer
    from tests.support.crash_ground import Ground

    Begin = Callable[[Ground, Person], Awaitable[Scene]]

OPERATIONS: dict[str, Callable[[Ground], Awaitable[Scene]]] = {}

LAST_INVOICE = text("SELECT id, external_id, pay_url, nano, comment FROM payments ORDER BY id DESC LIMIT 1")


def operation(begin: Begin) -> Begin:
    """Count it among the operations; it begins with a customer who has a trial."""

    async def scene(ground: Ground) -> Scene:
        return await begin(ground, await ground.floor.customer(ground.next_id()))

    OPERATIONS[begin.__name__] = scene
    return begin


async def clicked(ground: Ground, person: Person, action: CallbackData) -> Scene:
    """A click waits for the bot; to repeat it would change nothing."""
    await clicks(ground, person, action.pack())
    return Scene(person, again=action.pack())


async def clicks(ground: Ground, person: Person, data: str, *, delivered: bool = False) -> None:
    """A button is pressed."""
    acts.click(ground.world.telegram, person, newest(person).id, data)
    if delivered:
        await ground.floor.deliver()


async def opens(ground: Ground, person: Person, method: str) -> None:
    """An invoice stands in the chat."""
    await clicks(ground, person, f"pay:{method}:40000", delivered=True)


async def cancels(ground: Ground, person: Person) -> Scene:
    """The newest invoice is about to be cancelled."""
    return await clicked(ground, person, CancelInvoice(id=(await invoice(ground)).id))


async def invoice(ground: Ground) -> Any:
    """The newest one, as the books have it."""
    (row,) = await ground.database.run(LAST_INVOICE)
    return row


async def stars_invoice(ground: Ground, person: Person) -> StarsInvoice:
    """What Telegram would show of an invoice in Stars."""
    await opens(ground, person, "stars")
    return checkout.invoice_of(ground.world.telegram, person, None, (await invoice(ground)).pay_url)


async def pays_stars(ground: Ground, person: Person) -> Transfer:
    """The customer has paid; the word of it waits for the bot."""
    asked = await stars_invoice(ground, person)
    paying = asyncio.create_task(checkout.pay(ground.world.telegram, person, asked))  # noqa: TID251 - awaited below
    await asyncio.sleep(0)
    await ground.floor.deliver()
    charge = (await paying).charge
    assert charge is not None
    return charge
