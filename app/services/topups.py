"""Topping up from the customer's side: bounds, opening, checking, cancelling. Credits nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.domain.errors import InvalidAmount
from app.domain.money import Money
from app.domain.payment import FailReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.payment import PaymentMethod
    from app.domain.pending import Wish
    from app.services.ports import PaymentStore
    from app.services.records import AnyInvoice, OpenedPayment, Payment

MINIMUM = Money.rub(50)
MAXIMUM = Money.rub(100_000)


class Gateways(Protocol):
    """The ways to pay that are on; implemented by payments.manager."""

    @property
    def methods(self) -> tuple[PaymentMethod, ...]:
        """In the order in which they are shown."""
        ...

    async def open(
        self, owner: int, method: PaymentMethod, amount: Money, wish: Wish | None = None
    ) -> OpenedPayment:
        """Open and store a payment, for a wish or for none; MethodUnavailable, TooManyPayments, Banned, NotFound."""
        ...

    def invoice_of(self, payment: Payment) -> AnyInvoice:
        """The invoice of a stored payment; MethodUnavailable where its gateway is off now."""
        ...

    async def close(self, payment: Payment) -> None:
        """Have a cancelled invoice closed at its provider, where that is possible; a failure is only noted."""
        ...


class TopUps:
    """The use cases around a customer's own payments."""

    def __init__(self, gateways: Gateways, store: PaymentStore, wake: Callable[[str], None]) -> None:
        self._gateways = gateways
        self._store = store
        self._wake = wake

    @property
    def methods(self) -> tuple[PaymentMethod, ...]:
        """The methods a customer can choose from."""
        return self._gateways.methods

    async def open(self, owner: int, method: PaymentMethod, amount: Money) -> OpenedPayment:
        """Open an invoice; InvalidAmount outside the bounds, and what the gateway refuses."""
        if not MINIMUM <= amount <= MAXIMUM:
            raise InvalidAmount(MINIMUM, MAXIMUM)
        return await self._gateways.open(owner, method, amount)

    async def shown_in(self, payment_id: int, message_id: int) -> None:
        """Remember the message that shows the invoice, so that its end is edited into it."""
        await self._store.attach_message(payment_id, message_id)

    async def check(self, owner: int, payment_id: int) -> Payment:
        """How the payment stands; has its provider asked soon. NotFound where it is another's."""
        payment = await self._store.of_owner(owner, payment_id)
        self._wake(payment.method.value)
        return payment

    async def cancel(self, owner: int, payment_id: int) -> Payment:
        """Close an unpaid invoice; money that comes later is still credited. NotFound where none is open.

        One that was cancelled already is closed at its provider once more: a crash may have come between the two.
        """
        payment = await self._store.of_owner(owner, payment_id)
        if payment.reason is not FailReason.CANCELLED:
            await self._store.cancel(owner, payment_id)
        await self._gateways.close(payment)
        return payment
