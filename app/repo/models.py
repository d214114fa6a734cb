"""The tables. Owns shapes and constraints; no query, no rule. Every change of a table is a migration."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.repo.columns import Base, Instant, Key, Rub, TgRef
from app.repo.delivery_models import PurchaseReturn
from app.repo.device_models import AddressPause, Device
from app.repo.link_models import SubscriptionCopy, SubscriptionLink
from app.repo.money_models import (
    ChainCursor,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    MoneyUpdate,
    Payment,
    PaymentTombstone,
    Purchase,
    Receipt,
    Refund,
    TonTransaction,
)
from app.repo.move_models import ConfigLeftover, ConfigMove, PanelSighting, PanelSweep
from app.repo.operator_models import AuditRun, OperatorAct, OperatorNotice, ProviderSighting
from app.repo.pending_models import PendingPurchase
from app.repo.promo_models import Gift, Grant, Promocode, PromoMiss, PromoUse
from app.repo.renewal_models import Reminder, ReminderScan, Renewal
from app.repo.support_models import Ban, SupportMessage, SupportTicket, SupportTopic
from app.repo.traffic_models import ConfigCounter, ConfigTrafficDay

__all__ = [
    "AddressPause",
    "AuditRun",
    "Ban",
    "Base",
    "ChainCursor",
    "Config",
    "ConfigCounter",
    "ConfigLeftover",
    "ConfigMove",
    "ConfigTrafficDay",
    "Device",
    "Gift",
    "Grant",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "MarzbanInstance",
    "MoneyUpdate",
    "Notice",
    "OperatorAct",
    "OperatorNotice",
    "PanelSighting",
    "PanelSweep",
    "Payment",
    "PaymentTombstone",
    "PendingPurchase",
    "PromoMiss",
    "PromoUse",
    "Promocode",
    "ProviderSighting",
    "Purchase",
    "PurchaseReturn",
    "Receipt",
    "Referral",
    "Refund",
    "Reminder",
    "ReminderScan",
    "Renewal",
    "Server",
    "SubscriptionCopy",
    "SubscriptionLink",
    "SupportMessage",
    "SupportTicket",
    "SupportTopic",
    "TonTransaction",
    "TrialGrant",
    "User",
]

LIVING = "status IN ('creating', 'active')"
# In which order due configs go to panels: a customer waits for a new one, nobody for one that leaves a legacy server.
TURNS = ("(status <> 'creating')", "(moved_from IS NOT NULL AND delivered_at IS NULL)")


class User(Base):
    """An account. `balance` is the projection of its wallet in the ledger, moved in the same transaction."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("balance >= 0", name="balance_not_negative"),
        CheckConstraint("tg_id > 0", name="tg_id_positive"),
        Index("ix_users_ends", "subscription_end", "tg_id"),
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
    wants_reminders: Mapped[bool] = mapped_column(server_default=text("true"))


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


class MarzbanInstance(Base):
    """A panel. `password` is plain only until the next pass over the table seals it.

    `capacity` is how many active users it may have in all; null is no bound.
    What stands on one that is not active moves elsewhere, unless it `keeps_configs`. `country` is ISO 3166 alpha-2.
    """

    __tablename__ = "marzban_instances"
    __table_args__ = (
        CheckConstraint("kind IN ('marzban', 'pasarguard')", name="kind_known"),
        CheckConstraint("tls IN ('verify', 'insecure')", name="tls_known"),
        CheckConstraint("jsonb_typeof(access_profile) = 'object'", name="access_profile_is_object"),
        CheckConstraint("capacity > 0", name="capacity_positive"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_code"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str] = mapped_column(Text, unique=True)
    username: Mapped[str] = mapped_column(Text)
    password: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    priority: Mapped[int] = mapped_column(Integer, server_default="100")
    capacity: Mapped[int | None] = mapped_column(Integer)
    excluded_node_names: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    created_at: Mapped[Instant] = mapped_column(server_default=text("now()"))
    kind: Mapped[str] = mapped_column(Text, server_default="marzban")
    tls: Mapped[str] = mapped_column(Text, server_default="verify")
    ca_pem: Mapped[str | None] = mapped_column(Text)
    access_profile: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    keeps_configs: Mapped[bool] = mapped_column(server_default=text("false"))
    country: Mapped[str | None] = mapped_column(Text)


class Server(Base):
    """Deprecated: the single-server past. Its configs stay readable and deletable; new ones never use it."""

    __tablename__ = "servers"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str] = mapped_column(Text)


class Config(Base):
    """A VPN config: what should be, and how far the panel has followed. Deleted rows stay as tombstones.

    A living config holds one of the account's numbered slots: the unique index is what limits their number.
    `made_at` is when a panel last made its user, `delivered_at` when it first was in working order, `doomed_at` when it
    was wished away, `deleted_at` when it was gone from its panel. `moved_from` is the legacy server that it was on.
    `country` is where its owner wants it, null being the best panel wherever it is. `guide` is the system for which the
    message that waits is to become a guide, "ask" where that is still being asked.
    """

    __tablename__ = "configs"
    __table_args__ = (
        UniqueConstraint("user_id", "intent"),
        CheckConstraint("status IN ('creating', 'active', 'deleting', 'deleted')", name="status_known"),
        CheckConstraint("status <> 'active' OR link IS NOT NULL", name="active_has_link"),
        CheckConstraint("instance_id IS NULL OR server_id IS NULL", name="one_home"),
        Index("uq_configs_slot", "user_id", "slot", unique=True, postgresql_where=text(LIVING)),
        Index("ix_configs_due", "next_attempt_at", postgresql_where=text("is_due")),
        Index("ix_configs_turn", *map(text, TURNS), "next_attempt_at", postgresql_where=text("is_due")),
        Index("ix_configs_creating", "instance_id", postgresql_where=text("status = 'creating'")),
        Index("ix_configs_made", "made_at", postgresql_where=text("status = 'active'")),
        Index("ix_configs_server_id", "server_id", postgresql_where=text("server_id IS NOT NULL")),
        Index("ix_configs_standing", "instance_id", "id", postgresql_where=text("status = 'active'")),
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
    made_at: Mapped[Instant | None]
    deleted_at: Mapped[Instant | None]
    delivered_at: Mapped[Instant | None]
    doomed_at: Mapped[Instant | None]
    reported_at: Mapped[Instant | None]
    moved_from: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("servers.id", ondelete="SET NULL"))
    country: Mapped[str | None] = mapped_column(Text)
    guide: Mapped[str | None] = mapped_column(Text)


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
