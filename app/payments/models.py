"""What the payment screens are made of, under the names that gateways use. No behaviour and no words."""

from __future__ import annotations

from app.domain.payment import PaymentMethod
from app.services.records import Invoice
from app.services.records import OpenedPayment as PaymentResult

__all__ = ["Invoice", "PaymentMethod", "PaymentResult"]
