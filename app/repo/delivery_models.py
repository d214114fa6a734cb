"""The table of prices that went back because nothing was delivered. Shape and constraints only; no query, no rule."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant, Key, Rub, TgRef


class PurchaseReturn(Base):
    """A purchase whose price went back, once: `debt` of it to what the buyer owed, the rest to the balance.

    `last_purchase` and `last_grant` are the newest of the buyer's at that moment, 0 where there is none. They say what
    came before it and what after: instants of two processes do not.
    """

    __tablename__ = "purchase_returns"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("debt BETWEEN 0 AND amount", name="debt_within"),
        CheckConstraint("subscription_end <= end_before", name="time_is_taken"),
    )

    id: Mapped[Key]
    purchase_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("purchases.id", ondelete="RESTRICT"), unique=True)
    user_id: Mapped[TgRef] = mapped_column(index=True)
    amount: Mapped[Rub]
    debt: Mapped[Rub]
    end_before: Mapped[Instant]
    subscription_end: Mapped[Instant]
    last_purchase: Mapped[int] = mapped_column(BigInteger)
    last_grant: Mapped[int] = mapped_column(BigInteger)
    asked_at: Mapped[Instant]
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant]
