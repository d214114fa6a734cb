"""`./orbit servers` and `./orbit undelivered` as an operator runs them, in this process."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.clock import open_clock
from tests.integration.test_cli_money import orbit, settings, the_log_stays_as_it_is  # noqa: F401 - fixtures
from tests.support.books import Books
from tests.support.legacy import past_of

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

DAY = timedelta(days=1)
NOW = open_clock(None).now()


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    """Three people whose configs are on a server of the past; the subscription of the third is over."""
    books = Books(database, cache)
    await books.arrive(7, 8, 9)
    await books.rows("UPDATE users SET subscription_end = now() + interval '20 days' WHERE tg_id < 9")
    await books.rows("UPDATE users SET subscription_end = now() - interval '1 day' WHERE tg_id = 9")
    await past_of(books, 7, 8, 9)
    await books.rows("INSERT INTO marzban_instances (id, name, base_url, username, password) VALUES ('s1','','','','')")
    return books


async def moved(books: Books) -> list[int]:
    rows = await books.rows("SELECT user_id FROM configs WHERE server_id IS NULL ORDER BY user_id")
    return [row.user_id for row in rows]


async def test_configs_of_the_past_move_in_parts_and_once(settings: dict[str, str], books: Books) -> None:  # noqa: F811
    code, said = await orbit(settings, "servers")
    assert (code, "the old one  https://old.example  3 configs: 2 can move, 1 stay" in said) == (0, True)
    assert await orbit(settings, "servers", "move", "--to", "nowhere") == (
        1,
        "There is no panel nowhere in service.\n",
    )
    code, said = await orbit(settings, "servers", "move", "--most", "1")
    assert (code, said.split()[0], await moved(books)) == (0, "1", [7])
    code, said = await orbit(settings, "servers", "move", "--to", "s1")
    assert (code, said.split()[0], await moved(books)) == (0, "1", [7, 8])
    code, said = await orbit(settings, "servers", "move")
    assert (code, said.split()[0]) == (0, "0")
    assert "1 configs: 0 can move, 1 stay" in (await orbit(settings, "servers"))[1]
    assert "0 moved, 2 on the way" in (await orbit(settings, "servers"))[1]


async def test_what_waits_for_its_config_is_listed_with_why_and_what_becomes_of_it(
    settings: dict[str, str],  # noqa: F811
    books: Books,
) -> None:
    assert await orbit(settings, "undelivered") == (0, "Everybody has what they paid for.\n")
    await books.fund(7, 400)
    bought = NOW - timedelta(hours=2)
    await books.buy(7, now=bought)
    for tg_id in (7, 8):
        await books.rows("UPDATE users SET max_configs = 2 WHERE tg_id = :tg_id", tg_id=tg_id)
        await books.configs.request(tg_id, "wish", None, bought)
    jobs = await books.provisioning.claim_due(bought, 30, 10)
    for job in jobs:
        await books.provisioning.retry(job, bought, NOW + DAY, "s1: \x1b[2Jdown")
    code, said = await orbit(settings, "undelivered")
    paid, trial = said.splitlines()
    assert (code, paid.startswith("person 7  purchase:")) == (0, True)
    assert " sub_1m 129 RUB  waits 12" in paid
    assert "panel none, 1 attempts: s1: \N{REPLACEMENT CHARACTER}[2Jdown" in paid
    assert f"goes back at {bought + DAY:%Y-%m-%d %H:%M} UTC" in paid
    assert trial.startswith("person 8  trial or given days, 0 RUB")
    assert (await orbit(settings, "undelivered", "--minutes", "600"))[1] == "Everybody has what they paid for.\n"
