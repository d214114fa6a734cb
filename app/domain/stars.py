"""Telegram Stars: what is asked, what came is worth, and who may pay. No I/O; a Star has no smaller unit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from app.domain.money import KOPECKS_IN_RUBLE, Money
from app.domain.payment import PaymentStatus

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

CURRENCY = "XTR"
_PAYLOAD = re.compile(r"topup:([1-9][0-9]{0,18})", re.ASCII)
_LARGEST_ID = 2**63 - 1


class CheckoutRefusal(StrEnum):
    """Why a payment in Stars may not go ahead; the value names the sentence that the payer reads."""

    GONE = "checkout.gone"
    PAID = "checkout.paid"
    FOREIGN = "checkout.foreign"
    CHANGED = "checkout.changed"
    NOT_NOW = "checkout.not_now"


@dataclass(frozen=True, slots=True)
class AskedPayment:
    """What the books say of the payment that somebody is about to pay."""

    owner: int
    status: PaymentStatus
    expires_at: datetime
    stars: int | None


def stars_for(amount: Money, rate: Decimal) -> int:
    """How many whole Stars to ask for `amount` at `rate` rubles a Star, rounded up."""
    return math.ceil(Fraction(amount.kopecks, KOPECKS_IN_RUBLE) / Fraction(rate))


def worth_of(stars: int, rate: Decimal) -> Money:
    """What `stars` are worth at `rate` rubles a Star, a fraction of a kopeck dropped."""
    return Money(math.floor(stars * Fraction(rate) * KOPECKS_IN_RUBLE))


def payload_for(payment_id: int) -> str:
    """What an invoice carries to tie its charges to the payment."""
    return f"topup:{payment_id}"


def payment_in(payload: str) -> int | None:
    """The payment that a payload names; None where it is none of ours."""
    found = _PAYLOAD.fullmatch(payload)
    payment_id = int(found[1]) if found else 0
    return payment_id if 0 < payment_id <= _LARGEST_ID else None


def refusal_for(
    asked: AskedPayment | None, payer: int, currency: str, stars: int, now: datetime
) -> CheckoutRefusal | None:
    """Why `payer` may not pay `stars` for what is `asked` at this moment; None where they may."""
    if asked is None:
        return CheckoutRefusal.GONE
    if asked.owner != payer:
        return CheckoutRefusal.FOREIGN
    if asked.status is PaymentStatus.CONFIRMED:
        return CheckoutRefusal.PAID
    if asked.status is not PaymentStatus.PENDING or now > asked.expires_at:
        return CheckoutRefusal.GONE
    if currency != CURRENCY or stars != asked.stars:
        return CheckoutRefusal.CHANGED
    return None
