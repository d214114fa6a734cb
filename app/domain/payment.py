"""The states a payment can be in. Status moves by compare-and-set in the database, not here."""

from __future__ import annotations

from enum import StrEnum


class PaymentStatus(StrEnum):
    """Where a payment stands; failed is not final for money that arrives late."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    FAILED = "failed"


class FailReason(StrEnum):
    """Why a payment failed."""

    EXPIRED = "expired"
    CANCELLED = "cancelled"


class PaymentMethod(StrEnum):
    """How a customer pays."""

    TON = "ton"
    USDT = "usdt"
    STARS = "stars"
    CRYPTOBOT = "cryptobot"
    YOOKASSA = "yookassa"
