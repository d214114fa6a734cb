"""Routes a payment to its gateway by method. Decides nothing else, and knows no gateway by name."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from app.domain.errors import MethodUnavailable, NotFound
from app.failpoints import failpoint
from app.payments.gateway.base import GatewayUnavailable
from app.payments.models import AnyInvoice, PaymentMethod, PaymentResult

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from app.domain.money import Money
    from app.domain.pending import Wish
    from app.payments.gateway.base import BasePaymentGateway
    from app.services.ports import Clock, InvoiceStore
    from app.services.records import Payment


log = structlog.get_logger(__name__)


class PaymentManager:
    """The gateways that are on. An invoice lives for `timeout`; a person has at most `most_open` unpaid ones."""

    def __init__(
        self,
        gateways: Iterable[BasePaymentGateway],
        store: InvoiceStore,
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
        return tuple(method for method, gateway in self._gateways.items() if gateway.descriptor.can_open)

    async def open(
        self, owner: int, method: PaymentMethod, amount: Money, wish: Wish | None = None
    ) -> PaymentResult:
        """Open and store a payment, for a wish or for none; MethodUnavailable, TooManyPayments, Banned, NotFound."""
        now = self._clock.now()
        gateway = self._gateway(method)
        wanted = await gateway.open(owner, amount, now, now + self._timeout)
        payment = await self._store.open(replace(wanted, wish=wish), self._most_open)
        try:
            issued = await gateway.issue(payment)
        except GatewayUnavailable as problem:
            failpoint("invoice.not_issued")
            log.warning("invoice_not_issued", payment_id=payment.id, method=method.value, reason=str(problem))
            # Nobody saw it: it takes no place among the open ones. Money that comes for it all the same is credited.
            with suppress(NotFound):
                await self._store.cancel(owner, payment.id)
            raise MethodUnavailable from None
        if issued is not None:
            failpoint("invoice.issued")
            await self._store.issued(payment.id, issued.external_id, issued.pay_url)
            payment = replace(payment, external_id=issued.external_id, pay_url=issued.pay_url)
        return PaymentResult(payment, replace(gateway.invoice(payment), wish=wish))

    def gateway(self, name: str) -> BasePaymentGateway | None:
        """The gateway of a method by its name, where it is on."""
        return next((gateway for method, gateway in self._gateways.items() if method.value == name), None)

    def invoice_of(self, payment: Payment) -> AnyInvoice:
        """The invoice of a stored payment; MethodUnavailable where its gateway is off now."""
        return self._gateway(payment.method).invoice(payment)

    async def close(self, payment: Payment) -> None:
        """Have a cancelled invoice closed at its provider, where that is possible; a failure is only noted."""
        gateway = self._gateways.get(payment.method)
        if gateway is None or not gateway.descriptor.can_cancel:
            return
        try:
            await gateway.cancel(payment)
            failpoint("invoice.closed")
        except GatewayUnavailable as problem:
            failpoint("invoice.not_closed")
            log.warning("invoice_not_closed", payment_id=payment.id, method=gateway.method.value, reason=str(problem))

    def _gateway(self, method: PaymentMethod) -> BasePaymentGateway:
        gateway = self._gateways.get(method)
        if gateway is None or not gateway.descriptor.can_open:
            raise MethodUnavailable
        return gateway
