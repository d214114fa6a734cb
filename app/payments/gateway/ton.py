"""Payments on the TON network, in its coin or in USDT: quotes and invoices. Reads no history and credits nothing."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.assets import Asset, format_units
from app.domain.errors import MethodUnavailable
from app.domain.ton import TonAddress, new_comment, quoted_nano, ton_link, wallet_link
from app.payments.gateway.base import BasePaymentGateway, Descriptor
from app.payments.models import Invoice, PaymentMethod
from app.services.records import NewPayment, Quote

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.money import Money
    from app.services.ports import Rates
    from app.services.records import Payment, Rate

OLDEST_RATE = timedelta(minutes=5)
_COMMENT_ENTROPY = 32


class TonGateway(BasePaymentGateway):
    """Transfers to the merchant's wallet at `address`, told apart by their comments.

    With a `jetton` master it takes that jetton, which is to be USDT; without one, the coin of the network. Both share
    one space of comments, so a transfer in the other asset still finds its invoice.
    """

    def __init__(self, address: TonAddress, rates: Rates, jetton: TonAddress | None = None) -> None:
        self._address = address
        self._rates = rates
        self._jetton = jetton
        self._asset = Asset.USDT if jetton else Asset.TON

    @property
    def descriptor(self) -> Descriptor:
        """TON or USDT; what came is read from the chain by the updater, page by page."""
        return Descriptor(PaymentMethod(self._asset.value))

    async def open(self, owner: int, amount: Money, now: datetime, expires_at: datetime) -> NewPayment:
        """Quote `amount` at the rate of the moment; MethodUnavailable where the rate is older than five minutes."""
        rate = await self._rates.of(self._asset)
        if rate.rub <= 0 or now - rate.fetched_at > OLDEST_RATE:
            raise MethodUnavailable
        quote = self.quote(amount, rate)
        return NewPayment(
            owner,
            self.method,
            amount,
            created_at=now,
            expires_at=expires_at,
            quote=quote,
            account=self._address.raw,
        )

    def quote(self, amount: Money, rate: Rate) -> Quote:
        """What to ask for `amount` at `rate`, with a comment that was never used and can't be guessed."""
        comment = new_comment(secrets.token_bytes(_COMMENT_ENTROPY))
        return Quote(quoted_nano(amount, rate.rub, self._asset), rate, comment)

    def invoice(self, payment: Payment) -> Invoice:
        """Where to send how much with which comment; the address in the form that a wallet can always pay."""
        # The setting may have changed since; the wallet that the invoice was made for is watched until it is settled.
        address = TonAddress.parse(payment.account) if payment.account else self._address
        return Invoice(
            payment_id=payment.id,
            method=payment.method,
            amount=payment.amount,
            address=address.friendly(),
            nano=payment.nano,
            coins=format_units(self._asset, payment.nano),
            comment=payment.comment,
            wallet_link=wallet_link(address, payment.nano, payment.comment, self._jetton),
            ton_link=ton_link(address, payment.nano, payment.comment, self._jetton),
            expires_at=payment.expires_at,
            asset=self._asset,
        )
