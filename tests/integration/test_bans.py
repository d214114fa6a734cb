"""Bans: a reason and an end, shown at once, lifted by themselves; and the commands of operators."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.services.bans import Bans
from tests.support.books import NOW, Books
from tests.support.cli import database_settings
from tests.support.office import Fixed
from tests.support.warm_bot import orbit

if TYPE_CHECKING:
    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache

DAY = timedelta(days=1)


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(7, 8)
    return books


async def banned(books: Books, tg_id: int = 7) -> bool:
    """What the cached account says, which the bot asks first."""
    account = await books.users.glance(tg_id)
    assert account is not None
    return account.is_banned


async def test_a_ban_and_its_end_show_at_once(books: Books) -> None:
    assert not await banned(books)
    assert await books.bans.ban(7, "spam", "olga", NOW)
    assert await banned(books)
    assert await books.bans.lift(7, NOW)
    assert not await banned(books)
    assert not await books.bans.lift(7, NOW)
    assert not await books.bans.ban(404, "spam", "olga", NOW)


async def test_a_ban_with_an_end_lasts_until_then_and_another_stays(books: Books) -> None:
    clock = Fixed()
    bans = Bans(books.bans, clock)
    assert await bans.ban(7, "spam", "olga", days=2)
    assert await bans.ban(8, "fraud", "olga")
    clock.at = NOW + 2 * DAY - timedelta(seconds=1)
    await bans.lift_lapsed()
    assert await banned(books)
    clock.at = NOW + 2 * DAY
    await bans.lift_lapsed()
    assert (await banned(books), await banned(books, 8)) == (False, True)
    assert [ban.tg_id for ban in await bans.standing()] == [8]
    assert await bans.of(7) is None


async def test_a_ban_that_stands_takes_another_reason_and_end(books: Books) -> None:
    bans = Bans(books.bans, Fixed())
    await bans.ban(7, "spam", "olga", days=1)
    await bans.ban(7, "fraud", "pavel")
    (ban,) = await bans.standing()
    assert (ban.reason, ban.who, ban.until, ban.at) == ("fraud", "pavel", None, NOW)


async def test_operators_ban_list_and_let_in_by_commands(books: Books, cache: Cache, database_url: URL) -> None:
    redis = cache.client.connection_pool.connection_kwargs["path"]
    settings = {
        "ENV_FILE": "",
        "BOT_TOKEN": "1:bans",
        "SECRET_KEY": "a secret of the test",
        "REDIS_URL": f"unix://{redis}",
        **database_settings(database_url),
    }

    async def said(*command: str) -> tuple[int | None, str]:
        code, words = await orbit(settings, *command)
        return code, words.strip()

    assert await said("ban", "7", "--reason", "resold  <b>configs</b>", "--days", "3") == (
        0, "7 is shut out for 3 days.",
    )  # fmt: skip
    listed = (await said("bans"))[1].splitlines()
    assert "7  Nina" in listed[0]
    assert ": resold <b>configs</b>" in listed[0]
    assert listed[1] == "1 shut out."
    assert await banned(books)
    assert await said("unban", "7") == (0, "7 is let in again.")
    assert await said("unban", "7") == (1, "7 is not banned.")
