"""`./orbit promo` as an operator runs it: what is made is printed with its link, what is wrong is one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.repo.promo_desk import PromoDeskRepository
from tests.support.cli import database_settings, invoke
from tests.support.warm_bot import orbit

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache


@pytest.fixture
def settings(database_url: URL, tmp_path: Path) -> dict[str, str]:
    return {
        "ENV_FILE": "",
        "BOT_TOKEN": "1:promo",
        "SECRET_KEY": "a secret of the test",
        "TELEGRAM_API_URL": "http://127.0.0.1:9",  # nobody answers there
        "DATA_DIR": str(tmp_path),
        "REDIS_SHARE_DEFAULT": "false",
        **database_settings(database_url),
    }


async def test_a_code_is_made_listed_and_ended(
    settings: dict[str, str], database: Database, cache: Cache
) -> None:
    options = ("--percent", "20", "--uses", "100", "--until", "2099-01-01", "--first-purchase")
    code, said = await orbit(settings, "promo", "add", "summer-20", *options)
    assert code == 0, said
    first, link = said.splitlines()
    assert first == "SUMMER20: 20% off, 100 uses, 1 a person, until 2099-01-01 00:00 UTC, first purchases only"
    assert link == "Telegram does not answer; the link ends in ?start=promo_SUMMER20"
    code, said = await orbit(settings, "promo", "stop", "summer 20")
    assert (code, said) == (0, "SUMMER20 is ended.\n")
    code, said = await orbit(settings, "promo", "list")
    assert code == 0
    assert said.startswith("SUMMER20         ended    used 0, reserved 0, given 0 RUB: 20% off, 100 uses")
    (report,) = await PromoDeskRepository(database, cache).listing()
    assert report.is_stopped


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "name exactly one of --percent, --rubles and --days"),
        (["--percent", "20", "--days", "5"], "name exactly one of --percent, --rubles and --days"),
        (["--percent", "100"], "--percent must be a whole number from 1 to 99"),
        (["--percent", "0"], "--percent must be a whole number from 1 to 99"),
        (["--percent", "1e1"], "--percent must be a whole number from 1 to 99"),
        (["--days", "3661"], "--days must be a whole number from 1 to 3660"),
        (["--rubles", "-5"], "--rubles must be a sum up to 100000"),
        (["--rubles", "NaN"], "--rubles must be a sum up to 100000"),
        (["--days", "5", "--uses", "0"], "--uses must be a whole number from 1 to 1000000"),
        (["--days", "5", "--per-person", "x"], "--per-person must be a whole number from 1 to 1000000"),
        (["--days", "5", "--from", "soon"], "--from must be a day or a moment: 2026-12-01 or 2026-12-01T12:00"),
        (["--days", "5", "--from", "2027-01-01", "--until", "2027-01-01"], "--from must be earlier than --until"),
        (["ab", "--days", "5"], "a code is 3 to 32 Latin letters and digits"),
        (["лето", "--days", "5"], "a code is 3 to 32 Latin letters and digits"),
    ],
)
def test_bad_input_is_said_in_one_line(arguments: list[str], problem: str) -> None:
    result = invoke({}, "promo", "add", *arguments)
    assert (result.exit_code, result.output) == (2, f"{problem}\n")

