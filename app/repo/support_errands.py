"""Messages of support on their way: leased in order for each person, with both sides' topics and copies."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.money import Money
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.history import EntryRef
from app.services.support import Category, Client, Errand

if TYPE_CHECKING:
    from datetime import datetime

    from app.repo.db import Database
    from app.utils.redis import Cache

# One that waits, or is with another worker, holds back those behind it: an answer must not overtake an answer.
# What a message replies to is either a copy of ours, whose original stands on the other side, or it was copied there.
CLAIM = statement(
    """
    WITH due AS (
        SELECT m.id FROM support_messages m JOIN support_tickets mine ON mine.id = m.ticket_id
        WHERE m.status = 'due' AND m.next_attempt_at <= :now
              AND NOT EXISTS (SELECT FROM support_messages earlier
                              JOIN support_tickets theirs ON theirs.id = earlier.ticket_id
                              WHERE theirs.user_id = mine.user_id AND earlier.status = 'due'
                              AND earlier.is_answer = m.is_answer AND earlier.id < m.id)
        ORDER BY m.id LIMIT :batch FOR UPDATE OF m SKIP LOCKED
    ), leased AS (
        UPDATE support_messages SET next_attempt_at = :lease_end, attempts = support_messages.attempts + 1
        FROM due WHERE support_messages.id = due.id RETURNING support_messages.*
    )
    SELECT m.id, m.ticket_id, m.chat_id, m.message_id, m.is_answer, m.attempts, t.user_id, u.first_name,
           topic.thread_id, COALESCE(topic.is_closed, false) AS is_topic_closed, t.carded_at IS NOT NULL AS is_carded,
           (SELECT CASE WHEN other.chat_id = m.chat_id THEN other.copy_id ELSE other.message_id END
            FROM support_messages other JOIN support_tickets theirs ON theirs.id = other.ticket_id
            WHERE theirs.user_id = t.user_id AND other.copy_id IS NOT NULL
                  AND ((other.chat_id = m.chat_id AND other.message_id = m.reply_to)
                       OR (other.is_answer <> m.is_answer AND other.copy_id = m.reply_to))
            ORDER BY other.id DESC LIMIT 1) AS reply_to
    FROM leased m JOIN support_tickets t ON t.id = m.ticket_id JOIN users u ON u.tg_id = t.user_id
    LEFT JOIN support_topics topic ON topic.user_id = t.user_id AND topic.chat_id = :group_id
    ORDER BY m.id
    """
)
CLIENT = statement(
    """
    SELECT u.tg_id, u.first_name, u.username, u.language, u.balance, u.subscription_end,
           CASE WHEN u.is_banned THEN COALESCE(u.ban_reason, '') END AS ban_reason, t.category, t.entry
    FROM support_tickets t JOIN users u ON u.tg_id = t.user_id WHERE t.id = :ticket_id
    """
)
SOLVED = statement(
    """
    UPDATE support_tickets t SET is_untold = false FROM support_topics topic
    WHERE is_untold AND topic.user_id = t.user_id AND topic.chat_id = :group_id
    RETURNING CASE WHEN NOT EXISTS (SELECT FROM support_tickets other
                                    WHERE other.user_id = t.user_id AND other.closed_at IS NULL)
              THEN topic.thread_id END AS thread_id
    """
)
TOPIC_MADE = statement(
    "UPDATE support_topics SET thread_id = :thread_id, is_closed = false"
    " WHERE user_id = :tg_id AND chat_id = :group_id"
)
TOPIC_LOST = statement(
    """
    WITH lost AS (
        UPDATE support_topics SET thread_id = NULL, is_closed = false
        WHERE chat_id = :group_id AND thread_id = :thread_id RETURNING user_id)
    UPDATE support_tickets SET carded_at = NULL FROM lost
    WHERE support_tickets.user_id = lost.user_id AND closed_at IS NULL
    """
)
TOPIC_TURNED = statement(
    "UPDATE support_topics SET is_closed = :is_closed WHERE chat_id = :group_id AND thread_id = :thread_id"
)
CARDED = statement("UPDATE support_tickets SET carded_at = :now WHERE id = :ticket_id")
SENT = statement("UPDATE support_messages SET status = 'sent', copy_id = :copy_id WHERE id = :errand_id")
FAILED = statement("UPDATE support_messages SET status = 'failed' WHERE id = :errand_id AND status = 'due'")
RETRY = statement("UPDATE support_messages SET next_attempt_at = :at WHERE id = :errand_id AND status = 'due'")


class SupportErrands(BaseRepository):
    """Implements services.support.Errands for one group of operators."""

    def __init__(self, database: Database, cache: Cache, group_id: int) -> None:
        super().__init__(database, cache)
        self._group_id = group_id

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[Errand]:
        """Lease up to `limit` messages, of each person the oldest question and answer."""
        lease_end = now + timedelta(seconds=lease_seconds)
        params = {"now": now, "lease_end": lease_end, "batch": limit, "group_id": self._group_id}
        return [Errand(*row) for row in await self.database.run(CLAIM, params)]

    async def client(self, ticket_id: int) -> Client:
        """Who asks, and what about."""
        (row,) = await self.database.run(CLIENT, {"ticket_id": ticket_id})
        return Client(
            tg_id=row.tg_id,
            name=row.first_name,
            username=row.username,
            language=row.language,
            balance=Money.rub(row.balance),
            subscription_end=row.subscription_end,
            ban_reason=row.ban_reason,
            category=Category(row.category),
            entry=EntryRef.of(row.entry) if row.entry else None,
        )

    async def take_solved(self) -> list[int]:
        """The topics of requests that their persons have closed, once each."""
        rows = await self.database.run(SOLVED, {"group_id": self._group_id})
        return [row.thread_id for row in rows if row.thread_id is not None]

    async def topic_made(self, tg_id: int, thread_id: int) -> None:
        """The person has this topic from now on."""
        params = {"tg_id": tg_id, "group_id": self._group_id, "thread_id": thread_id}
        await self.database.run(TOPIC_MADE, params)

    async def topic_lost(self, thread_id: int) -> None:
        """The topic is gone: the next message makes another, with a card of its own."""
        await self.database.run(TOPIC_LOST, {"group_id": self._group_id, "thread_id": thread_id})

    async def topic_turned(self, thread_id: int, *, is_closed: bool) -> None:
        """The topic was closed, or opened again."""
        params = {"group_id": self._group_id, "thread_id": thread_id, "is_closed": is_closed}
        await self.database.run(TOPIC_TURNED, params)

    async def carded(self, ticket_id: int, now: datetime) -> None:
        """Operators have the card of this request."""
        await self.database.run(CARDED, {"ticket_id": ticket_id, "now": now})

    async def sent(self, errand_id: int, copy_id: int) -> None:
        """The message was copied, and this is the copy."""
        await self.database.run(SENT, {"errand_id": errand_id, "copy_id": copy_id})

    async def failed(self, errand_id: int) -> None:
        """The message can never be copied."""
        await self.database.run(FAILED, {"errand_id": errand_id})

    async def retry(self, errand_id: int, at: datetime) -> None:
        """Copy it at `at`."""
        await self.database.run(RETRY, {"errand_id": errand_id, "at": at})
