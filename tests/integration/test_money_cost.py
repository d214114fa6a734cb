"""What money asks of PostgreSQL, counted: looks at providers while nobody pays, and a page that is settled."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from app.domain.money import Money
from app.domain.rates import NEAR
from app.repo.settlement import SETTLE, _row
from app.repo.sql import statement
from bench.idle import JOBS, idle_counts
from tests.support.books import NOW, WALLET, Books, rate

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from app.utils.redis import Cache


async def test_a_look_at_a_provider_where_nothing_happened_asks_the_database_once(
    database: Database, database_url: URL, redis: Redis, tmp_path: Path
) -> None:
    counts = await idle_counts(database_url, redis, tmp_path)
    assert {count.title: count.trips.postgres for count in counts} == dict.fromkeys(JOBS.values(), 1)


async def test_a_page_is_settled_without_comparing_its_rows_with_each_other(database: Database, cache: Cache) -> None:
    books = Books(database, cache)
    await books.arrive(7)
    transfers = [books.transfer(await books.invoice()) for _ in range(200)]
    rows = json.dumps([_row(transfer) for transfer in transfers])
    params = {
        "rows": rows,
        "account": WALLET,
        "late_rate": rate().rub,
        "rate_source": "test",
        "rate_at": NOW,
        "near": NEAR,
        "now": NOW,
        "lt": transfers[-1].lt,
    }
    explained = statement(f"EXPLAIN (ANALYZE, FORMAT JSON) {SETTLE.text}")
    ((plan,),) = await database.run(explained, params)
    assert await books.balance() == Money.rub(200 * 400)
    compared = [int(found) for found in re.findall(r'"Rows Removed by Join Filter": (\d+)', json.dumps(plan))]
    assert sum(compared) < len(transfers)
