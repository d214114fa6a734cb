"""The tables of the operator: what they did with money, what they are told, the audit's nights. Shapes only."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant, Key, Rub


class OperatorAct(Base):
    """What an operator did with money, written in the transaction that did it and never changed: `key` once."""

    __tablename__ = "operator_log"
    __table_args__ = (CheckConstraint("action IN ('assign', 'dismiss', 'adjust')", name="action_known"),)

    id: Mapped[Key]
    at: Mapped[Instant]
    who: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text, unique=True)
    user_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("users.tg_id", ondelete="RESTRICT"), index=True
    )
    amount: Mapped[Rub | None]
    reason: Mapped[str | None] = mapped_column(Text)


class OperatorNotice(Base):
    """Something every operator is to be told; `told` are those who were, `sent_at` is set when nobody is left."""

    __tablename__ = "operator_notices"
    __table_args__ = (Index("ix_operator_notices_due", "next_attempt_at", postgresql_where=text("sent_at IS NULL")),)

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    told: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'::bigint[]"))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[Instant]
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]


class AuditRun(Base):
    """A night's audit, claimed by the replica that inserts the row; the night is an ISO date."""

    __tablename__ = "audit_runs"

    night: Mapped[str] = mapped_column(Text, primary_key=True)
    started_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    broken: Mapped[int | None] = mapped_column(Integer)


class ProviderSighting(Base):
    """When a provider of payments last answered usefully."""

    __tablename__ = "provider_sightings"

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    heard_at: Mapped[Instant]
