"""The tables of bans and of support: topics, tickets, messages that go across. Shapes and constraints only."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant, Key, TgRef


class Ban(Base):
    """Why somebody was shut out, by whom and until when (None: for good); one stands at a time, as users.is_banned."""

    __tablename__ = "bans"
    __table_args__ = (
        CheckConstraint("until > banned_at", name="ends_later"),
        Index("uq_bans_standing", "user_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
    )

    id: Mapped[Key]
    user_id: Mapped[TgRef]
    reason: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text)
    banned_at: Mapped[Instant]
    until: Mapped[Instant | None]
    lifted_at: Mapped[Instant | None]


class SupportTopic(Base):
    """The topic of a person in an operators' group; the row stands before the topic is made, which names it then."""

    __tablename__ = "support_topics"
    __table_args__ = (UniqueConstraint("chat_id", "thread_id"),)

    user_id: Mapped[TgRef] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    is_closed: Mapped[bool] = mapped_column(server_default=text("false"))


class SupportTicket(Base):
    """One concern of a person's, one open at a time; `entry` names the entry of the history that it is about.

    `is_untold`: the person closed it, and operators have not been told yet.
    """

    __tablename__ = "support_tickets"
    __table_args__ = (
        CheckConstraint("category IN ('payment', 'vpn', 'other')", name="category_known"),
        Index("ix_support_tickets_user", "user_id", "id"),
        Index("uq_support_tickets_open", "user_id", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_support_tickets_untold", "id", postgresql_where=text("is_untold")),
    )

    id: Mapped[Key]
    user_id: Mapped[TgRef]
    category: Mapped[str] = mapped_column(Text)
    entry: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[Instant]
    carded_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    is_untold: Mapped[bool] = mapped_column(server_default=text("false"))


class SupportMessage(Base):
    """A message that goes across, once for its chat and id: stored before it is copied, `copy_id` once it was."""

    __tablename__ = "support_messages"
    __table_args__ = (
        UniqueConstraint("chat_id", "message_id"),
        CheckConstraint("status IN ('due', 'sent', 'failed')", name="status_known"),
        CheckConstraint("(status = 'sent') = (copy_id IS NOT NULL)", name="sent_has_copy"),
        Index("ix_support_messages_due", "next_attempt_at", postgresql_where=text("status = 'due'")),
        Index("ix_support_messages_ticket", "ticket_id", "id"),
    )

    id: Mapped[Key]
    ticket_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("support_tickets.id", ondelete="CASCADE"))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger)
    is_answer: Mapped[bool]
    author: Mapped[int | None] = mapped_column(BigInteger)
    reply_to: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default="due")
    copy_id: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[Instant]
    created_at: Mapped[Instant]
