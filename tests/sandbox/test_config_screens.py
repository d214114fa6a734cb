"""A config's name, its country and its traffic, as its owner sees and changes them in the chat."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from sqlalchemy import text

from app.core.actions import MakeConfig, MoveConfig, RenameConfig, ShowTraffic
from tests.support.countries import two_countries
from tests.support.shop_floor import labels, newest, shown

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.support.shop_floor import ShopFloor

NAME = "<b>Мама</b> & {name} 👨‍👩‍👧‍👦 שלום"
NAMES = text("SELECT id, name, country FROM configs ORDER BY id")
A_DAY = text("INSERT INTO config_traffic_days SELECT id, CURRENT_DATE, 3221225472 FROM configs")


async def has_a_config(floor: ShopFloor) -> tuple[Person, int]:
    nina = await floor.customer()
    await floor.press(nina, "To the menu")
    await floor.press(nina, "My VPN")
    await floor.press(nina, "Create a config")
    await floor.work()
    ((config_id, _, _),) = await floor.database.run(NAMES)
    await floor.rested()
    return nina, int(config_id)


async def test_a_config_is_called_what_its_owner_types_and_the_lists_say_so(floor: ShopFloor) -> None:
    nina, _ = await has_a_config(floor)
    await floor.press(nina, "Name")
    await floor.says(nina, f"  {NAME}\n\u202e ")
    assert NAME in shown(nina).replace("\u2068", "").replace("\u2069", "")
    await floor.rested()
    await floor.press(nina, "Back")
    assert NAME in labels(nina)[0].replace("\u2068", "").replace("\u2069", "")


@pytest.mark.parametrize("typed", ["x" * 4096, "\u200d"], ids=["a book", "nothing to see"])
async def test_after_a_name_that_can_not_be_another_is_awaited(floor: ShopFloor, typed: str) -> None:
    nina, _ = await has_a_config(floor)
    await floor.press(nina, "Name")
    await floor.says(nina, typed)
    assert "can’t be a name" in shown(nina)
    await floor.says(nina, "Phone")
    assert "Phone" in shown(nina)


async def test_who_goes_back_answers_the_question_no_more(floor: ShopFloor) -> None:
    nina, config_id = await has_a_config(floor)
    await floor.press(nina, "Name")
    await floor.press(nina, "Back")
    await floor.says(nina, "not a name")
    assert [tuple(row) for row in await floor.database.run(NAMES)] == [(config_id, "VPN 1", None)]


async def test_nobody_renames_moves_or_counts_anothers_config(floor: ShopFloor) -> None:
    _, config_id = await has_a_config(floor)
    theo = await floor.customer(502, "Theo")
    for action in (RenameConfig(id=config_id), MoveConfig(id=config_id, country=""), ShowTraffic(id=config_id)):
        await floor.rested()
        await floor.click(theo, action.pack())
        assert "no longer there" in shown(theo) or "gone" in shown(theo), shown(theo)
        await floor.says(theo, "Mine")
    assert [tuple(row) for row in await floor.database.run(NAMES)] == [(config_id, "VPN 1", None)]


async def test_with_two_countries_a_new_config_asks_for_one_and_shows_it(floor: ShopFloor) -> None:
    await two_countries(floor)
    nina = await floor.customer()
    await floor.press(nina, "To the menu")
    await floor.press(nina, "My VPN")
    await floor.press(nina, "Create a config")
    assert labels(nina) == ["⚡️ Best", "🇩🇪 Germany", "🇳🇱 Netherlands", "‹ Back"]
    await floor.press(nina, "Germany")
    await floor.work()
    assert "📍 Location: 🇩🇪 Germany" in shown(nina)
    await floor.rested()
    await floor.press(nina, "📍 Location")
    assert "Now: 🇩🇪 Germany" in shown(nina)
    await floor.press(nina, "Netherlands")
    assert "⏳ Moving: 🇳🇱 Netherlands" in shown(nina)


async def test_a_country_that_nobody_can_be_taken_to_is_answered_with_those_that_there_are(floor: ShopFloor) -> None:
    await two_countries(floor)
    nina = await floor.customer()
    answer = await floor.click(nina, MakeConfig(intent="i", country="FR").pack())
    assert "not available" in str(answer.text)
    assert "🇩🇪 Germany" in labels(nina)
    await floor.rested()
    await floor.click(nina, MakeConfig(intent="i", country="<b").pack())
    assert await floor.database.run(NAMES) == []


async def test_traffic_is_a_picture_with_sums_and_kind_words_before_there_is_any(floor: ShopFloor) -> None:
    nina, config_id = await has_a_config(floor)
    await floor.press(nina, "Traffic")
    assert "Nothing here yet" in shown(nina)
    assert newest(nina).content.photo is None
    await floor.database.run(A_DAY)
    for data, title in ((ShowTraffic(id=config_id), "Traffic · VPN 1"), (ShowTraffic(id=0), "📊 Traffic\n")):
        await floor.rested()
        await floor.click(nina, data.pack())
        photo = newest(nina).content.photo
        assert photo is not None
        assert Image.open(io.BytesIO(photo.body)).size == (1080, 640)
        assert title in shown(nina)
        assert "Today: 3 GB\n7 days: 3 GB\n30 days: 3 GB" in shown(nina).replace("\u00a0", " ")
    await floor.press(nina, "Back")
    assert "Settings" in shown(nina)
