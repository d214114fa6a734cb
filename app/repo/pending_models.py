"""The table of purchases that wait for the money of a payment. Shape and constraints only; no query, no rule."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant, Rub, TgRef


class PendingPurchase(Base):
    """A plan as it was shown, to be bought when money comes that names the payment; `promo_use` is the use shown.

    Money makes it due; a job looks at what is due, once. One that was short is looked at again with more money.
    `credited` is all that came for the payment, `paid_at` when what made it due did by its sender's clock.
    """

    __tablename__ = "pending_purchases"
    __table_args__ = (
        CheckConstraint(
            "status IN ('waiting', 'due', 'bought', 'short', 'changed', 'late', 'had', 'banned', 'cancelled')",
            name="status_known",
        ),
        CheckConstraint("price BETWEEN 0.01 AND list_price", name="price_within"),
        CheckConstraint("price = list_price OR promo_use IS NOT NULL", name="discount_has_its_code"),
        CheckConstraint(
            "status IN ('waiting', 'cancelled') OR due_at IS NOT NULL AND paid_at IS NOT NULL", name="money_has_time"
        ),
        CheckConstraint(
            "(status = 'bought') = (CASE WHEN is_gift THEN gift_id ELSE purchase_id END IS NOT NULL)",
            name="bought_is_a_sale",
        ),
        Index("ix_pending_purchases_due", "due_at", postgresql_where=text("status = 'due'")),
    )

    payment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("payments.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[TgRef]
    intent: Mapped[str] = mapped_column(Text)
    is_gift: Mapped[bool] = mapped_column(Boolean)
    plan_key: Mapped[str] = mapped_column(Text)
    days: Mapped[int] = mapped_column(Integer)
    max_configs: Mapped[int] = mapped_column(Integer)
    list_price: Mapped[Rub]
    price: Mapped[Rub]
    promo_use: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[Instant]
    status: Mapped[str] = mapped_column(Text, server_default="waiting")
    credited: Mapped[Rub] = mapped_column(server_default="0")
    paid_at: Mapped[Instant | None]
    due_at: Mapped[Instant | None]
    looks: Mapped[int] = mapped_column(Integer, server_default="0")
    purchase_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("purchases.id", ondelete="RESTRICT"), unique=True
    )
    gift_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("gifts.id", ondelete="RESTRICT"), unique=True)
