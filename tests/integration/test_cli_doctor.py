"""`./orbit doctor` names what is wrong with whatever the shop stands on, and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from sandbox.world import World
from tests.support.books import Books
from tests.support.cli import database_settings
from tests.support.warm_bot import orbit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.stop()


@pytest.fixture
async def settings(world: World, database: Database, cache: Cache, database_url: URL) -> dict[str, str]:
    books = Books(database, cache)
    for door in world.doors():
        await books.rows(
            "INSERT INTO marzban_instances (id, name, base_url, username, password)"
            " VALUES (:id, :name, :url, :username, :password)",
            **vars(door),
        )
    return world.env() | database_settings(database_url)


def lines(said: str) -> dict[str, tuple[str, str]]:
    """By part: ok or WRONG, and the words."""
    parts = {}
    for line in said.splitlines():
        verdict, rest = line[:6].strip(), line[7:]
        parts[rest[:14].strip()] = (verdict, rest[15:])
    return parts


async def test_a_shop_that_is_well_has_nothing_but_good_lines(settings: dict[str, str], world: World) -> None:
    code, said = await orbit(settings, "doctor")
    found = lines(said)
    assert code == 0, said
    assert list(found) == [
        "settings", "secret", "Telegram", "TON", "YooKassa", "database", "redis", "work", "jobs", "TON/RUB",
        "USD/RUB", "panel s001", "panel s002",
    ]  # fmt: skip
    assert {verdict for verdict, _ in found.values()} == {"ok"}
    assert found["Telegram"][1] == "knows the bot as @orbit_sandbox_bot"
    assert found["YooKassa"][1] == "knows the shop, enabled, a test shop: no real money comes"
    secrets = [world.bot_token, settings["TONAPI_KEY"], settings["DATABASE_PASSWORD"], world.shop.secret_key]
    for secret in (*secrets, *(door.password for door in world.doors())):
        assert secret not in said


async def test_everything_that_is_wrong_is_named_at_once(
    settings: dict[str, str], world: World, database: Database, cache: Cache, tmp_path: Path
) -> None:
    key = tmp_path / "bot" / "secret.key"
    key.parent.mkdir()
    key.write_text("known to all")
    key.chmod(0o644)
    books = Books(database, cache)
    await books.arrive(7)
    await books.rows(
        "INSERT INTO notices (key, recipient, kind, next_attempt_at, created_at)"
        " VALUES ('old', 7, 'config_ready', now() - interval '1 hour', now())"
    )
    await books.rows("UPDATE marzban_instances SET password = 'wrong' WHERE id = 's002'")
    async with aiohttp.ClientSession() as http:
        await http.post(f"{world.doors()[0].url}/sim/power", json={"up": False})
        await http.post(f"{world.chain_url}/sim/faults", json={"match": "*", "action": "error", "times": -1})
    code, said = await orbit(
        settings | {"BOT_TOKEN": "1000001:another", "PUBLIC_URL": "http://127.0.0.1:1"}, "doctor"
    )
    found = lines(said)
    assert code == 1
    assert {part for part, (verdict, _) in found.items() if verdict == "WRONG"} == {
        "secret", "Telegram", "TON", "links", "work", "panel s001", "panel s002",
    }  # fmt: skip
    assert "chmod 600" in found["secret"][1]
    assert found["Telegram"][1] == "refuses BOT_TOKEN with status 401"
    assert "1 notices overdue" in found["work"][1]
    assert "another" not in said


async def test_a_database_that_is_down_is_named_and_the_outside_is_still_looked_at(settings: dict[str, str]) -> None:
    code, said = await orbit(settings | {"DATABASE_PORT": "1"}, "doctor")
    found = lines(said)
    assert code == 1
    assert found["database"][0] == "WRONG"
    assert found["panels"] == ("WRONG", "not looked at: the table of panels can't be read")
    assert (found["Telegram"][0], found["TON"][0]) == ("ok", "ok")


async def test_wrong_settings_are_all_named(settings: dict[str, str]) -> None:
    code, said = await orbit(settings | {"BOT_TOKEN": "nonsense", "REDIS_TTL": "-1"}, "doctor")
    assert code == 1
    assert "BOT_TOKEN" in said
    assert "REDIS_TTL" in said
