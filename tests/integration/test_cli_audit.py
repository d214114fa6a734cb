"""`./orbit audit` as an operator runs it, beside a database with books in it."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.repo.user import UserRepository
from app.services.records import Newcomer
from config import ROOT
from sandbox.bot_process import environment

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ANN = Newcomer(7, "Ann", None, "en", None)

@pytest.fixture
def users(database: Database, cache: Cache) -> UserRepository:
    return UserRepository(database, cache, ttl=300, trial_key=b"key")


@pytest.fixture
def env(database_url: URL, tmp_path: Path) -> dict[str, str]:
    return environment(
        {
            "ENV_FILE": "",
            "BOT_TOKEN": "1:audit",
            "DATA_DIR": str(tmp_path),
            "REDIS_SHARE_DEFAULT": "false",
            "DATABASE_HOST": database_url.host or "",
            "DATABASE_PORT": str(database_url.port),
            "DATABASE_USER": database_url.username or "",
            "DATABASE_PASSWORD": str(database_url.password),
            "DATABASE_NAME": database_url.database or "",
        }
    )


async def audit(env: dict[str, str]) -> tuple[int | None, str]:
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", "audit", cwd=ROOT, env=env, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await command.communicate()
    return command.returncode, said.decode()


async def test_right_books_are_said_to_be_right(env: dict[str, str], users: UserRepository) -> None:
    await users.arrive(ANN, NOW, 7)
    assert await audit(env) == (0, "The books are right.\n")


async def test_a_balance_that_was_edited_by_hand_is_named(env: dict[str, str], users: UserRepository) -> None:
    await users.arrive(ANN, NOW, 7)
    async with users.database.transaction() as connection:
        await connection.execute(text("UPDATE users SET balance = 400 WHERE tg_id = 7"))
    code, said = await audit(env)
    assert code == 1
    assert said == "every wallet equals its balance: user 7: balance 400.00, ledger 0\n1 broken.\n"


async def test_a_database_that_does_not_answer_is_no_clean_audit(env: dict[str, str]) -> None:
    code, said = await audit(env | {"DATABASE_PORT": "1"})
    assert (code, said) == (2, "")
