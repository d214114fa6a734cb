"""The tables of what renews itself and of reminders. Shapes and constraints only; no query, no rule."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant, Rub, TgRef


class Renewal(Base):
    """Who has their subscription renewed from the balance, and the plan as they agreed to it.

    `next_attempt_at` is infinity where nothing is to be tried until the end moves or, with `tried_end` being the end
    that was tried for, until money comes in: triggers look after both.
    """

    __tablename__ = "renewals"
    __table_args__ = (
        CheckConstraint("price > 0", name="price_positive"),
        Index("ix_renewals_due", "next_attempt_at"),
    )

    user_id: Mapped[TgRef] = mapped_column(primary_key=True)
    plan_key: Mapped[str] = mapped_column(Text)
    price: Mapped[Rub]
    days: Mapped[int] = mapped_column(Integer)
    max_configs: Mapped[int] = mapped_column(Integer)
    agreed_at: Mapped[Instant]
    next_attempt_at: Mapped[Instant]
    tried_end: Mapped[Instant | None]


class Reminder(Base):
    """One occasion to write to a person about one end of their subscription: the key is what makes it one.

    `attempted_at` is committed before the message leaves, and never taken back where it may have left.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        CheckConstraint("step IN ('soon', 'last', 'ended', 'missed', 'unrenewed')", name="step_known"),
        CheckConstraint("outcome IN ('sent', 'void', 'gone', 'refused', 'unknown')", name="outcome_known"),
        CheckConstraint("outcome IS NULL OR attempted_at IS NOT NULL", name="outcome_of_an_attempt"),
        Index("ix_reminders_due", "next_attempt_at", postgresql_where=text("attempted_at IS NULL")),
    )

    user_id: Mapped[TgRef] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(Text, primary_key=True)
    subscription_end: Mapped[Instant] = mapped_column(primary_key=True)
    created_at: Mapped[Instant]
    next_attempt_at: Mapped[Instant]
    attempted_at: Mapped[Instant | None]
    outcome: Mapped[str | None] = mapped_column(Text)


class ReminderScan(Base):
    """How far the ends of subscriptions were looked through for one step: everything up to this end and person."""

    __tablename__ = "reminder_scans"

    step: Mapped[str] = mapped_column(Text, primary_key=True)
    seen_end: Mapped[Instant]
    seen_id: Mapped[int] = mapped_column(BigInteger)
