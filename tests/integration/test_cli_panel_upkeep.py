"""`./orbit panels drain|state|sweep` as an operator runs them, beside a panel with something on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from app.keyring import Keyring
from tests.support.cli import database_settings, invoke
from tests.support.upkeep_world import UpkeepWorld, upkeep_world

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache

SECRET = "a secret of the test"


@pytest.fixture
def settings(database_url: URL, tmp_path: Path) -> dict[str, str]:
    return {
        "ENV_FILE": "",
        "BOT_TOKEN": "1:panels",
        "SECRET_KEY": SECRET,
        "DATA_DIR": str(tmp_path),
        "REDIS_SHARE_DEFAULT": "false",
        **database_settings(database_url),
    }


@pytest.fixture
async def world(database: Database, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[UpkeepWorld]:
    monkeypatch.setattr("tests.support.upkeep_world.SEAL", Keyring(SECRET).seal)
    async with upkeep_world(database, cache, "a", "b") as opened:
        yield opened


async def said(settings: dict[str, str], *command: str) -> tuple[int, str]:
    """The exit code and the lines of a command."""
    result = await asyncio.to_thread(invoke, settings, "panels", *command)
    return result.exit_code, result.output


async def test_an_operator_empties_a_panel_and_sees_how_far_it_is(
    settings: dict[str, str], world: UpkeepWorld
) -> None:
    await world.stand(5)
    assert await said(settings, "drain", "a") == (
        0, "Panel a is off, and its 5 configs move to others: ./orbit panels state\n"
    )  # fmt: skip
    await world.mover.run_once()
    code, lines = await said(settings, "state")
    assert [line.split()[:5] for line in lines.splitlines()[1:]] == [
        ["a", "draining", "1", "1", "4"],
        ["b", "active", "4", "0", "0"],
    ]
    assert (code, (await said(settings, "drain", "nowhere"))[0]) == (0, 1)
    await said(settings, "off", "a")
    assert (await said(settings, "state"))[1].splitlines()[1].split()[:5] == ["a", "off", "1", "0", "4"]


async def test_a_sweep_by_hand_says_what_it_found_and_is_bounded(
    settings: dict[str, str], world: UpkeepWorld
) -> None:
    await world.stand(22)
    world.users("a").clear()
    code, lines = await said(settings, "sweep", "a", "--dry-run")
    assert (code, lines.splitlines()) == (
        0, ["a            22 configs, 0 users", "          22 configs had no user"]
    )  # fmt: skip
    code, lines = await said(settings, "sweep", "a")
    assert (code, "NOT FINISHED: missing: 22 of 22" in lines) == (1, True)
    assert await world.rows("SELECT count(*) FROM configs WHERE is_due") == [(0,)]
    code, lines = await said(settings, "sweep", "--all")
    assert (code, "22 configs had no user, to be made again" in lines) == (0, True)
    assert await world.rows("SELECT count(*) FROM configs WHERE is_due") == [(22,)]
