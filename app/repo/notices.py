"""Notices that were promised in the transaction that made them true. Sends nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.failpoints import failpoint
from app.repo.base import AFTER_A_SALE, BaseRepository
from app.repo.sql import statement
from app.services.records import Notice, NoticeKind

if TYPE_CHECKING:
    from datetime import datetime

# What a notice may tell of, in the copies of accounts.
WITH_NEWS = (*AFTER_A_SALE, "configs")
# What is due is chosen in a part of its own: inside IN (…) the planner may choose anew for each row, past the limit.
CLAIM = statement(
    """
    WITH due AS (
        SELECT id FROM notices WHERE sent_at IS NULL AND next_attempt_at <= :now
        ORDER BY next_attempt_at, id LIMIT :batch FOR UPDATE SKIP LOCKED)
    UPDATE notices SET next_attempt_at = :lease_end, attempts = notices.attempts + 1
    FROM due, users
    WHERE notices.id = due.id AND users.tg_id = notices.recipient
    RETURNING notices.id, recipient, users.language, kind, facts, message_id, attempts
    """
)
SENT = statement("UPDATE notices SET sent_at = :now WHERE id = :notice_id")
RETRY = statement("UPDATE notices SET next_attempt_at = :at WHERE id = :notice_id AND sent_at IS NULL")


class NoticeRepository(BaseRepository):
    """Implements ports.NoticeStore."""

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[Notice]:
        """Lease up to `limit` unsent notices, oldest first."""
        lease_end = now + timedelta(seconds=lease_seconds)
        rows = await self.database.run(CLAIM, {"now": now, "lease_end": lease_end, "batch": limit})
        failpoint("notice.claimed")
        if rows:
            # Whoever made these true may have died before dropping the cache, and a notice invites to look.
            await self.drop_account(*{row.recipient for row in rows}, parts=WITH_NEWS)
        notices = [
            Notice(
                row.id, row.recipient, row.language, NoticeKind(row.kind), row.facts, row.message_id, row.attempts
            )
            for row in rows
        ]
        return sorted(notices, key=lambda notice: notice.id)

    async def sent(self, notice_id: int, now: datetime) -> None:
        """The notice was delivered, or can never be."""
        await self.database.run(SENT, {"notice_id": notice_id, "now": now})
        failpoint("notice.marked")

    async def retry(self, notice_id: int, at: datetime) -> None:
        """Deliver again at `at`."""
        await self.database.run(RETRY, {"notice_id": notice_id, "at": at})
        failpoint("notice.postponed")
