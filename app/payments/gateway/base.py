"""The port that every way to pay implements. Holds no state, touches no balance.

A gateway quotes an invoice, which is stored before anything happens outside; issues it, where the provider has to
know of it; shows it; and tells of money in up to three ways: a notification that the provider brings, a list that is
read from time to time, a single look at one charge. What it can't do it leaves out, and says so in its descriptor.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.domain.money import Money
    from app.payments.models import AnyInvoice, PaymentMethod
    from app.services.records import NewPayment, Payment
    from app.services.reversals import MoneyEvent


class GatewayUnavailable(Exception):
    """The provider does not answer usefully; nothing may be concluded. The text holds no secret."""


class NotSupported(Exception):
    """The gateway can't do this; its descriptor says so."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a gateway is and can do."""

    method: PaymentMethod
    can_open: bool = True
    is_notified: bool = False
    can_look: bool = False
    can_fetch: bool = False
    can_refund: bool = False
    can_cancel: bool = False


@dataclass(frozen=True, slots=True)
class Notification:
    """What came to the gateway's door: raw bytes, headers with lower-case names, the peer's address."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    address: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider is answered, and the money that its notification proves."""

    status: int
    text: str = ""
    events: Sequence[MoneyEvent] = ()


@dataclass(frozen=True, slots=True)
class Issued:
    """The provider's own id of an invoice, where it has one, and where the customer pays it."""

    external_id: str | None
    pay_url: str


class BasePaymentGateway(ABC):
    """A way to pay."""

    @property
    @abstractmethod
    def descriptor(self) -> Descriptor:
        """What this gateway is and can do."""

    @property
    def method(self) -> PaymentMethod:
        """Which method this gateway serves."""
        return self.descriptor.method

    async def open(self, owner: int, amount: Money, now: datetime, expires_at: datetime) -> NewPayment:
        """Make an invoice over `amount`, its quote locked, ready to be stored; MethodUnavailable where it can't."""
        raise NotSupported

    def invoice(self, payment: Payment) -> AnyInvoice:
        """What the payer needs to know of a stored payment; the same payment always gives the same invoice."""
        raise NotSupported

    async def issue(self, payment: Payment) -> Issued | None:
        """Make the stored invoice known to the provider, under the payment's id; None where none has to know.

        Raises GatewayUnavailable; whether the provider made it then is unknown, and harmless: money that comes for it
        names the payment.
        """
        return None

    async def notified(self, notification: Notification) -> Answer:
        """Judge what came to the door: authenticated first, parsed second. Never raises for what was sent."""
        raise NotSupported

    async def look(self, open_payments: Sequence[Payment]) -> Sequence[MoneyEvent]:
        """Money that came since it was last looked, for these payments and any other; may repeat what is known.

        Raises GatewayUnavailable.
        """
        raise NotSupported

    async def fetch(self, key: str) -> Sequence[MoneyEvent]:
        """What the provider says now of the charge `key` and of its refunds; nothing where it knows of none.

        Raises GatewayUnavailable.
        """
        raise NotSupported

    async def refund(self, key: str) -> Sequence[MoneyEvent]:
        """Give back what is left of the charge `key`, once however often it is asked; what is given back by then.

        Raises GatewayUnavailable where that is not certain, RefundRefused where the provider says no.
        """
        raise NotSupported

    async def cancel(self, payment: Payment) -> None:
        """Close an unpaid invoice at the provider; GatewayUnavailable."""
        raise NotSupported
