"""The switches as a customer finds and presses them, by a bot put together as in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.core.actions import AgreeRenewal, SetReminders, ShowRenewal
from tests.support.shop_floor import NINA, ShopFloor, labels, shop_floor, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from sandbox.telegram.people import Person


@pytest.fixture
async def floor(tmp_path: Path, database: Database, database_url: URL, redis: Redis) -> AsyncIterator[ShopFloor]:
    async with shop_floor(tmp_path, database_url, redis) as floor:
        yield floor


@pytest.fixture
async def nina(floor: ShopFloor) -> Person:
    person = await floor.customer(NINA)
    await floor.says(person, "/menu")
    return person


async def presses(floor: ShopFloor, person: Person, *path: str) -> str:
    """What is shown behind a way of buttons."""
    for label in path:
        await floor.press(person, label)
        await floor.rested()
    return shown(person)


async def test_it_is_switched_on_changed_and_off_and_back_leads_where_one_came_from(
    floor: ShopFloor, nina: Person
) -> None:
    off = await presses(floor, nina, "My VPN", "Auto-renewal")
    assert "Auto-renewal is off" in off
    on = await presses(floor, nina, "1 month")
    assert "Auto-renewal is on" in on
    assert "129\u00a0₽" in on
    assert labels(nina)[0] == "Top up 129\u00a0₽"
    await presses(floor, nina, "Change plan")
    assert "✓ 1 month · 129\u00a0₽" in labels(nina)
    assert "12 months for 929" in await presses(floor, nina, "12 months")
    assert "Auto-renewal is off" in await presses(floor, nina, "Turn auto-renewal off")
    assert "My VPN" in await presses(floor, nina, "Back")
    for way in (("Back", "Settings"), ("Back", "Extend")):
        before = await presses(floor, nina, *way)
        assert await presses(floor, nina, "Auto-renewal", "Back") == before


async def test_who_has_enough_is_asked_for_no_money(floor: ShopFloor, nina: Person) -> None:
    await floor.tops_up(nina, 129)
    assert "Auto-renewal is on" in await presses(floor, nina, "To the menu", "My VPN", "Auto-renewal", "1 month")
    assert labels(nina)[0] == "Change plan"


async def test_an_old_button_with_another_price_agrees_to_nothing(floor: ShopFloor, nina: Person) -> None:
    answer = await floor.click(nina, AgreeRenewal(key="sub_1m", version="0000", back="plans").pack())
    assert answer.text
    assert "Auto-renewal is off" in shown(nina)
    await floor.click(nina, AgreeRenewal(key="sub_9m", version="0000", back="plans").pack())
    assert await floor.database.run(text("SELECT 1 FROM renewals")) == []


async def test_a_forged_way_back_leads_to_the_menu(floor: ShopFloor, nina: Person) -> None:
    await floor.click(nina, ShowRenewal(back="nowhere").pack())
    assert "OrbitVPN" in await presses(floor, nina, "Back")


async def test_reminders_are_switched_off_and_on(floor: ShopFloor, nina: Person) -> None:
    assert "Reminders are on" in await presses(floor, nina, "Settings", "Reminders")
    assert "Reminders are off" in await presses(floor, nina, "Turn reminders off")
    assert await floor.database.run(text("SELECT wants_reminders FROM users")) == [(False,)]
    assert "Reminders are on" in await presses(floor, nina, "Turn reminders on")
    await floor.click(nina, SetReminders(wanted=False).pack())
    assert "Reminders are off" in shown(nina)
