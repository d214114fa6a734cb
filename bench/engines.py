"""Owns the engines of a bench run: a PostgreSQL with an empty, migrated database, and a private Redis."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import URL, text

from app.embedded.postgres import EmbeddedPostgres
from app.embedded.redis import OpenRedis, open_redis
from app.repo.db import Database, make_engine
from app.repo.init_db import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def open_engines(home: Path) -> AsyncIterator[tuple[URL, OpenRedis]]:
    """The address of the database, and the Redis; both are gone after the block."""
    async with AsyncExitStack() as stack:
        postgres = EmbeddedPostgres(home / "postgres")
        at = await postgres.start()
        stack.push_async_callback(postgres.stop)
        url = URL.create("postgresql+asyncpg", at.user, at.password, at.host, at.port, at.database)
        redis = await open_redis(None, home / "redis", prefer_default=False)
        stack.push_async_callback(redis.close)
        yield await stack.enter_async_context(another_database(url, "shop")), redis


@asynccontextmanager
async def another_database(server: URL, purpose: str) -> AsyncIterator[URL]:
    """An empty, migrated database of this run's own on the server; gone after the block."""
    name = f"bench_{purpose}_{os.getpid()}"
    admin = Database(make_engine(server.set(database="postgres"), 1))
    await admin.run(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))  # of a run that was killed
    await admin.run(text(f"CREATE DATABASE {name}"))
    try:
        database = Database(make_engine(server.set(database=name), 1))
        await migrate(database)
        await database.close()
        yield server.set(database=name)
    finally:
        await admin.run(text(f"DROP DATABASE {name} WITH (FORCE)"))
        await admin.close()
