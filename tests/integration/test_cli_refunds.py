"""`./orbit refund` and `./orbit webhooks` for every gateway, as processes against the emulators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.repo.audit import breaks
from sandbox.world import World
from tests.support.cli import database_settings
from tests.support.warm_bot import orbit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache

WISH = {
    "amount": {"value": "90.00", "currency": "RUB"},
    "capture": True,
    "confirmation": {"type": "redirect", "return_url": "https://shop.example"},
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.stop()


async def test_a_charge_is_given_back_by_a_command_and_the_list_shows_it(
    world: World, database: Database, cache: Cache, database_url: URL
) -> None:
    settings = world.env() | database_settings(database_url)
    charge = world.shop.create(WISH, "k").id
    world.shop.pay(charge, "sbp")
    code, said = await orbit(settings, "refund", "yookassa", charge)
    assert (code, f"The charge {charge} is refunded" in said) == (0, True), said
    code, said = await orbit(settings, "refund", "yookassa")
    assert f"yookassa  9000 RUB  0 RUB  refunded  person ?  payment ?  {charge}" in said
    assert await breaks(database) == []


async def test_what_can_not_be_given_back_is_said_in_words(
    world: World, database: Database, cache: Cache, database_url: URL
) -> None:
    code, said = await orbit(world.env() | database_settings(database_url), "refund", "cryptobot", "1")
    assert (code, "Crypto Pay knows no refunds" in said) == (1, True), said


async def test_the_addresses_for_notifications_are_shown_for_each_provider(world: World) -> None:
    code, said = await orbit(world.env() | {"WEBHOOK_URL": "https://bot.example.com/"}, "webhooks")
    assert code == 0
    assert "YooKassa: https://bot.example.com/payments/yookassa/" in said
    assert "CryptoBot: https://bot.example.com/payments/cryptobot/" in said
