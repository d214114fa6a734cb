"""The port that every way to pay implements. Holds no state and no default behaviour."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.money import Money
    from app.payments.models import Invoice, PaymentMethod
    from app.services.records import NewPayment, Payment


class BasePaymentGateway(ABC):
    """A way to pay."""

    @property
    @abstractmethod
    def method(self) -> PaymentMethod:
        """Which method this gateway serves."""

    @abstractmethod
    async def open(self, owner: int, amount: Money, now: datetime, expires_at: datetime) -> NewPayment:
        """Make an invoice over `amount`, its quote locked, ready to be stored; MethodUnavailable where it can't."""

    @abstractmethod
    def invoice(self, payment: Payment) -> Invoice:
        """What the payer needs to know of a stored payment; the same payment always gives the same invoice."""
