"""Where owners want their configs, as remembered wishes and moves. Talks to no panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import NotFound
from app.failpoints import failpoint
from app.repo.sql import statement

if TYPE_CHECKING:
    from datetime import datetime

    from app.repo.db import Database

# A move that has its target goes on: the target may have the user already. Who wants the best anywhere is looked at by
# the move itself, which knows what is best.
WISH = statement(
    """
    WITH mine AS (
        SELECT c.id, c.instance_id, EXISTS (
                   SELECT FROM config_moves m WHERE m.config_id = c.id AND m.target IS NOT NULL) AS is_moving
        FROM configs c
        WHERE c.id = :config_id AND c.user_id = :tg_id AND c.status = 'active' AND c.instance_id IS NOT NULL FOR UPDATE
    ), wanted AS (
        UPDATE configs c SET country = :country FROM mine WHERE c.id = mine.id AND NOT mine.is_moving
        RETURNING c.id, c.instance_id
    ), moved AS (
        INSERT INTO config_moves (config_id, source, since, next_attempt_at, is_wished)
        SELECT w.id, w.instance_id, :now, :now, true FROM wanted w JOIN marzban_instances p ON p.id = w.instance_id
        WHERE :country IS NULL OR p.country IS DISTINCT FROM :country
        ON CONFLICT (config_id) DO UPDATE SET is_wished = true, next_attempt_at = :now
        WHERE config_moves.target IS NULL RETURNING config_id
    )
    SELECT is_moving, EXISTS (SELECT FROM moved) AS moves FROM mine
    """
)


class LocationRepository:
    """Implements services.locations.LocationStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def wish(self, tg_id: int, config_id: int, country: str | None, now: datetime) -> bool | None:
        """Remember where the person wants the config, and have it moved unless it stands there.

        Whether it moves; None where a move is under way. NotFound where it is another's or gone.
        """
        params = {"tg_id": tg_id, "config_id": config_id, "country": country, "now": now}
        rows = await self._database.run(WISH, params)
        failpoint("move.wished")
        if not rows:
            raise NotFound
        return None if rows[0].is_moving else bool(rows[0].moves)
