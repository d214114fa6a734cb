"""A bot that can't serve says why in a few words and ends with 1: no traceback, and nothing left behind it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.bot_process import BotFailedError
from sandbox.world import World
from tests.support.postgres_server import lend_cluster
from tests.support.warm_bot import WarmBot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
pytestmark = pytest.mark.slow

TEST_ONLY_WALLET = "0QBicO-Tuh0EI_QnAVASPk_k_Bb4VTTwNfVY0LfrFFHpbWoI"
NOWHERE = {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "1", "DATABASE_USER": "u", "DATABASE_NAME": "n"}
REFUSALS: dict[str, tuple[dict[str, str], str]] = {
    "a wrong token": ({"BOT_TOKEN": "1000001:wrong"}, "Telegram does not know BOT_TOKEN"),
    "no wallet's address": ({"TON_ADDRESS": "UQgarbage"}, "TON_ADDRESS is not the address of a TON wallet"),
    "a database that is away": (
        {**NOWHERE, "DATABASE_PASSWORD": "canary-of-the-database"},
        "PostgreSQL at 127.0.0.1:1 does not answer as u",
    ),
    "a redis that is away": ({"REDIS_URL": "redis://:canary-of-redis@127.0.0.1:1/0"}, "REDIS_URL redis://127.0.0.1:1/0"),
    "a weak webhook secret": (
        {"WEBHOOK_URL": "http://127.0.0.1:1", "WEB_PORT": "0", "WEBHOOK_SECRET": "canary"},
        "WEBHOOK_SECRET must be 16 to 256 characters",
    ),
    "a webhook that telegram refuses": (
        {"WEBHOOK_URL": "http://example.com", "WEB_PORT": "0"},
        "Telegram did not take WEBHOOK_URL",
    ),
    "a database folder that is none": ({"DATA_DIR": "/dev/null/x"}, "/dev/null"),
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path / "world", panels=1)
    await world.start()
    lend_cluster(Path(world.env()["DATA_DIR"]))
    yield world
    await world.stop()


@pytest.mark.parametrize("case", REFUSALS)
async def test_the_reason_is_told_in_words(world: World, tmp_path: Path, case: str) -> None:
    changes, reason = REFUSALS[case]
    bot = WarmBot(world.env() | changes, tmp_path / "bot.log")
    with pytest.raises(BotFailedError) as told:
        await bot.start()
    assert reason in str(told.value)
    assert await bot.wait() == 1
    assert reason in bot.log()
    assert bot.errors() == []
    for unwanted in ("Traceback", "canary", "Unclosed"):
        assert unwanted not in bot.log()


async def test_a_port_that_is_taken_is_named(world: World, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        bot = WarmBot(world.env() | {"WEB_PORT": str(port)}, tmp_path / "bot.log")
        with pytest.raises(BotFailedError, match="WEB_HOST and WEB_PORT can't be listened on: Address already in use"):
            await bot.start()
    assert await bot.wait() == 1
    assert "Traceback" not in bot.log()


async def test_a_second_bot_on_the_same_data_is_refused_and_the_first_goes_on(world: World, tmp_path: Path) -> None:
    first, second = WarmBot(world.env(), tmp_path / "1.log"), WarmBot(world.env(), tmp_path / "2.log")
    await first.start()
    with pytest.raises(BotFailedError, match="a bot already runs here"):
        await second.start()
    assert await second.wait() == 1
    assert first.running
    assert await first.stop() == 0
