"""The tables of promo codes and gifts, and of days that were given. Shapes and constraints only; no query, no rule."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant, Key, Rub, TgRef

RESERVED = "status = 'reserved'"


class Promocode(Base):
    """A code that gives a discount, rubles or days, within its limits. `used` counts what is reserved, too."""

    __tablename__ = "promocodes"
    __table_args__ = (
        CheckConstraint("kind IN ('percent', 'balance', 'days')", name="kind_known"),
        CheckConstraint("value > 0", name="value_positive"),
        CheckConstraint("used >= 0 AND (most_uses IS NULL OR used <= most_uses)", name="within_limit"),
        CheckConstraint("code ~ '^[A-Z0-9]{3,32}$'", name="code_normal"),
        CheckConstraint("kind <> 'percent' OR (value < 100 AND value = trunc(value))", name="percent_leaves_a_price"),
        CheckConstraint("kind <> 'days' OR value = trunc(value)", name="days_are_whole"),
        CheckConstraint("per_person > 0", name="per_person_positive"),
        CheckConstraint("valid_from < valid_until", name="window_not_empty"),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    value: Mapped[Rub]
    most_uses: Mapped[int | None] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer, server_default="0")
    per_person: Mapped[int] = mapped_column(Integer, server_default="1")
    valid_from: Mapped[Instant | None]
    valid_until: Mapped[Instant | None]
    first_purchase: Mapped[bool] = mapped_column(server_default=text("false"))
    stopped_at: Mapped[Instant | None]
    created_at: Mapped[Instant] = mapped_column(server_default=text("now()"))


class PromoUse(Base):
    """One use of a code by one person, with what the code promised. A discount waits here until a purchase burns it.

    The unique numbers hold the limit per person, the unique index the single discount that waits.
    """

    __tablename__ = "promo_uses"
    __table_args__ = (
        UniqueConstraint("code", "user_id", "number"),
        UniqueConstraint("user_id", "intent"),
        CheckConstraint("status IN ('reserved', 'used')", name="status_known"),
        CheckConstraint(
            "status <> 'reserved' OR (kind = 'percent' AND holds_until IS NOT NULL)", name="only_a_discount_waits"
        ),
        CheckConstraint("(status = 'used') = (used_at IS NOT NULL)", name="used_has_time"),
        CheckConstraint("number > 0", name="number_positive"),
        Index("uq_promo_uses_reserved", "user_id", unique=True, postgresql_where=text(RESERVED)),
        Index("ix_promo_uses_lapsing", "holds_until", postgresql_where=text(RESERVED)),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(Text, ForeignKey("promocodes.code", ondelete="RESTRICT"))
    user_id: Mapped[TgRef]
    number: Mapped[int] = mapped_column(Integer)
    intent: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    value: Mapped[Rub]
    first_purchase: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str] = mapped_column(Text)
    holds_until: Mapped[Instant | None]
    created_at: Mapped[Instant]
    used_at: Mapped[Instant | None]


class PromoMiss(Base):
    """A code that somebody typed and that does not exist: too many within an hour are guesses."""

    __tablename__ = "promo_misses"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.tg_id", ondelete="CASCADE"), index=True)
    at: Mapped[Instant]


class Gift(Base):
    """A plan that was paid for somebody else. `code` is worth money until it is redeemed, once."""

    __tablename__ = "gifts"
    __table_args__ = (
        UniqueConstraint("giver_id", "intent"),
        CheckConstraint("(redeemed_by IS NULL) = (redeemed_at IS NULL)", name="redeemed_by_somebody"),
        CheckConstraint("discount = 0 OR (discount > 0 AND promo_use_id IS NOT NULL)", name="discount_has_its_code"),
    )

    id: Mapped[Key]
    giver_id: Mapped[TgRef]
    intent: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text, unique=True)
    plan_key: Mapped[str] = mapped_column(Text)
    days: Mapped[int] = mapped_column(Integer)
    max_configs: Mapped[int] = mapped_column(Integer)
    price: Mapped[Rub]
    discount: Mapped[Rub] = mapped_column(server_default="0")
    list_price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2), Computed("price + discount", persisted=True))
    promo_use_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("promo_uses.id", ondelete="RESTRICT"), unique=True
    )
    created_at: Mapped[Instant]
    redeemed_by: Mapped[TgRef | None]
    redeemed_at: Mapped[Instant | None]


class Grant(Base):
    """Days that were given rather than bought, under a business key that can exist once: promo:…, gift:…."""

    __tablename__ = "grants"
    __table_args__ = (CheckConstraint("days > 0", name="days_positive"),)

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(Text, unique=True)
    user_id: Mapped[TgRef] = mapped_column(index=True)
    days: Mapped[int] = mapped_column(Integer)
    subscription_end: Mapped[Instant]
    created_at: Mapped[Instant]
