"""Buttons forged with another person's ids: every button that there is, nothing shown, nothing changed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.core.actions import Menu
from app.core.handlers import make_switchboard
from tests.support.rows import rows_of
from tests.support.shop_floor import labels, newest, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiogram.filters.callback_data import CallbackData

    from sandbox.telegram.people import Person
    from tests.support.shop_floor import ShopFloor

VICTIM, THIEF = 501, 666
NOBODYS = 10**12
ACTIONS = make_switchboard().prefixes
BELONGINGS = text(
    "SELECT c.id, c.intent, c.marzban_username, c.link, c.subscription_url, p.id AS payment, p.comment"
    " FROM configs c JOIN payments p USING (user_id) WHERE user_id = 501"
)


def forged(action: type[CallbackData], number: int, word: str) -> Iterator[str]:
    """Every button of this kind that could name the number or the word."""
    choices: dict[object, tuple[object, ...]] = {int: (number,), str: (word,), bool: (True, False)}
    fields = action.model_fields
    for values in product(*(choices[field.annotation] for field in fields.values())):
        yield action(**dict(zip(fields, values, strict=True))).pack()


async def answer_to(floor: ShopFloor, thief: Person, data: str) -> tuple[object, ...]:
    """All that the thief gets for a button, on a fresh menu."""
    await floor.says(thief, "/menu")
    answer = await floor.click(thief, data)
    return answer.text, answer.alert, shown(thief), labels(thief)


@pytest.fixture
async def victim(floor: ShopFloor) -> Person:
    """Somebody with a config that works and an invoice that is open."""
    victim = await floor.customer(VICTIM, "Victoria")
    await floor.click(victim, "new:a-wish")
    await floor.work()
    await floor.says(victim, "/menu")
    await floor.click(victim, "pay:ton:15000")
    return victim


@pytest.mark.parametrize("prefix", ACTIONS)
async def test_another_persons_ids_get_the_answer_of_ids_that_are_nobodys(
    floor: ShopFloor, victim: Person, prefix: str
) -> None:
    thief = await floor.customer(THIEF, "Theo")
    (hers,) = await floor.database.run(BELONGINGS)
    before, chat = await rows_of(floor.database, VICTIM), [message.content for message in victim.messages.values()]
    for number in (hers.id, hers.payment):
        for real, made_up in zip(
            forged(ACTIONS[prefix], number, hers.intent), forged(ACTIONS[prefix], NOBODYS, "made-up"), strict=True
        ):
            got = await answer_to(floor, thief, real)
            await floor.rested()
            if "id" in ACTIONS[prefix].model_fields:
                assert got == await answer_to(floor, thief, made_up)
            await floor.rested()
    await floor.work()
    assert await rows_of(floor.database, VICTIM) == before
    assert [message.content for message in victim.messages.values()] == chat
    told = "\n".join(message.content.text.text for message in thief.messages.values())
    for secret in ("Victoria", hers.marzban_username, hers.link, hers.subscription_url, hers.comment.upper()):
        assert secret not in told


async def test_their_owner_gets_what_the_ids_stand_for(floor: ShopFloor, victim: Person) -> None:
    """Without this the sweep above would pass on a bot that shows nothing to anybody."""
    (hers,) = await floor.database.run(BELONGINGS)
    await floor.says(victim, "/menu")
    await floor.click(victim, f"cfg:{hers.id}")
    assert hers.subscription_url in newest(victim).content.text.text
    await floor.click(victim, f"key:{hers.id}")
    assert hers.link in shown(victim)
    await floor.click(victim, Menu(page="home").pack())
    await floor.click(victim, f"cxl:{hers.payment}")
    (payment,) = await floor.database.run(text("SELECT status, reason FROM payments"))
    assert tuple(payment) == ("failed", "cancelled")
