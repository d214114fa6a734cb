"""`./orbit audit` as an operator runs it, beside books and panels with something in them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
import pytest

from app.clock import SystemClock
from app.keyring import Keyring
from app.panels.clients import PanelClients
from app.panels.port import NewPanelUser
from app.repo.panels import PanelRepository
from sandbox.world import World
from tests.support.books import NOW, Books
from tests.support.cli import database_settings
from tests.support.warm_bot import orbit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import URL

    from app.panels.port import Panel
    from app.repo.db import Database
    from app.utils.redis import Cache

SECRET = "a secret of the test"


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(7)
    await books.fund(7, 400)
    return books


@pytest.fixture
def settings(database_url: URL, tmp_path: Path) -> dict[str, str]:
    return {
        "ENV_FILE": "",
        "BOT_TOKEN": "1:audit",
        "SECRET_KEY": SECRET,
        "DATA_DIR": str(tmp_path),
        "REDIS_SHARE_DEFAULT": "false",
        **database_settings(database_url),
    }


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path / "world")
    await world.start()
    yield world
    await world.stop()


@asynccontextmanager
async def panel_of(books: Books, cache: Cache, world: World) -> AsyncIterator[Panel]:
    """The world's panels in the table, and a client of the first."""
    panels = PanelRepository(books.database, cache, Keyring(SECRET).seal)
    for door in world.doors():
        await books.rows(
            "INSERT INTO marzban_instances (id, name, base_url, username, password)"
            " VALUES (:id, :name, :url, :username, :password)",
            **vars(door),
        )
    clients = PanelClients(panels, SystemClock(), allow_private=True)
    first, *_ = await panels.active()
    yield clients.for_instance(first)
    await clients.close()


async def provisioned(books: Books, client: Panel) -> tuple[int, str]:
    """A config that stands on the panel as it should: its id and its user's name."""
    config_id = (await books.configs.request(7, "wish", None, NOW)).id
    (job,) = await books.provisioning.claim_due(NOW, 30, 10)
    await books.provisioning.assign(job, client.instance_id)
    user = await client.create_user(NewPanelUser(job.username, job.expires_at, 0, f"orbit:{config_id}"))
    await books.provisioning.created(job, user.subscription_url, user.links[0], NOW)
    return config_id, job.username


async def test_right_books_are_said_to_be_right(settings: dict[str, str], books: Books) -> None:
    code, said = await orbit(settings, "audit", "--no-panels")
    assert code == 0
    *invariants, verdict = said.splitlines()
    assert verdict == "The books are right."
    assert invariants
    assert all(line.startswith("ok ") for line in invariants)


async def test_a_balance_that_was_edited_by_hand_is_named(settings: dict[str, str], books: Books) -> None:
    await books.rows("UPDATE users SET balance = 500 WHERE tg_id = 7")
    code, said = await orbit(settings, "audit", "--no-panels")
    assert code == 1
    assert "BROKEN  every wallet equals its balance\n        user 7: balance 500.00, ledger 400.00\n" in said
    assert said.endswith("1 broken.\n")


async def test_a_database_that_does_not_answer_is_no_clean_audit(settings: dict[str, str]) -> None:
    code, said = await orbit(settings | {"DATABASE_PORT": "1"}, "audit")
    assert (code, "does not answer" in said, "right" in said) == (2, True, False)


async def test_panels_that_have_what_they_should_are_part_of_a_clean_audit(
    settings: dict[str, str], books: Books, cache: Cache, world: World
) -> None:
    async with panel_of(books, cache, world) as client:
        await provisioned(books, client)
        await client.create_user(NewPanelUser("somebody_else", NOW + timedelta(days=1), 0, "a friend of the operator"))
        code, said = await orbit(settings, "audit")
    assert (code, said.splitlines()[-1]) == (0, "The books are right.")
    assert "ok      panel s001 has what it should, and nothing else of ours (2 users)" in said
    assert "panel s002" in said
    for secret in (SECRET, *(door.password for door in world.doors())):
        assert secret not in said


async def test_a_panel_that_differs_is_named_both_ways(
    settings: dict[str, str], books: Books, cache: Cache, world: World
) -> None:
    async with panel_of(books, cache, world) as client:
        config_id, username = await provisioned(books, client)
        end = NOW + timedelta(days=7)
        await client.create_user(NewPanelUser("left_over", end, 0, "by hand orbit:9999"))
        await client.set_expiry(username, end + timedelta(days=1))
        code, said = await orbit(settings, "audit")
        await client.delete_user(username)
        _, later = await orbit(settings, "audit")
    assert code == 1
    assert f"        {username}: ends 2026-12-01 12:00:00 and should end 2026-11-30 12:00:00\n" in said
    assert "        left_over: ours, but no config 9999 stands here\n" in said
    assert f"        {username}: missing on the panel, config {config_id}\n" in later


async def test_a_panel_that_does_not_answer_makes_the_audit_incomplete(
    settings: dict[str, str], books: Books, cache: Cache, world: World
) -> None:
    async with panel_of(books, cache, world) as client, aiohttp.ClientSession() as http:
        await provisioned(books, client)
        (await http.post(f"{world.doors()[0].url}/sim/power", json={"up": False})).release()
        code, said = await orbit(settings, "audit")
    assert (code, said.splitlines()[-1]) == (2, "1 panels could not be looked at.")
    assert "UNSEEN  panel s001" in said
