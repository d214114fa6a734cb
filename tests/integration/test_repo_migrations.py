"""The schema's way up, down and up again, and that the models say what the migrations make."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, make_url, text

from app.repo.db import Database, make_engine
from app.repo.init_db import alembic_config, migrate
from app.repo.models import Base

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAME = f"migrations_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"


@pytest.fixture
async def bare() -> AsyncIterator[Database]:
    """A database in which nothing was ever made."""
    admin_url = make_url(os.environ["ORBIT_TEST_POSTGRES"])
    admin = Database(make_engine(admin_url, 1))
    await admin.run(text(f"CREATE DATABASE {NAME}"))
    database = Database(make_engine(admin_url.set(database=NAME), 4))
    yield database
    await database.close()
    await admin.run(text(f"DROP DATABASE {NAME} WITH (FORCE)"))
    await admin.close()


async def downgrade(database: Database, revision: str) -> None:
    async with database.transaction() as connection:
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), revision))


async def schema(database: Database) -> dict[str, list[str]]:
    """Everything of ours that stands in the database, by kind."""
    questions = {
        "columns": "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable"
        " FROM information_schema.columns WHERE table_schema = 'public'",
        "constraints": "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "functions": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "sequences": "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'",
        "accounts": "SELECT code FROM ledger_accounts",
    }
    ((is_there,),) = await database.run(text("SELECT to_regclass('ledger_accounts') IS NOT NULL"))
    if not is_there:
        del questions["accounts"]
    return {
        kind: sorted(row[0] for row in await database.run(text(question)) if "alembic_version" not in row[0])
        for kind, question in questions.items()
    }


async def test_up_down_and_up_again_ends_where_it_began(bare: Database) -> None:
    await migrate(bare)
    first = await schema(bare)
    await downgrade(bare, "base")
    assert {kind: things for kind, things in (await schema(bare)).items() if things} == {}
    await migrate(bare)
    assert await schema(bare) == first


async def test_each_step_can_be_taken_back_alone(bare: Database) -> None:
    await migrate(bare)
    steps = [(await schema(bare), "head")]
    while await bare.run(text("SELECT version_num FROM alembic_version")):
        await downgrade(bare, "-1")
        ((version,),) = await bare.run(text("SELECT max(version_num) FROM alembic_version"))
        steps.append((await schema(bare), version or "base"))
    for expected, version in reversed(steps[:-1]):
        await migrate(bare, version)
        assert await schema(bare) == expected


async def test_replicas_that_start_at_once_migrate_once(bare: Database) -> None:
    await asyncio.gather(*(migrate(bare) for _ in range(4)))
    assert len(await bare.run(text("SELECT version_num FROM alembic_version"))) == 1


async def test_migrating_what_is_migrated_changes_nothing(database: Database) -> None:
    before = await schema(database)
    await migrate(database)
    assert await schema(database) == before


async def test_the_models_say_what_the_migrations_make(database: Database) -> None:
    def difference(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))

    async with database.transaction() as connection:
        assert await connection.run_sync(difference) == []


async def test_every_check_of_the_models_stands_in_the_database(database: Database) -> None:
    rows = await database.run(
        text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace")
    )
    checks = {
        constraint.name
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert {row.conname for row in rows} == checks


async def test_all_instants_know_their_zone_and_no_money_is_a_float(database: Database) -> None:
    columns = await database.run(
        text("SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'")
    )
    types = {row.data_type for row in columns}
    assert types <= {"bigint", "integer", "text", "boolean", "numeric", "timestamp with time zone", "jsonb", "ARRAY",
                     "character varying", "date"}  # fmt: skip
