"""Requests to support as they are written, answered and closed. A message is stored once for its chat and id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.support import WITHIN, Kept, Ticket

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.repo.db import Database
    from app.services.support import Said, Subject
    from app.utils.redis import Cache

OPEN_OF = statement("SELECT id, user_id FROM support_tickets WHERE user_id = :tg_id AND closed_at IS NULL")
# The row of the topic is the intent to make one. Another subject than the open request has makes it that one's, with
# a new card: the receipt that is attached now is what operators should see.
KEEP = statement(
    """
    WITH lately AS (
        SELECT count(*) AS number, max(m.created_at) AS last_at,
               COALESCE(bool_or(m.chat_id = :chat_id AND m.message_id = :message_id), false) AS is_known
        FROM support_messages m JOIN support_tickets t ON t.id = m.ticket_id
        WHERE t.user_id = :tg_id AND NOT m.is_answer AND m.created_at > :since
    ), standing AS (
        SELECT id, category, entry FROM support_tickets WHERE user_id = :tg_id AND closed_at IS NULL
    ), turned AS (
        UPDATE support_tickets SET category = :category, entry = COALESCE(:entry, standing.entry), carded_at = NULL
        FROM standing, lately
        WHERE support_tickets.id = standing.id AND :category IS NOT NULL AND NOT is_known AND number < :most
              AND (standing.category, standing.entry)
                  IS DISTINCT FROM (:category, COALESCE(:entry, standing.entry))
    ), made AS (
        INSERT INTO support_tickets (user_id, category, entry, opened_at)
        SELECT :tg_id, :category, :entry, :now FROM lately
        WHERE :category IS NOT NULL AND NOT is_known AND number < :most AND NOT EXISTS (SELECT FROM standing)
        ON CONFLICT DO NOTHING RETURNING id
    ), ticket AS (
        SELECT id FROM standing UNION ALL SELECT id FROM made
    ), topic AS (
        INSERT INTO support_topics (user_id, chat_id) SELECT :tg_id, :group_id FROM ticket ON CONFLICT DO NOTHING
    ), kept AS (
        INSERT INTO support_messages (ticket_id, chat_id, message_id, is_answer, author, reply_to, next_attempt_at,
                                      created_at)
        SELECT ticket.id, :chat_id, :message_id, false, :author, :reply_to, :now, :now FROM ticket, lately
        WHERE number < :most ON CONFLICT DO NOTHING RETURNING id
    )
    SELECT ticket.id, EXISTS (SELECT FROM kept) AS is_kept, number, last_at FROM ticket, lately
    """
)
# An answer after the end opens the person's last request again: what they say to it then belongs there.
OF_TOPIC = """
    person AS (SELECT user_id FROM support_topics WHERE chat_id = :group_id AND thread_id = :thread_id),
    last AS (
        SELECT t.id, t.user_id, t.closed_at FROM support_tickets t JOIN person USING (user_id)
        ORDER BY t.id DESC LIMIT 1)
"""
ANSWER = statement(
    f"""
    WITH {OF_TOPIC}, kept AS (
        INSERT INTO support_messages (ticket_id, chat_id, message_id, is_answer, author, reply_to, next_attempt_at,
                                      created_at)
        SELECT id, :chat_id, :message_id, true, :author, :reply_to, :now, :now FROM last
        ON CONFLICT DO NOTHING RETURNING ticket_id
    ), opened AS (
        UPDATE support_tickets SET closed_at = NULL FROM kept
        WHERE support_tickets.id = kept.ticket_id AND closed_at IS NOT NULL
    )
    SELECT ticket_id FROM kept
    """  # noqa: S608 - constants
)
CLOSE = statement(
    f"""
    WITH {OF_TOPIC}, closed AS (
        UPDATE support_tickets SET closed_at = :now FROM last
        WHERE support_tickets.id = last.id AND support_tickets.closed_at IS NULL
        RETURNING support_tickets.id, support_tickets.user_id
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'ticket_closed:' || id || ':' || floor(extract(epoch FROM CAST(:now AS timestamptz))), user_id,
               'ticket_closed', jsonb_build_object('number', id::text), :now, :now
        FROM closed ON CONFLICT DO NOTHING
    )
    SELECT id, user_id FROM closed
    """  # noqa: S608 - constants
)
SOLVE = statement(
    "UPDATE support_tickets SET closed_at = :now, is_untold = true"
    " WHERE id = :ticket_id AND user_id = :tg_id AND closed_at IS NULL RETURNING id, user_id"
)


class SupportRepository(BaseRepository):
    """Implements services.support.SupportStore for one group of operators."""

    def __init__(self, database: Database, cache: Cache, group_id: int) -> None:
        super().__init__(database, cache)
        self._group_id = group_id

    async def open_of(self, tg_id: int) -> Ticket | None:
        """The person's open request."""
        rows = await self.database.run(OPEN_OF, {"tg_id": tg_id})
        return Ticket(*rows[0]) if rows else None

    async def keep(self, tg_id: int, said: Said, subject: Subject | None, now: datetime, most: int) -> Kept | None:
        """Store a person's message for operators, in the open request or in a new one about `subject`."""
        params = {
            **self._params(said, now),
            "tg_id": tg_id,
            "category": subject.category.value if subject is not None else None,
            "entry": subject.entry.text if subject is not None and subject.entry is not None else None,
            "since": now - WITHIN,
            "most": most,
        }
        rows = await self.database.run(KEEP, params)
        if not rows and subject is not None:  # two at once opened a request: it can be seen now
            rows = await self.database.run(KEEP, params)
        return Kept(*rows[0]) if rows else None

    async def answer(self, thread_id: int, said: Said, now: datetime) -> bool:
        """Store an operator's message for the person of that topic; whether there is one."""
        params = {**self._params(said, now), "thread_id": thread_id}

        async def answered(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(ANSWER, params)).fetchall())

        # In a unit, which looks again where its person opens another request at that moment.
        return await self.database.unit(answered)

    async def close(self, thread_id: int, now: datetime) -> Ticket | None:
        """Close the open request of a topic and promise its person word of it; None where none is open."""
        params = {"group_id": self._group_id, "thread_id": thread_id, "now": now}
        rows = await self.database.run(CLOSE, params)
        return Ticket(*rows[0]) if rows else None

    async def solve(self, tg_id: int, ticket_id: int, now: datetime) -> Ticket | None:
        """Close the person's own request, at their wish; None where it is another's or closed."""
        rows = await self.database.run(SOLVE, {"tg_id": tg_id, "ticket_id": ticket_id, "now": now})
        return Ticket(*rows[0]) if rows else None

    def _params(self, said: Said, now: datetime) -> dict[str, object]:
        return {
            "group_id": self._group_id,
            "chat_id": said.chat_id,
            "message_id": said.message_id,
            "author": said.author,
            "reply_to": said.reply_to,
            "now": now,
        }
