"""`./orbit unmatched`, `assign`, `dismiss`, `adjust` and `account` as an operator runs them, in this process."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from app.domain.money import Money
from tests.support.books import Books
from tests.support.cli import database_settings, invoke
from tests.support.office import COIN, Office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache


@pytest.fixture(autouse=True)
def the_log_stays_as_it_is() -> Iterator[None]:
    """A command sets its process's log up, and here that is the tests' own."""
    before, handlers = structlog.get_config(), logging.root.handlers[:]
    yield
    structlog.configure(**before)
    logging.root.handlers[:] = handlers


@pytest.fixture
async def office(database: Database, cache: Cache) -> Office:
    books = Books(database, cache)
    await books.arrive(7)
    return Office(books, cache)


@pytest.fixture
def settings(database_url: URL, tmp_path: Path) -> dict[str, str]:
    return {
        "ENV_FILE": "",
        "BOT_TOKEN": "1:money",
        "DATA_DIR": str(tmp_path),
        "REDIS_SHARE_DEFAULT": "false",
        **database_settings(database_url),
    }


async def orbit(settings: dict[str, str], *command: str) -> tuple[int, str]:
    """The exit code of a command and all that it printed; it has a loop of its own, so it gets a thread."""
    result = await asyncio.to_thread(invoke, settings, *command)
    return result.exit_code, result.output


async def test_money_that_waits_is_listed_and_given_to_a_customer_once(
    settings: dict[str, str], office: Office
) -> None:
    reference = await office.coins(COIN * 3 // 2, comment="за \x1b[2Jинтернет")
    await office.charge()
    code, said = await orbit(settings, "unmatched")
    stars, coins, total = said.splitlines()
    assert (code, total) == (0, "2 waiting: ./orbit assign REFERENCE TELEGRAM_ID")
    assert stars.startswith("stars:charge-1  2026-11-23 12:00:00             100 Stars")
    assert coins.startswith(f"{reference[:16]}  2026-11-23 12:01:00        1.5 GRAM (TON)  from UQ")
    assert coins.endswith('money  "за \N{REPLACEMENT CHARACTER}[2Jинтернет"')

    assign = ("assign", reference[:12], "7", "--rubles", "330,50")
    code, said = await orbit(settings, *assign)
    assert (code, "0 becomes 330.50" in said, "Credit it?" in said) == (1, True, True)
    assert await office.books.balance() == Money.rub(0)
    assert (await orbit(settings, *assign, "--yes"))[0] == 0
    code, said = await orbit(settings, *assign, "--yes")
    assert (code, said) == (1, "It is credited already: nothing has changed.\n")
    assert await office.books.balance() == Money.rub("330.50")
    await office.books.are_right()


async def test_a_balance_is_put_right_by_a_sum_and_the_account_shows_it_all(
    settings: dict[str, str], office: Office
) -> None:
    await office.books.fund(7, 400)
    await office.books.buy(7)
    adjust = ("adjust", "7", "-71", "--reason", "paid twice", "--key", "ticket-5", "--yes")
    for _ in range(2):
        code, said = await orbit(settings, *adjust)
        assert (code, said.splitlines()[-1]) == (0, "The balance of 7 is 200 RUB.")
    code, said = await orbit(settings, "adjust", "7", "200", "--reason", "no sign", "--yes")
    assert (code, "a balance is never set" in said) == (2, True)
    code, said = await orbit(settings, "account", "7")
    assert code == 0
    assert said.startswith("account 7  Nina  since 2026-11-23\nbalance 200 RUB  subscription until: 2026-12-30 12:00 ")
    for piece in ("adjust:ticket-5", "confirmed", " sub_1m", "paid twice", "ton:0"):
        assert piece in said
    assert await orbit(settings, "account", "8") == (1, "There is no account 8.\n")
    await office.books.are_right()


async def test_what_is_no_customers_money_is_set_aside_with_a_reason(
    settings: dict[str, str], office: Office
) -> None:
    reference = await office.coins()
    code, said = await orbit(settings, "dismiss", reference, "--reason", "a test of ours", "--yes")
    assert (code, said.splitlines()[-1]) == (0, "Set aside.")
    assert await orbit(settings, "unmatched") == (0, "Nothing waits.\n")
