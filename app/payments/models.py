"""What the payment screens are made of, under the names that gateways use. No behaviour and no words."""

from __future__ import annotations

from app.domain.payment import PaymentMethod
from app.services.records import AnyInvoice, Invoice, LinkInvoice
from app.services.records import OpenedPayment as PaymentResult

__all__ = ["AnyInvoice", "Invoice", "LinkInvoice", "PaymentMethod", "PaymentResult"]
