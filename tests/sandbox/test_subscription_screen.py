"""The config's screen where the shop serves links of its own: what it shows, opens, copies, and gives anew."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from pydantic import HttpUrl

from app.core.screens.codes import branded
from tests.support.shop_floor import ShopFloor, button, newest, shop_floor, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiogram.types import InlineKeyboardButton
    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from sandbox.telegram.people import Person

LINK = re.compile(r"https://vpn\.example\.com/sub/[\w-]{22}(?![\w-])")


@pytest.fixture
async def floor(tmp_path: Path, database: Database, database_url: URL, redis: Redis) -> AsyncIterator[ShopFloor]:
    del database  # emptied, which is all that is wanted of it
    async with shop_floor(tmp_path, database_url, redis, public_url=HttpUrl("https://vpn.example.com/")) as opened:
        yield opened


def link_of(person: Person) -> str:
    (link,) = set(LINK.findall(shown(person)))
    return str(link)


def key(person: Person, label: str) -> InlineKeyboardButton:
    keyboard = newest(person).keyboard
    assert keyboard is not None
    return next(button for row in keyboard.inline_keyboard for button in row if label in button.text)


async def gets_a_config(floor: ShopFloor, person: Person) -> str:
    await floor.press(person, "To the menu")
    await floor.press(person, "My VPN")
    await floor.press(person, "Create a config")
    await floor.work()
    return link_of(person)


async def test_the_screen_shows_our_link_its_qr_and_a_page_that_opens_inside_telegram(floor: ShopFloor) -> None:
    nina = await floor.customer()
    link = await gets_a_config(floor, nina)
    web_app, copied = key(nina, "Connect").web_app, key(nina, "Copy").copy_text
    assert web_app is not None
    assert copied is not None
    assert (web_app.url, copied.text) == (f"{link}?lang=en", link)
    photo = newest(nina).content.photo
    assert photo is not None
    assert photo.body == branded(link)
    assert "127.0.0.1" not in shown(nina)
    await floor.press(nina, "Refresh")
    assert link_of(nina) == link


async def test_a_new_link_is_asked_for_twice_and_replaces_the_old_one(floor: ShopFloor) -> None:
    nina = await floor.customer()
    link = await gets_a_config(floor, nina)
    await floor.press(nina, "New link")
    assert "Apps that already have the config go on working" in shown(nina)
    await floor.press(nina, "Back")
    assert link_of(nina) == link
    await floor.press(nina, "New link")
    answer = await floor.press(nina, "Yes, issue a new one")
    assert answer.text == "Done, this is the new link"
    assert link_of(nina) != link


async def test_nobody_gives_another_persons_config_a_new_link(floor: ShopFloor) -> None:
    nina, theo = await floor.customer(), await floor.customer(502, "Theo")
    link = await gets_a_config(floor, nina)
    await floor.press(nina, "New link")
    _, asked = button(nina, "Yes, issue a new one")
    await floor.click(theo, asked)
    assert "vpn.example.com" not in "".join(m.content.text.text for m in theo.messages.values())
    await floor.press(nina, "Back")
    assert link_of(nina) == link
