"""Bans with their reasons. `users.is_banned`, which the statements that spend look at, moves in the same statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.bans import Ban

if TYPE_CHECKING:
    from datetime import datetime

BAN = statement(
    """
    WITH person AS (
        UPDATE users SET is_banned = true, ban_reason = :reason WHERE tg_id = :tg_id RETURNING tg_id
    ), ban AS (
        INSERT INTO bans (user_id, reason, who, banned_at, until)
        SELECT tg_id, :reason, :who, :now, :until FROM person
        ON CONFLICT (user_id) WHERE lifted_at IS NULL
        DO UPDATE SET reason = excluded.reason, who = excluded.who, until = excluded.until,
                      banned_at = excluded.banned_at
    )
    SELECT tg_id FROM person
    """
)
LIFT = statement(
    """
    WITH lifted AS (UPDATE bans SET lifted_at = :now WHERE user_id = :tg_id AND lifted_at IS NULL)
    UPDATE users SET is_banned = false, ban_reason = NULL WHERE tg_id = :tg_id AND is_banned RETURNING tg_id
    """
)
LAPSED = statement(
    """
    WITH lifted AS (
        UPDATE bans SET lifted_at = :now WHERE lifted_at IS NULL AND until <= :now RETURNING user_id)
    UPDATE users SET is_banned = false, ban_reason = NULL FROM lifted WHERE tg_id = lifted.user_id RETURNING tg_id
    """
)
STANDING = (
    "SELECT b.user_id, u.first_name, b.reason, b.who, b.banned_at, b.until"
    " FROM bans b JOIN users u ON u.tg_id = b.user_id WHERE b.lifted_at IS NULL"
)
OF = statement(f"{STANDING} AND b.user_id = :tg_id")
ALL = statement(f"{STANDING} ORDER BY b.banned_at DESC, b.id DESC")


class BanRepository(BaseRepository):
    """Implements services.bans.BanStore."""

    async def ban(self, tg_id: int, reason: str, who: str, now: datetime, until: datetime | None = None) -> bool:
        """Shut the person out, or change reason and end of the ban that stands; whether there is such an account."""
        params = {"tg_id": tg_id, "reason": reason, "who": who, "now": now, "until": until}
        rows = await self.database.run(BAN, params)
        await self.drop_account(tg_id, parts=("profile",))
        return bool(rows)

    async def lift(self, tg_id: int, now: datetime) -> bool:
        """Let the person in again; whether they were banned."""
        rows = await self.database.run(LIFT, {"tg_id": tg_id, "now": now})
        await self.drop_account(tg_id, parts=("profile",))
        return bool(rows)

    async def of(self, tg_id: int) -> Ban | None:
        """The ban of this person that stands."""
        rows = await self.database.run(OF, {"tg_id": tg_id})
        return Ban(*rows[0]) if rows else None

    async def standing(self) -> list[Ban]:
        """All that stand, the newest first."""
        return [Ban(*row) for row in await self.database.run(ALL)]

    async def lift_lapsed(self, now: datetime) -> int:
        """Let in whose ban has ended; how many."""
        rows = await self.database.run(LAPSED, {"now": now})
        if rows:
            await self.drop_account(*(row.tg_id for row in rows), parts=("profile",))
        return len(rows)
