"""Payments in Telegram Stars: quotes and links. Of charges Telegram tells elsewhere; credits nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import MethodUnavailable
from app.domain.stars import payload_for, stars_for
from app.payments.gateway.base import BasePaymentGateway, Descriptor, GatewayUnavailable, Issued
from app.payments.models import LinkInvoice, PaymentMethod
from app.services.receipts import ProviderSilent
from app.services.records import NewPayment

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from app.domain.money import Money
    from app.services.records import Payment
    from app.services.stars import StarsDesk


class TelegramStarsGateway(BasePaymentGateway):
    """Stars at `rate` rubles each, paid by a link that Telegram makes."""

    def __init__(self, desk: StarsDesk, rate: Decimal) -> None:
        self._desk = desk
        self._rate = rate

    @property
    def descriptor(self) -> Descriptor:
        """Stars; what came and went back passes by Telegram's updates and list, for which services/stars.py stands."""
        return Descriptor(PaymentMethod.STARS)

    async def open(self, owner: int, amount: Money, now: datetime, expires_at: datetime) -> NewPayment:
        """Ask for `amount` in whole Stars, rounded up."""
        stars = stars_for(amount, self._rate)
        return NewPayment(owner, self.method, amount, created_at=now, expires_at=expires_at, stars=stars)

    async def issue(self, payment: Payment) -> Issued:
        """Have Telegram make the link; GatewayUnavailable. A link that was lost can't be paid by anybody."""
        try:
            link = await self._desk.create_link(payment, payload_for(payment.id))
        except ProviderSilent as silence:
            raise GatewayUnavailable(str(silence)) from None
        return Issued(None, link)

    def invoice(self, payment: Payment) -> LinkInvoice:
        """How many Stars to pay where; MethodUnavailable where the link was never made."""
        if payment.pay_url is None:
            raise MethodUnavailable
        return LinkInvoice(
            payment.id, payment.method, payment.amount, payment.pay_url, payment.stars, payment.expires_at
        )
