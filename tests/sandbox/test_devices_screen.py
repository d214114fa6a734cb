"""The screen of a config's devices, in the bot: who holds its places, and the button that frees one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import HttpUrl
from sqlalchemy import text

from app.services.devices import Admission, SeenDevice
from tests.support.shop_floor import ShopFloor, button, labels, newest, shop_floor, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from sandbox.telegram.people import Person

CONFIG = text("SELECT id, marzban_username FROM configs WHERE user_id = CAST(:id AS bigint)")
PHONE = SeenDevice("happ", "Happ", "hwid-1", "iPhone <15> Pro", "iOS 18.1")
LAPTOP = SeenDevice("happ", "Happ", "hwid-2", "", "Windows 11")
TABLET = SeenDevice("v2raytun", "v2rayTun", "hwid-3", "iPad", "")
NAMELESS = SeenDevice("v2rayng", "v2rayNG")


@pytest.fixture
async def floor(tmp_path: Path, database: Database, database_url: URL, redis: Redis) -> AsyncIterator[ShopFloor]:
    del database  # emptied, which is all that is wanted of it
    async with shop_floor(tmp_path, database_url, redis, public_url=HttpUrl("https://vpn.example.com/")) as opened:
        yield opened


async def gets_a_config(floor: ShopFloor, person: Person) -> int:
    await floor.press(person, "To the menu")
    await floor.press(person, "My VPN")
    await floor.press(person, "Create a config")
    await floor.work()
    ((config_id, _),) = await floor.database.run(CONFIG, {"id": person.id})
    return int(config_id)


async def adds(floor: ShopFloor, person: Person, config_id: int, device: SeenDevice) -> bool:
    """The device fetches the link; whether it is let in."""
    links, devices = floor.app.links, floor.app.limits.devices
    assert links is not None
    token = (await links.url(person.id, config_id)).rpartition("/")[2]
    subscriber = await links.subscriber(token, devices.mark_of(device))
    return await devices.admit(subscriber, device) is Admission.ADMITTED


async def test_devices_are_listed_and_a_place_is_freed(floor: ShopFloor) -> None:
    nina = await floor.customer()
    config_id = await gets_a_config(floor, nina)
    await floor.press(nina, "Devices")
    assert "Places taken: 0 of 2" in shown(nina)
    for device in (NAMELESS, PHONE, LAPTOP):
        assert await adds(floor, nina, config_id, device)
    assert not await adds(floor, nina, config_id, TABLET)
    await floor.press(nina, "Refresh")
    assert "Places taken: 2 of 2" in shown(nina)
    assert "iPhone <15> Pro" in shown(nina)
    assert "There is no place left" in shown(nina)
    assert "v2rayNG" in shown(nina)
    removable = [label for label in labels(nina) if "Remove" in label]
    assert removable == ["✕ Remove: iPhone <15> Pro", "✕ Remove: Windows 11"]
    answer = await floor.press(nina, "✕ Remove: Windows 11")
    assert answer.text == "The place is free"
    assert "Places taken: 1 of 2" in shown(nina)
    assert await adds(floor, nina, config_id, TABLET)
    await floor.press(nina, "Back")
    assert newest(nina).content.photo is not None


async def test_nobody_sees_or_frees_another_persons_devices(floor: ShopFloor) -> None:
    nina, theo = await floor.customer(), await floor.customer(502, "Theo")
    config_id = await gets_a_config(floor, nina)
    await adds(floor, nina, config_id, PHONE)
    await floor.press(nina, "Devices")
    _, remove = button(nina, "✕ Remove: iPhone <15> Pro")
    for data in (remove, f"devs:{config_id}"):
        await floor.rested()
        await floor.says(theo, "/menu")
        await floor.click(theo, data)
        assert "iPhone" not in shown(theo)
    await floor.rested()
    await floor.press(nina, "Refresh")
    assert "Places taken: 1 of 2" in shown(nina)


@pytest.mark.parametrize(("language", "words"), [("en", "VPN 1 is paused until"), ("ru", "VPN 1 на паузе до")])
async def test_the_owner_of_a_paused_config_is_told_in_their_language(
    floor: ShopFloor, language: str, words: str
) -> None:
    nina = await floor.customer(language=language)
    await floor.click(nina, "new:a-wish")
    await floor.work()
    ((_, username),) = await floor.database.run(CONFIG, {"id": nina.id})
    await floor.app.limits.pauses.want(username, 3, floor.app.clock.now())
    await floor.work()
    assert words in shown(nina)
    assert {"en": "3 addresses", "ru": "3 адреса"}[language] in shown(nina)
