"""Opens the stores: those of the settings, or the embedded ones where none are set. Falls back on nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import URL

from app.embedded.postgres import EmbeddedPostgres
from app.embedded.redis import OpenRedis, open_redis
from app.repo.db import Database, make_engine
from app.repo.redis_line import line_to
from app.utils.redis import Cache

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from config import Settings

log = structlog.get_logger(__name__)


class DatabaseDoesNotAnswer(Exception):
    """DATABASE_HOST is set and does not serve; the text names it, and no secret."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What the shop keeps things in, and how to let go of it."""

    engine: AsyncEngine
    database: Database
    cache: Cache
    redis: OpenRedis
    postgres: EmbeddedPostgres | None

    async def close(self) -> None:
        """Close connections, then stop what was started here."""
        await self.database.close()
        self.cache.close()
        await self.redis.close()
        if self.postgres is not None:
            await self.postgres.stop()


async def open_stores(settings: Settings, *, beside: bool = False) -> Stores:
    """PostgreSQL and Redis, answering; `beside` a running bot its embedded PostgreSQL is used while it lives.

    Raises DatabaseDoesNotAnswer, EmbeddedPostgresError, RedisUnavailable.
    """
    postgres = None if settings.database_host else EmbeddedPostgres(settings.data_dir / "postgres")
    try:
        url = _given(settings) if postgres is None else await _embedded(postgres, beside=beside)
        engine = make_engine(url, settings.database_pool)
        database = Database(engine)
        if not await database.answers():
            await database.close()
            raise DatabaseDoesNotAnswer(f"PostgreSQL at {url.host}:{url.port} does not answer as {url.username}")
        redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
        redis = await open_redis(
            redis_url, settings.data_dir / "redis", prefer_default=settings.redis_share_default
        )
    except BaseException:
        if postgres is not None:
            await postgres.stop()
        raise
    log.info("stores_open", postgres="embedded" if postgres else "given", redis=redis.kind)
    return Stores(engine, database, Cache(redis.client, line_to(redis.client)), redis, postgres)


def _given(settings: Settings) -> URL:
    password = settings.database_password
    return URL.create(
        "postgresql+asyncpg",
        settings.database_user,
        password.get_secret_value() if password else None,
        settings.database_host,
        settings.database_port,
        settings.database_name,
    )


async def _embedded(postgres: EmbeddedPostgres, *, beside: bool) -> URL:
    at = await postgres.start(attach=beside)
    # It speaks no TLS, so that asking for it would only cost each connection a round trip.
    return URL.create("postgresql+asyncpg", at.user, at.password, at.host, at.port, at.database, {"ssl": "disable"})
