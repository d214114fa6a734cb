"""From /start to the page that hands the config to an app in three presses; without that page, to a link and a code."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image
from pydantic import HttpUrl
from sqlalchemy import text

from app.core.actions import AskDevice, Connect, ShowGuide
from app.domain.apps import SYSTEMS, apps_for
from tests.support.shop_floor import button, labels, newest, shop_floor, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from sandbox.telegram.people import Person
    from tests.support.shop_floor import ShopFloor

CONFIGS = text("SELECT id, subscription_url FROM configs ORDER BY id")
OVER = text("UPDATE users SET subscription_end = now() - interval '1 day'")


@pytest.fixture
async def with_page(tmp_path: Path, database: Database, database_url: URL, redis: Redis) -> AsyncIterator[ShopFloor]:
    del database  # emptied, which is all that is wanted of it
    async with shop_floor(tmp_path, database_url, redis, public_url=HttpUrl("https://vpn.example.com/")) as opened:
        yield opened


def page_of(person: Person) -> str:
    keyboard = newest(person).keyboard
    assert keyboard is not None
    (url,) = [key.web_app.url for row in keyboard.inline_keyboard for key in row if key.web_app]
    return str(url)


def store_of(person: Person) -> str:
    keyboard = newest(person).keyboard
    assert keyboard is not None
    return str(keyboard.inline_keyboard[0][0].url)


async def ids(floor: ShopFloor) -> list[int]:
    return [int(row.id) for row in await floor.database.run(CONFIGS)]


async def test_three_presses_lead_from_start_to_the_page_that_imports(with_page: ShopFloor) -> None:
    floor = with_page
    nina = await floor.customer()
    assert labels(nina) == ["🚀 Connect", "To the menu"]
    message = newest(nina).id
    presses = 1
    await floor.press(nina, "Connect")
    await floor.work()
    assert "On which device?" in shown(nina), "the question stands while the config is made"
    presses += 1
    await floor.press(nina, "iPhone")
    presses += 1
    address = page_of(nina)
    assert presses == 3
    assert newest(nina).id == message, "it all happens in one message"
    assert address.startswith("https://vpn.example.com/sub/")
    assert address.endswith("?on=ios&lang=en")
    assert store_of(nina) == apps_for("ios")[0].stores["ios"]
    assert len(await ids(floor)) == 1


async def test_a_device_that_is_chosen_before_the_config_is_made_gets_its_guide_in_the_same_message(
    with_page: ShopFloor,
) -> None:
    floor = with_page
    nina = await floor.customer()
    message = newest(nina).id
    await floor.press(nina, "Connect")
    await floor.press(nina, "Android")
    assert "Creating your config" in shown(nina)
    await floor.work()
    assert (newest(nina).id, page_of(nina)[-19:]) == (message, "?on=android&lang=en")


async def test_without_a_page_of_ours_the_link_stands_in_the_chat_with_its_code(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.press(nina, "Connect")
    await floor.press(nina, "Windows")
    await floor.work()
    ((_, url),) = await floor.database.run(CONFIGS)
    photo, keyboard = newest(nina).content.photo, newest(nina).keyboard
    assert photo is not None
    assert keyboard is not None
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(photo.body)).convert("RGB"))
    (copied,) = [key.copy_text.text for row in keyboard.inline_keyboard for key in row if key.copy_text]
    assert url == code.text == copied
    assert url in shown(nina)
    assert store_of(nina) == apps_for("windows")[0].stores["windows"]


async def test_pressing_again_makes_no_second_config_and_leads_to_the_same_question(floor: ShopFloor) -> None:
    nina = await floor.customer()
    _, wish = button(nina, "Connect")
    for data in (wish, wish, Connect(intent="another").pack()):
        await floor.rested()
        await floor.click(nina, data)
        assert "On which device?" in shown(nina)
    assert len(await ids(floor)) == 1


async def test_who_has_no_time_left_is_led_to_the_plans(floor: ShopFloor) -> None:
    nina = await floor.customer()
    _, wish = button(nina, "Connect")
    await floor.database.run(OVER)
    await floor.app.users.drop_account(nina.id, parts=("sub_end",))
    await floor.click(nina, wish)
    assert "Buy a subscription" in "".join(labels(nina))
    assert await ids(floor) == []


async def test_every_system_has_a_guide_and_whoever_has_a_config_finds_it_there(with_page: ShopFloor) -> None:
    floor = with_page
    nina = await floor.customer()
    await floor.press(nina, "Connect")
    await floor.work()
    (config_id,) = await ids(floor)
    for system, name in SYSTEMS.items():
        await floor.rested()
        await floor.click(nina, ShowGuide(id=config_id, system=system).pack())
        assert name in shown(nina)
        assert f"?on={system}&" in page_of(nina)
    await floor.rested()
    await floor.press(nina, "My config")
    await floor.press(nina, "How to")
    assert labels(nina)[-1] == "‹ Back"


async def test_nobody_is_guided_to_anothers_config_or_to_a_system_that_there_is_not(with_page: ShopFloor) -> None:
    floor = with_page
    nina, theo = await floor.customer(), await floor.customer(502, "Theo")
    await floor.press(nina, "Connect")
    await floor.work()
    (config_id,) = await ids(floor)
    forged = (
        AskDevice(id=config_id).pack(),
        ShowGuide(id=config_id, system="ios").pack(),
        ShowGuide(id=2**63, system="ios").pack(),
        ShowGuide(id=config_id, system="amiga").pack(),
    )
    for data in forged:
        await floor.rested()
        await floor.click(theo, data)
        assert "vpn.example.com" not in "".join(message.content.text.text for message in theo.messages.values())
        assert "Install" not in shown(theo)
