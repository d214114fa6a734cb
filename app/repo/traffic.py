"""Traffic of configs by the day: counted from panels' counters, read by owners, forgotten. Talks to no panel."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import NotFound
from app.failpoints import failpoint
from app.repo.sql import statement
from app.services.traffic import Counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from app.repo.db import Database
    from app.services.traffic import Reading

# What was used before the first reading ever is of no known day, unless the user is as young as this.
YOUNG = timedelta(days=1)

PANELS = statement(
    "SELECT i.id FROM marzban_instances i WHERE EXISTS"
    " (SELECT FROM configs c WHERE c.instance_id = i.id AND c.status = 'active') ORDER BY i.id"
)
STANDING = statement(
    "SELECT id, marzban_username FROM configs"
    " WHERE instance_id = :instance_id AND status = 'active' AND id > :after ORDER BY id LIMIT :batch"
)
# A counter goes on from what was read last. One that shows less was reset, and one of another panel began there: both
# count from zero. A reading that is older than the stored one says nothing new. Locked in one order, so that two
# replicas don't stop each other.
COUNT = statement(
    """
    WITH counted AS (
        INSERT INTO config_counters AS k (config_id, instance_id, used_bytes, limit_bytes, grown_bytes, read_at)
        SELECT c.id, :instance_id, r.used, NULLIF(r.most, 0),
               CASE WHEN c.made_at >= :since THEN r.used ELSE 0 END, :now
        FROM jsonb_to_recordset(CAST(:readings AS jsonb)) AS r (id bigint, used bigint, most bigint)
        JOIN configs c ON c.id = r.id AND c.instance_id = :instance_id AND c.status = 'active'
        ORDER BY c.id
        ON CONFLICT (config_id) DO UPDATE SET
            grown_bytes = CASE WHEN k.instance_id = excluded.instance_id AND k.used_bytes <= excluded.used_bytes
                               THEN excluded.used_bytes - k.used_bytes ELSE excluded.used_bytes END,
            instance_id = excluded.instance_id, used_bytes = excluded.used_bytes, limit_bytes = excluded.limit_bytes,
            read_at = excluded.read_at
        WHERE k.read_at < excluded.read_at AND (k.used_bytes, k.instance_id, k.limit_bytes)
              IS DISTINCT FROM (excluded.used_bytes, excluded.instance_id, excluded.limit_bytes)
        RETURNING config_id, grown_bytes
    )
    INSERT INTO config_traffic_days AS d (config_id, day, bytes)
    SELECT config_id, CAST(CAST(:now AS timestamptz) AT TIME ZONE 'UTC' AS date), grown_bytes
    FROM counted WHERE grown_bytes > 0
    ON CONFLICT (config_id, day) DO UPDATE SET bytes = d.bytes + excluded.bytes
    """
)
OF_OWNER = statement(
    """
    WITH mine AS (
        SELECT id, name FROM configs WHERE user_id = :tg_id AND status IN ('creating', 'active')
          AND (:config_id IS NULL OR id = :config_id)
    )
    SELECT d.day, CAST(sum(d.bytes) AS bigint) AS bytes, NULL AS name, NULL AS left_bytes, NULL AS is_bounded
    FROM mine JOIN config_traffic_days d ON d.config_id = mine.id WHERE d.day >= :day GROUP BY d.day
    UNION ALL
    SELECT NULL, count(*), min(mine.name), CAST(sum(GREATEST(0, k.limit_bytes - k.used_bytes)) AS bigint),
           bool_and(k.limit_bytes IS NOT NULL)
    FROM mine LEFT JOIN config_counters k ON k.config_id = mine.id
    """
)
FORGET = statement(
    """
    WITH old AS (SELECT config_id, day FROM config_traffic_days WHERE day < :day LIMIT :batch)
    DELETE FROM config_traffic_days d USING old WHERE d.config_id = old.config_id AND d.day = old.day
    RETURNING d.config_id
    """
)


class TrafficRepository:
    """Implements services.traffic.TrafficStore and panels.traffic.CounterStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def panels(self) -> list[str]:
        """The panels on which configs stand."""
        return [row.id for row in await self._database.run(PANELS)]

    async def standing(self, instance_id: str, after: int, limit: int) -> list[tuple[int, str]]:
        """Configs that stand on the panel with their users' names, by their ids, those behind `after`."""
        params = {"instance_id": instance_id, "after": after, "batch": limit}
        return [(row.id, row.marzban_username) for row in await self._database.run(STANDING, params)]

    async def count(self, instance_id: str, readings: Sequence[Reading], now: datetime) -> None:
        """Add to the day what the counters, read at `now`, show more than before; repeating it adds nothing."""
        found = json.dumps([{"id": one.config_id, "used": one.used, "most": one.limit or 0} for one in readings])
        params = {"instance_id": instance_id, "readings": found, "now": now, "since": now - YOUNG}
        await self._database.run(COUNT, params)
        failpoint("traffic.counted")

    async def of_owner(self, tg_id: int, config_id: int | None, day: date) -> Counted:
        """What the person's living configs, or this one, carried from that day on; NotFound where it is another's."""
        rows = await self._database.run(OF_OWNER, {"tg_id": tg_id, "config_id": config_id, "day": day})
        (whole,) = (row for row in rows if row.day is None)
        if config_id is not None and not whole.bytes:
            raise NotFound
        return Counted(
            name=whole.name if config_id is not None else None,
            bytes_of={row.day: row.bytes for row in rows if row.day is not None},
            left_bytes=whole.left_bytes if whole.is_bounded else None,
        )

    async def forget(self, day: date, most: int) -> int:
        """Forget up to `most` days of configs that were before that day; how many."""
        forgotten = len(await self._database.run(FORGET, {"day": day, "batch": most}))
        failpoint("traffic.forgotten")
        return forgotten
