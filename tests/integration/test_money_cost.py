"""What money asks of PostgreSQL, counted at the wire: looks at providers while nobody pays, and what each event costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.idle import JOBS, idle_counts

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database


async def test_a_look_at_a_provider_where_nothing_happened_asks_the_database_once(
    database: Database, database_url: URL, redis: Redis, tmp_path: Path
) -> None:
    counts = await idle_counts(database_url, redis, tmp_path)
    assert {count.title: count.trips.postgres for count in counts} == dict.fromkeys(JOBS.values(), 1)
