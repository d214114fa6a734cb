"""What passes between use cases and the outside: immutable records with units in their names. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.assets import Asset
from app.domain.money import Money
from app.domain.payment import FailReason, PaymentMethod, PaymentStatus
from app.domain.pending import Wish
from app.domain.promo import Discount


class ConfigStatus(StrEnum):
    """Where a config stands between the wish in the database and the panel."""

    CREATING = "creating"
    ACTIVE = "active"
    DELETING = "deleting"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What Telegram says of the person who pressed Start."""

    tg_id: int
    first_name: str
    username: str | None
    language: str
    inviter: int | None


@dataclass(frozen=True, slots=True)
class ConfigCard:
    """A config as lists show it."""

    id: int
    name: str
    status: ConfigStatus


@dataclass(frozen=True, slots=True)
class Account:
    """All that menus show of a person. May come from a cache: never a base for spending or for rights."""

    tg_id: int
    language: str
    first_name: str
    is_banned: bool
    balance: Money
    subscription_end: datetime | None
    active_plan: str | None
    configs: tuple[ConfigCard, ...] = ()
    discount: Discount | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """The outcome of /start."""

    account: Account
    is_new: bool
    trial_started: bool


@dataclass(frozen=True, slots=True)
class Config:
    """One config in full, for its owner only.

    `country` is where it stands (ISO 3166 alpha-2, None where nobody says), `wished_country` where its owner wants it,
    None being anywhere; `is_moving` while it is on its way there. `can_move` where there is a choice of countries.
    `sealed_token` is that of its link, where one was issued.
    """

    id: int
    owner: int
    name: str
    status: ConfigStatus
    instance_id: str | None
    username: str
    subscription_url: str | None = field(repr=False)
    link: str | None = field(repr=False)
    expires_at: datetime
    public_url: str | None = field(default=None, repr=False)
    is_delayed: bool = False
    country: str | None = None
    wished_country: str | None = None
    is_moving: bool = False
    can_move: bool = False
    sealed_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Traffic of one config in bytes; no limit is None."""

    used_bytes: int
    limit_bytes: int | None


class ConfigWork(StrEnum):
    """What a panel must be made to do for a config."""

    CREATE = "create"
    SYNC = "sync"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class ConfigJob:
    """A claimed piece of provisioning. `revision` fences: a result counts only while it still stands.

    `avoid` are panels from which a user of the config has yet to be removed; `country` is where its owner wants it.
    """

    config_id: int
    owner: int
    work: ConfigWork
    instance_id: str | None
    username: str
    expires_at: datetime
    revision: int
    attempts: int
    avoid: frozenset[str] = frozenset()
    country: str | None = None


class PanelKind(StrEnum):
    """What software a panel runs; the table takes these and no other."""

    MARZBAN = "marzban"
    PASARGUARD = "pasarguard"


class TlsMode(StrEnum):
    """Whether a panel must prove who it is; the exception is made for one panel, by its row."""

    VERIFY = "verify"
    INSECURE = "insecure"


@dataclass(frozen=True, slots=True)
class PanelAccess:
    """How to reach one active panel. The password is open here and must not be shown.

    `ca_pem` is trusted instead of the system's authorities. `access_profile` is read by the panel's adapter alone:
    which of what the panel offers the shop's users get.
    """

    instance_id: str
    name: str
    base_url: str
    username: str
    password: str = field(repr=False)
    priority: int
    excluded_node_names: frozenset[str]
    kind: PanelKind = PanelKind.MARZBAN
    tls: TlsMode = TlsMode.VERIFY
    ca_pem: str | None = field(default=None, repr=False)
    access_profile: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Rate:
    """Rubles for one whole coin or USDT, with where and when it was learned."""

    rub: Decimal
    source: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """What an invoice on TON asks for: units of its asset at a locked rate, to be sent with a comment."""

    nano: int
    rate: Rate
    comment: str


@dataclass(frozen=True, slots=True)
class NewPayment:
    """An invoice about to be stored; `wish` is what is to be bought when it is paid."""

    owner: int
    method: PaymentMethod
    amount: Money
    created_at: datetime
    expires_at: datetime
    quote: Quote | None = None
    stars: int | None = None
    account: str | None = None
    wish: Wish | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """A stored payment, for its owner only; `wish` is known while it is being opened."""

    id: int
    owner: int
    method: PaymentMethod
    amount: Money
    status: PaymentStatus
    reason: FailReason | None
    expires_at: datetime
    comment: str = ""
    nano: int = 0
    stars: int | None = None
    external_id: str | None = None
    pay_url: str | None = field(default=None, repr=False)
    account: str | None = None
    wish: Wish | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A bought plan."""

    plan_key: str
    days: int
    price: Money
    balance: Money
    subscription_end: datetime


class NoticeKind(StrEnum):
    """What a person is told without having asked just now."""

    PAYMENT_CONFIRMED = "payment_confirmed"
    PAYMENT_EXPIRED = "payment_expired"
    PAYMENT_REFUNDED = "payment_refunded"
    BALANCE_ADJUSTED = "balance_adjusted"
    REFERRAL_BONUS = "referral_bonus"
    GIFT_REDEEMED = "gift_redeemed"
    CONFIG_READY = "config_ready"
    CONFIG_DELAYED = "config_delayed"
    CONFIG_MOVED = "config_moved"
    CONFIG_LOCATED = "config_located"
    CONFIG_STAYED = "config_stayed"
    PURCHASE_RETURNED = "purchase_returned"
    PURCHASE_MADE = "purchase_made"
    PURCHASE_UNMADE = "purchase_unmade"
    CONFIG_PAUSED = "config_paused"
    RENEWED = "renewed"
    TICKET_CLOSED = "ticket_closed"


@dataclass(frozen=True, slots=True)
class Notice:
    """A stored wish to tell a person something; `message_id` names the message to edit, where there is one."""

    id: int
    recipient: int
    language: str
    kind: NoticeKind
    facts: dict[str, str]
    message_id: int | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """What to send where: `nano` units of `asset` (`coins` as people write them) to `address` with this `comment`."""

    payment_id: int
    method: PaymentMethod
    amount: Money
    address: str
    nano: int
    coins: str
    comment: str
    wallet_link: str
    ton_link: str
    expires_at: datetime
    asset: Asset = Asset.TON
    wish: Wish | None = None


@dataclass(frozen=True, slots=True)
class LinkInvoice:
    """An invoice that is paid at `pay_url`; `stars` are what it costs where it is paid in Stars."""

    payment_id: int
    method: PaymentMethod
    amount: Money
    pay_url: str
    stars: int | None
    expires_at: datetime
    wish: Wish | None = None


AnyInvoice = Invoice | LinkInvoice


@dataclass(frozen=True, slots=True)
class OpenedPayment:
    """A stored payment together with the invoice that shows it."""

    payment: Payment
    invoice: AnyInvoice


@dataclass(frozen=True, slots=True)
class PaidEvent:
    """Money that a gateway says has come: `key` tells it from every other of that gateway, for ever.

    `asset_amount` is in the asset's own whole units (Stars, kopecks); `worth` is what it is worth in rubles where
    no payment says otherwise. Of the payment, the gateway knows its id, or its own id for the invoice, or neither.
    """

    gateway: str
    key: str
    payment_id: int | None
    external_id: str | None
    payer: int | None
    asset: str
    asset_amount: int
    worth: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of an event: whose balance moved by how much; neither where it waits for an operator."""

    owner: int | None
    payment_id: int | None
    amount: Money | None
