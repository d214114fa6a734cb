"""The tables of money: ledger, payments, receipts, purchases. Shapes and constraints only; no query, no rule."""

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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant, Key, Rub, RubPerCoin, TgRef


class LedgerAccount(Base):
    """One side of the books: wallet:{tg_id}, gateway:{method}, sales, bonuses, adjustments."""

    __tablename__ = "ledger_accounts"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("users.tg_id", ondelete="RESTRICT"), unique=True
    )


class LedgerTransaction(Base):
    """A movement of money under a business key that can exist once."""

    __tablename__ = "ledger_transactions"

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]


class LedgerEntry(Base):
    """One line of a movement; the lines of a movement sum to zero. A wallet's lines sum to its balance."""

    __tablename__ = "ledger_entries"
    __table_args__ = (CheckConstraint("amount <> 0", name="amount_not_zero"),)

    id: Mapped[Key]
    transaction_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger_transactions.id", ondelete="RESTRICT"), index=True
    )
    account: Mapped[str] = mapped_column(Text, ForeignKey("ledger_accounts.code", ondelete="RESTRICT"), index=True)
    amount: Mapped[Rub]


class Payment(Base):
    """A top-up. What was quoted is stored with it, so that later rates and prices change nothing."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("status IN ('pending', 'confirmed', 'failed')", name="status_known"),
        CheckConstraint("(status = 'confirmed') = (confirmed_at IS NOT NULL)", name="confirmed_has_time"),
        CheckConstraint("(status = 'failed') = (reason IS NOT NULL)", name="failed_has_reason"),
        CheckConstraint(
            "method NOT IN ('ton', 'usdt') OR (comment IS NOT NULL AND nano IS NOT NULL AND rate IS NOT NULL)",
            name="ton_is_whole",
        ),
        UniqueConstraint("method", "external_id"),
        Index("ix_payments_pending", "method", "expires_at", postgresql_where=text("status = 'pending'")),
        Index("ix_payments_unpaid", "created_at", postgresql_where=text("status = 'failed'")),
        Index("ix_payments_user", "user_id", "id"),
    )

    id: Mapped[Key]
    user_id: Mapped[TgRef]
    method: Mapped[str] = mapped_column(Text)
    amount: Mapped[Rub]
    status: Mapped[str] = mapped_column(Text, server_default="pending")
    reason: Mapped[str | None] = mapped_column(Text)
    comment: Mapped[str | None] = mapped_column(Text, unique=True)
    nano: Mapped[int | None] = mapped_column(BigInteger)
    stars: Mapped[int | None] = mapped_column(Integer)
    rate: Mapped[RubPerCoin | None]
    rate_source: Mapped[str | None] = mapped_column(Text)
    rate_at: Mapped[Instant | None]
    account: Mapped[str | None] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    pay_url: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    confirmed_at: Mapped[Instant | None]


class PaymentTombstone(Base):
    """What is left of a swept invoice, so that a transfer on day 80 still finds its owner."""

    __tablename__ = "payment_tombstones"

    payment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    comment: Mapped[str | None] = mapped_column(Text, unique=True)
    user_id: Mapped[TgRef]
    method: Mapped[str] = mapped_column(Text)
    amount: Mapped[Rub]
    nano: Mapped[int | None] = mapped_column(BigInteger)
    rate: Mapped[RubPerCoin | None]
    external_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant]


class TonTransaction(Base):
    """A receipt: one transaction of the wallet or of its jetton wallet, stored before it is judged, never deleted.

    `nano` are whole units of the asset: nanotons, or millionths of a USDT.
    """

    __tablename__ = "ton_transactions"
    __table_args__ = (
        UniqueConstraint("account", "lt"),
        CheckConstraint("status IN ('credited', 'unmatched', 'dismissed', 'ignored')", name="status_known"),
        CheckConstraint("(status = 'credited') = (credited IS NOT NULL)", name="credited_has_amount"),
        CheckConstraint("(status = 'credited') = (rate IS NOT NULL)", name="credited_has_rate"),
        CheckConstraint("asset IN ('ton', 'usdt')", name="asset_known"),
        Index("ix_ton_transactions_unmatched", "at", postgresql_where=text("status = 'unmatched'")),
    )

    hash: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    lt: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[Instant]
    source: Mapped[str | None] = mapped_column(Text)
    nano: Mapped[int] = mapped_column(BigInteger)
    comment: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    payment_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("payments.id", ondelete="RESTRICT"), index=True
    )
    user_id: Mapped[TgRef | None]
    credited: Mapped[Rub | None]
    rate: Mapped[RubPerCoin | None]
    seen_at: Mapped[Instant]
    asset: Mapped[str] = mapped_column(Text, server_default="ton")
    rate_source: Mapped[str | None] = mapped_column(Text)
    rate_at: Mapped[Instant | None]


class RateHistory(Base):
    """What an asset was worth, a row a minute at most: late money is credited at the rate of its own minute."""

    __tablename__ = "rate_history"
    __table_args__ = (CheckConstraint("rub > 0", name="rub_positive"),)

    asset: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[Instant] = mapped_column(primary_key=True)
    rub: Mapped[RubPerCoin]
    source: Mapped[str] = mapped_column(Text)


class Receipt(Base):
    """A receipt of a gateway other than the chain: one charge or one refund, stored as it is judged, never deleted."""

    __tablename__ = "receipts"
    __table_args__ = (
        CheckConstraint("direction IN ('in', 'out')", name="direction_known"),
        CheckConstraint("status IN ('credited', 'unmatched', 'dismissed')", name="status_known"),
        CheckConstraint("(status = 'credited') = (credited IS NOT NULL)", name="credited_has_amount"),
        CheckConstraint("(direction = 'out') = (charge IS NOT NULL)", name="refund_has_charge"),
        Index("ix_receipts_charge", "gateway", "charge", postgresql_where=text("direction = 'out'")),
        Index("ix_receipts_unmatched", "at", postgresql_where=text("status = 'unmatched'")),
        Index("ix_receipts_debt", "at", postgresql_where=text("debt > 0")),
    )

    gateway: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    direction: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("payments.id", ondelete="RESTRICT"), index=True
    )
    user_id: Mapped[TgRef | None]
    asset: Mapped[str] = mapped_column(Text)
    asset_amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    credited: Mapped[Rub | None]
    debt: Mapped[Rub] = mapped_column(server_default="0")
    charge: Mapped[str | None] = mapped_column(Text)
    at: Mapped[Instant]
    seen_at: Mapped[Instant]


class Refund(Base):
    """A refund that an operator asked for, stored before the provider is called; what it did is a receipt."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'done', 'refused')", name="status_known"),
        CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="closed_has_time"),
        Index("ix_refunds_open", "gateway", postgresql_where=text("status = 'open'")),
    )

    gateway: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    status: Mapped[str] = mapped_column(Text, server_default="open")
    asked_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]


class MoneyUpdate(Base):
    """An update of Telegram's that carries money: stored before it is acknowledged, handled from here."""

    __tablename__ = "money_updates"
    __table_args__ = (Index("ix_money_updates_due", "next_attempt_at", postgresql_where=text("handled_at IS NULL")),)

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[dict[str, object]] = mapped_column(JSONB)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[Instant]
    handled_at: Mapped[Instant | None]


class ChainCursor(Base):
    """How far a wallet's history is stored. Moves in the transaction that stores it."""

    __tablename__ = "chain_cursors"

    account: Mapped[str] = mapped_column(Text, primary_key=True)
    lt: Mapped[int] = mapped_column(BigInteger)
    scanned_at: Mapped[Instant | None]


class Purchase(Base):
    """A plan that was bought, with what it was at that moment. `intent` is minted by the screen.

    `price` is what was paid: the list price without the discount of the promo code's use.
    """

    __tablename__ = "purchases"
    __table_args__ = (
        UniqueConstraint("user_id", "intent"),
        CheckConstraint("discount = 0 OR (discount > 0 AND promo_use_id IS NOT NULL)", name="discount_has_its_code"),
    )

    id: Mapped[Key]
    user_id: Mapped[TgRef]
    intent: Mapped[str] = mapped_column(Text)
    plan_key: Mapped[str] = mapped_column(Text)
    days: Mapped[int] = mapped_column(Integer)
    price: Mapped[Rub]
    discount: Mapped[Rub] = mapped_column(server_default="0")
    list_price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2), Computed("price + discount", persisted=True))
    promo_use_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("promo_uses.id", ondelete="RESTRICT"), unique=True
    )
    subscription_end: Mapped[Instant]
    created_at: Mapped[Instant]
