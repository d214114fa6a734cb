"""Routes a payment to its gateway by method. Decides nothing else, and knows no gateway by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import MethodUnavailable
from app.payments.models import Invoice, PaymentMethod, PaymentResult

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from app.domain.money import Money
    from app.payments.gateway.base import BasePaymentGateway
    from app.services.ports import Clock, PaymentStore
    from app.services.records import Payment


class PaymentManager:
    """The gateways that are on. An invoice lives for `timeout`; a person has at most `most_open` unpaid ones."""

    def __init__(
        self,
        gateways: Iterable[BasePaymentGateway],
        store: PaymentStore,
        clock: Clock,
        timeout: timedelta,
        most_open: int = 3,
    ) -> None:
        self._gateways = {gateway.method: gateway for gateway in gateways}
        self._store = store
        self._clock = clock
        self._timeout = timeout
        self._most_open = most_open

    @property
    def methods(self) -> tuple[PaymentMethod, ...]:
        """The methods a customer can choose from, in the order in which they are shown."""
        return tuple(self._gateways)

    async def open(self, owner: int, method: PaymentMethod, amount: Money) -> PaymentResult:
        """Open and store a payment; MethodUnavailable, TooManyPayments, Banned, NotFound."""
        now = self._clock.now()
        wanted = await self._gateway(method).open(owner, amount, now, now + self._timeout)
        payment = await self._store.open(wanted, self._most_open)
        return PaymentResult(payment, self.invoice_of(payment))

    def invoice_of(self, payment: Payment) -> Invoice:
        """The invoice of a stored payment; MethodUnavailable where its gateway is off now."""
        return self._gateway(payment.method).invoice(payment)

    def _gateway(self, method: PaymentMethod) -> BasePaymentGateway:
        try:
            return self._gateways[method]
        except KeyError:
            raise MethodUnavailable from None
