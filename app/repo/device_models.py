"""The tables of device limits: what fetched a config's link, and configs that are paused. Shapes; no query, no rule."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant, Key


class Device(Base):
    """What fetched a config's subscription link; `mark` is a keyed hash of what the device or the app calls itself.

    One that names itself is counted and holds a place; others stand here to be shown. They go with the link.
    """

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("config_id", "mark"),)

    id: Mapped[Key]
    config_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("subscription_links.config_id", ondelete="CASCADE"))
    mark: Mapped[str] = mapped_column(Text)
    is_counted: Mapped[bool]
    app: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    system: Mapped[str] = mapped_column(Text)
    first_seen_at: Mapped[Instant]
    seen_at: Mapped[Instant]


class AddressPause(Base):
    """A time in which a config is switched off on its panel for too many addresses: wanted, paused, over.

    The user on the panel is named here, since the config may move or go meanwhile. One at a time for a config.
    """

    __tablename__ = "address_pauses"
    __table_args__ = (
        CheckConstraint("status IN ('wanted', 'paused', 'over')", name="status_known"),
        CheckConstraint("status <> 'paused' OR ends_at IS NOT NULL", name="paused_has_end"),
        Index("uq_address_pauses_open", "config_id", unique=True, postgresql_where=text("status <> 'over'")),
        Index("ix_address_pauses_due", "next_attempt_at", postgresql_where=text("status <> 'over'")),
    )

    id: Mapped[Key]
    config_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("configs.id", ondelete="CASCADE"))
    instance_id: Mapped[str] = mapped_column(Text)
    username: Mapped[str] = mapped_column(Text)
    addresses: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(Text, server_default="wanted")
    outcome: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant]
    paused_at: Mapped[Instant | None]
    ends_at: Mapped[Instant | None]
    over_at: Mapped[Instant | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[Instant]
    last_error: Mapped[str | None] = mapped_column(Text)
