"""Payments in the coin of the TON network: quotes, invoices and the wallet's history. Credits nothing itself."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import MethodUnavailable
from app.domain.ton import format_coins, new_comment, quoted_nano, ton_link, wallet_link
from app.payments.gateway.base import BasePaymentGateway, Descriptor
from app.payments.gateway.ton_history import WalletHistory
from app.payments.models import Invoice, PaymentMethod
from app.services.records import NewPayment, Quote

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from app.domain.money import Money
    from app.domain.ton import TonAddress
    from app.payments.gateway.ton_history import ChainIndex
    from app.services.ports import Rates
    from app.services.records import IncomingTransfer, Payment, Rate

OLDEST_RATE = timedelta(minutes=5)
_COMMENT_ENTROPY = 32


class TonGateway(BasePaymentGateway):
    """Transfers to the merchant's wallet at `address`, told apart by their comments."""

    def __init__(self, index: ChainIndex, address: TonAddress, rates: Rates) -> None:
        self._address = address
        self._history = WalletHistory(index, address)
        self._rates = rates

    @property
    def descriptor(self) -> Descriptor:
        """TON, whatever its coin is called; its history is read by the updater, page by page."""
        return Descriptor(PaymentMethod.TON)

    async def open(self, owner: int, amount: Money, now: datetime, expires_at: datetime) -> NewPayment:
        """Quote `amount` at the rate of the moment; MethodUnavailable where the rate is older than five minutes."""
        rate = await self._rates.ton()
        if rate.rub <= 0 or now - rate.fetched_at > OLDEST_RATE:
            raise MethodUnavailable
        quote = await self.quote(amount, rate)
        return NewPayment(owner, self.method, amount, created_at=now, expires_at=expires_at, quote=quote)

    async def quote(self, amount: Money, rate: Rate) -> Quote:
        """What to ask for `amount` at `rate`, with a comment that was never used and can't be guessed."""
        comment = new_comment(secrets.token_bytes(_COMMENT_ENTROPY))
        return Quote(quoted_nano(amount, rate.rub), rate, comment)

    def invoice(self, payment: Payment) -> Invoice:
        """Where to send how much with which comment; the address in the form that a wallet can always pay."""
        return Invoice(
            payment_id=payment.id,
            method=payment.method,
            amount=payment.amount,
            address=self._address.friendly(),
            nano=payment.nano,
            coins=format_coins(payment.nano),
            comment=payment.comment,
            wallet_link=wallet_link(self._address, payment.nano, payment.comment),
            ton_link=ton_link(self._address, payment.nano, payment.comment),
            expires_at=payment.expires_at,
        )

    @property
    def account(self) -> str:
        """The wallet in raw form, lower case."""
        return self._address.raw

    def since(self, lt: int) -> AsyncIterator[list[IncomingTransfer]]:
        """All transactions after `lt` in pages, in order of lt and without a gap; raises ChainUnavailable."""
        return self._history.since(lt)

    async def newest(self) -> list[IncomingTransfer]:
        """The newest page of history, in order of lt; raises ChainUnavailable."""
        return await self._history.newest()

    async def lag(self) -> timedelta:
        """How far the chain's index is behind; raises ChainUnavailable."""
        return await self._history.lag()
