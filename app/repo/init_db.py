"""Brings the schema to the newest migration and seeds what a first start needs. Never creates tables beside Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.services.records import PanelAccess

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
MIGRATION_LOCK = 0x0B17_0001


def alembic_config(connection: Connection | None = None) -> AlembicConfig:
    """Alembic's configuration without an ini file; it runs on `connection`."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def migrate(database: Database, revision: str = "head") -> None:
    """Bring the schema to `revision`. Replicas that start at once wait for each other by an advisory lock."""
    async with database.transaction() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), revision))


async def revisions(database: Database) -> tuple[str | None, str | None]:
    """The revision that the database has, None where it was never migrated, and the newest one there is."""
    newest = ScriptDirectory.from_config(alembic_config()).get_current_head()
    async with database.transaction() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision()), newest


async def seed_panel(database: Database, panel: PanelAccess) -> bool:
    """Add the panel of the environment where the table has none of that id; whether it was added."""
    rows = await database.run(
        text(
            "INSERT INTO marzban_instances (id, name, base_url, username, password)"
            " VALUES (:id, :name, :base_url, :username, :password) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {
            "id": panel.instance_id,
            "name": panel.name,
            "base_url": panel.base_url,
            "username": panel.username,
            "password": panel.password,
        },
    )
    return bool(rows)
