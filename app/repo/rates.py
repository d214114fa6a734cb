"""What assets were worth, by the minute. Learns no rate and values no transfer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from app.failpoints import failpoint
from app.repo.sql import statement
from app.services.records import Rate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from app.domain.assets import Asset
    from app.repo.db import Database

NOTE = statement(
    """
    INSERT INTO rate_history (asset, at, rub, source)
    SELECT :asset, date_trunc('minute', r.at), r.rub, r.source
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (at timestamptz, rub numeric(18, 6), source text)
    ON CONFLICT DO NOTHING
    """
)
# The longest stretch without a rate between two moments.
HOLES = statement(
    """
    SELECT "from", "to" FROM (
        SELECT at AS "to", lag(at) OVER (ORDER BY at) AS "from" FROM (
            SELECT at FROM rate_history WHERE asset = :asset AND at > :since AND at < :until
            UNION ALL SELECT :since UNION ALL SELECT :until) moments) stretches
    WHERE "to" - "from" >= CAST(:near AS interval) ORDER BY "to" - "from" DESC LIMIT 1
    """
)
PRUNE = statement(
    "WITH gone AS (DELETE FROM rate_history WHERE at < :before RETURNING 1) SELECT count(*) AS gone FROM gone"
)
NEWEST = statement("SELECT at, rub, source FROM rate_history WHERE asset = :asset ORDER BY at DESC LIMIT 1")


class RateRepository:
    """Implements ports.RateHistory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, asset: Asset, rates: Sequence[Rate]) -> None:
        """Keep rates of an asset, the first of each minute."""
        rows = [{"at": rate.fetched_at.isoformat(), "rub": str(rate.rub), "source": rate.source} for rate in rates]
        await self._database.run(NOTE, {"asset": asset.value, "rows": json.dumps(rows)})
        failpoint("rate.noted")

    async def hole(
        self, asset: Asset, since: datetime, until: datetime, near: timedelta
    ) -> tuple[datetime, datetime] | None:
        """The longest stretch between two moments that has no rate for `near` or longer; None where there is none."""
        params = {"asset": asset.value, "since": since, "until": until, "near": near}
        rows = await self._database.run(HOLES, params)
        return (rows[0][0], rows[0][1]) if rows else None

    async def newest(self, asset: Asset) -> Rate | None:
        """The last rate that was noted, to the minute."""
        rows = await self._database.run(NEWEST, {"asset": asset.value})
        return Rate(rows[0].rub, rows[0].source, rows[0].at) if rows else None

    async def prune(self, before: datetime) -> int:
        """Forget what was noted before `before`; how many rows."""
        rows = await self._database.run(PRUNE, {"before": before})
        failpoint("rate.forgotten")
        return int(rows[0].gone)
