"""What passes between the chain's readers and the store: immutable records with units in their names. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.assets import Asset
from app.domain.money import Money


@dataclass(frozen=True, slots=True)
class IncomingTransfer:
    """One transaction of the merchant's account as the chain tells it. Only `is_money` ones can be credited.

    `nano` are whole units of the asset: nanotons, or millionths of a USDT.
    """

    hash: str
    lt: int
    at: datetime
    source: str | None
    nano: int
    comment: str | None
    is_money: bool
    verdict: str
    asset: Asset = Asset.TON


@dataclass(frozen=True, slots=True)
class Scan:
    """What a complete scan came to: invoices that it ended, and up to where history is stored."""

    expired: int
    lt: int


@dataclass(frozen=True, slots=True)
class ChainCursor:
    """How far the wallet's history is stored: everything up to `lt` is in the database."""

    account: str
    lt: int
    scanned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Credit:
    """One transfer that became balance."""

    payment_id: int
    owner: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one page of transfers came to."""

    credits: tuple[Credit, ...]
    unmatched: int
