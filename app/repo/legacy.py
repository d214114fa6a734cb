"""What the single-server past has left: servers with their configs, and the wish to move these to panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.legacy import LegacyServer, Moved

if TYPE_CHECKING:
    from datetime import datetime

# A config follows its account once it is on a panel. Where that would end it sooner than it ends now, or at once, it
# stays where it is.
MOVABLE = """
    c.server_id IS NOT NULL AND c.status = 'active' AND u.subscription_end > :now
    AND u.subscription_end >= c.expires_at
"""
LISTING = statement(
    f"""
    SELECT s.id, s.name, s.base_url,
           count(c.id) FILTER (WHERE c.status IN ('creating', 'active')) AS configs,
           count(c.id) FILTER (WHERE {MOVABLE}) AS movable,
           (SELECT count(*) FROM configs m WHERE m.moved_from = s.id) AS moved,
           (SELECT count(*) FROM configs m WHERE m.moved_from = s.id AND m.is_due) AS moving
    FROM servers s LEFT JOIN configs c ON c.server_id = s.id LEFT JOIN users u ON u.tg_id = c.user_id
    GROUP BY s.id ORDER BY s.id
    """  # noqa: S608 - constants
)
# The row stays, and with it the link that the shop serves; its old key is shown until a panel has made the new one.
# A name of our own is safe on any panel, which those of the past need not be. A purchase and a deletion at the same
# moment have the row first or see it moved; the account is held, so that its end is the one that is written.
MOVE = statement(
    f"""
    WITH chosen AS (
        SELECT c.id, c.user_id, c.server_id, u.subscription_end
        FROM configs c JOIN users u ON u.tg_id = c.user_id
        WHERE {MOVABLE} AND c.id > :config_id AND (CAST(:server_id AS bigint) IS NULL OR c.server_id = :server_id)
        ORDER BY c.id LIMIT :batch FOR UPDATE OF c SKIP LOCKED FOR SHARE OF u SKIP LOCKED
    )
    UPDATE configs SET server_id = NULL, moved_from = chosen.server_id, instance_id = :instance_id,
           marzban_username = 'o' || chosen.user_id || '_' || left(replace(gen_random_uuid()::text, '-', ''), 8),
           expires_at = chosen.subscription_end, delivered_at = NULL, revision = revision + 1, is_due = true,
           attempts = 0, last_error = NULL, message_id = NULL, next_attempt_at = :now
    FROM chosen WHERE configs.id = chosen.id RETURNING configs.id, configs.user_id
    """  # noqa: S608 - constants
)
PANEL = statement("SELECT id FROM marzban_instances WHERE id = :instance_id AND is_active")


class LegacyRepository(BaseRepository):
    """Implements services.legacy.LegacyStore."""

    async def servers(self, now: datetime) -> list[LegacyServer]:
        """Every legacy server with what is on it, what can move and what has."""
        rows = await self.database.run(LISTING, {"now": now})
        return [LegacyServer(*row) for row in rows]

    async def has_panel(self, instance_id: str) -> bool:
        """Whether there is such a panel in service."""
        return bool(await self.database.run(PANEL, {"instance_id": instance_id}))

    async def move(
        self, after: int, server_id: int | None, instance_id: str | None, limit: int, now: datetime
    ) -> Moved:
        """Have up to `limit` configs with a higher number than `after` made on a panel, the best where none is named.

        One transaction; what has moved is found no more.
        """
        params = {
            "config_id": after, "server_id": server_id, "instance_id": instance_id, "batch": limit, "now": now
        }  # fmt: skip
        rows = await self.database.run(MOVE, params)
        failpoint("legacy.moved")
        if rows:
            await self.drop_account(*{row.user_id for row in rows}, parts=("configs",))
        return Moved(len(rows), max((row.id for row in rows), default=after))
