"""The tables. Owns shapes and constraints; no query, no rule. Every change of a table is a migration."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Rub = Annotated[Decimal, mapped_column(Numeric(14, 2))]
RubPerCoin = Annotated[Decimal, mapped_column(Numeric(18, 6))]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Key = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
TgRef = Annotated[int, mapped_column(BigInteger, ForeignKey("users.tg_id", ondelete="RESTRICT"))]


LIVING = "status IN ('creating', 'active')"


class Base(DeclarativeBase):
    """The common registry, with constraint names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class User(Base):
    """An account. `balance` is the projection of its wallet in the ledger, moved in the same transaction."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("balance >= 0", name="balance_not_negative"),
        CheckConstraint("tg_id > 0", name="tg_id_positive"),
    )

    tg_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    language: Mapped[str] = mapped_column(Text, server_default="ru")
    first_name: Mapped[str] = mapped_column(Text, server_default="")
    username: Mapped[str | None] = mapped_column(Text)
    balance: Mapped[Rub] = mapped_column(server_default="0")
    subscription_end: Mapped[Instant | None]
    active_plan: Mapped[str | None] = mapped_column(Text)
    max_configs: Mapped[int] = mapped_column(Integer, server_default="0")
    is_banned: Mapped[bool] = mapped_column(server_default=text("false"))
    ban_reason: Mapped[str | None] = mapped_column(Text)
    gone_at: Mapped[Instant | None]
    created_at: Mapped[Instant]


class TrialGrant(Base):
    """A trial that was given. Keyed by a hash of the Telegram id, so that it outlives the account."""

    __tablename__ = "trial_grants"

    account_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    granted_at: Mapped[Instant]


class Referral(Base):
    """Who brought whom, once; the bonus is in the ledger under referral:{referee_id}."""

    __tablename__ = "referrals"
    __table_args__ = (CheckConstraint("referee_id <> referrer_id", name="not_oneself"),)

    referee_id: Mapped[TgRef] = mapped_column(primary_key=True)
    referrer_id: Mapped[TgRef] = mapped_column(index=True)
    created_at: Mapped[Instant]
    bonus: Mapped[Rub | None]
    bonus_for: Mapped[str | None] = mapped_column(Text)
    bonus_paid_at: Mapped[Instant | None]


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
    comment: Mapped[str] = mapped_column(Text, unique=True)
    nano: Mapped[int] = mapped_column(BigInteger)
    rate: Mapped[RubPerCoin]
    rate_source: Mapped[str] = mapped_column(Text)
    rate_at: Mapped[Instant]
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    confirmed_at: Mapped[Instant | None]


class PaymentTombstone(Base):
    """What is left of a swept invoice, so that a transfer on day 80 still finds its owner."""

    __tablename__ = "payment_tombstones"

    comment: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    user_id: Mapped[TgRef]
    method: Mapped[str] = mapped_column(Text)
    amount: Mapped[Rub]
    nano: Mapped[int] = mapped_column(BigInteger)
    rate: Mapped[RubPerCoin]
    created_at: Mapped[Instant]


class TonTransaction(Base):
    """A receipt: one transaction of the wallet, stored before it is judged, never deleted."""

    __tablename__ = "ton_transactions"
    __table_args__ = (
        UniqueConstraint("account", "lt"),
        CheckConstraint("status IN ('credited', 'unmatched', 'ignored')", name="status_known"),
        CheckConstraint("(status = 'credited') = (credited IS NOT NULL)", name="credited_has_amount"),
        CheckConstraint("(status = 'credited') = (rate IS NOT NULL)", name="credited_has_rate"),
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


class ChainCursor(Base):
    """How far a wallet's history is stored. Moves in the transaction that stores it."""

    __tablename__ = "chain_cursors"

    account: Mapped[str] = mapped_column(Text, primary_key=True)
    lt: Mapped[int] = mapped_column(BigInteger)
    scanned_at: Mapped[Instant | None]


class Purchase(Base):
    """A plan that was bought, with what it was at that moment. `intent` is minted by the screen."""

    __tablename__ = "purchases"
    __table_args__ = (UniqueConstraint("user_id", "intent"),)

    id: Mapped[Key]
    user_id: Mapped[TgRef]
    intent: Mapped[str] = mapped_column(Text)
    plan_key: Mapped[str] = mapped_column(Text)
    days: Mapped[int] = mapped_column(Integer)
    price: Mapped[Rub]
    subscription_end: Mapped[Instant]
    created_at: Mapped[Instant]


class Promocode(Base):
    """A code that gives a discount, rubles or days, within its limits."""

    __tablename__ = "promocodes"
    __table_args__ = (
        CheckConstraint("kind IN ('percent', 'balance', 'days')", name="kind_known"),
        CheckConstraint("value > 0", name="value_positive"),
        CheckConstraint("used >= 0 AND (most_uses IS NULL OR used <= most_uses)", name="within_limit"),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    value: Mapped[Rub]
    most_uses: Mapped[int | None] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer, server_default="0")
    valid_until: Mapped[Instant | None]
    created_at: Mapped[Instant] = mapped_column(server_default=text("now()"))


class MarzbanInstance(Base):
    """A panel. `password` is plain only until the next pass over the table seals it."""

    __tablename__ = "marzban_instances"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str] = mapped_column(Text, unique=True)
    username: Mapped[str] = mapped_column(Text)
    password: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    priority: Mapped[int] = mapped_column(Integer, server_default="100")
    excluded_node_names: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    created_at: Mapped[Instant] = mapped_column(server_default=text("now()"))


class Server(Base):
    """Deprecated: the single-server past. Its configs stay readable and deletable; new ones never use it."""

    __tablename__ = "servers"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str] = mapped_column(Text)


class Config(Base):
    """A VPN config: what should be, and how far the panel has followed. Deleted rows stay as tombstones.

    A living config holds one of the account's numbered slots: the unique index is what limits their number.
    """

    __tablename__ = "configs"
    __table_args__ = (
        UniqueConstraint("user_id", "intent"),
        CheckConstraint("status IN ('creating', 'active', 'deleting', 'deleted')", name="status_known"),
        CheckConstraint("status <> 'active' OR link IS NOT NULL", name="active_has_link"),
        CheckConstraint("instance_id IS NULL OR server_id IS NULL", name="one_home"),
        Index("uq_configs_slot", "user_id", "slot", unique=True, postgresql_where=text(LIVING)),
        Index("ix_configs_due", "next_attempt_at", postgresql_where=text("is_due")),
    )

    id: Mapped[Key]
    user_id: Mapped[TgRef]
    intent: Mapped[str] = mapped_column(Text)
    slot: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="creating")
    instance_id: Mapped[str | None] = mapped_column(
        Text, ForeignKey("marzban_instances.id", ondelete="RESTRICT"), index=True
    )
    server_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("servers.id", ondelete="RESTRICT"))
    marzban_username: Mapped[str] = mapped_column(Text, unique=True)
    subscription_url: Mapped[str | None] = mapped_column(Text)
    link: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[Instant]
    revision: Mapped[int] = mapped_column(BigInteger, server_default="1")
    is_due: Mapped[bool] = mapped_column(server_default=text("true"))
    next_attempt_at: Mapped[Instant]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[Instant]
    deleted_at: Mapped[Instant | None]


class Notice(Base):
    """Something a person is to be told, promised in the transaction that made it true."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_due", "next_attempt_at", postgresql_where=text("sent_at IS NULL")),)

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(Text, unique=True)
    recipient: Mapped[TgRef]
    kind: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[Instant]
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]
