"""Books what gateways tell of: each event once, whoever tells it and however often. Asks no provider itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from app.domain.errors import NotFound
from app.domain.payment import PaymentStatus
from app.services.records import PaidEvent
from app.services.reversals import RefundedEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from app.services.ports import Clock, PaymentStore, ReceiptStore
    from app.services.records import Booked, Payment
    from app.services.reversals import MoneyEvent

log = structlog.get_logger(__name__)

# An invoice dies only when its provider was asked this long after its deadline and knew of no money.
EXPIRY_MARGIN = timedelta(seconds=60)
# Unpaid invoices are asked after for this long beyond their making: money may come late.
ASKED_AFTER = timedelta(days=7)
MOST_ASKED = 500


class Provider(Protocol):
    """A gateway that can be asked for money that came."""

    @property
    def name(self) -> str:
        """Its method's name."""
        ...

    async def look(self, open_payments: Sequence[Payment]) -> Sequence[MoneyEvent]:
        """Money that came, for these payments and any other, or went back; raises ProviderSilent."""
        ...


class ProviderSilent(Exception):
    """The provider does not answer usefully; nothing may be concluded from that."""


class Receipts:
    """The door through which money of gateways reaches balances."""

    def __init__(self, store: ReceiptStore, clock: Clock, wake: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake

    async def record(self, events: Iterable[MoneyEvent]) -> int:
        """Book each event that is new; how many were. Safe to repeat; a refund comes behind its charge."""
        booked = 0
        for event in events:
            booked += await self._book(event) is not None
        if booked:
            self._wake("notices")
        return booked

    async def take_back(self, gateway: str, key: str) -> Booked | None:
        """Reverse all that a charge brought, once; None where there is no such charge or nothing is left of it."""
        result = await self._book(RefundedEvent(gateway, key, key, None, self._clock.now()))
        if result is not None:
            self._wake("notices")
        return result

    async def _book(self, event: MoneyEvent) -> Booked | None:
        now = self._clock.now()
        if isinstance(event, PaidEvent):
            result = await self._store.credit(event, now)
            if result is not None:
                _tell(event, result)
            return result
        try:
            result = await self._store.refund(event, now)
        except NotFound:  # gateways tell of a charge before its refund: this money never came by the books
            log.error("refund_unmatched", gateway=event.gateway, key=event.key, charge=event.charge)
            return None
        if result is not None:
            log.info("payment_refunded", gateway=event.gateway, payment_id=result.payment_id)
        return result


class Reconciliation:
    """Asks one provider what came, books it, and lets overdue invoices end. Runs from time to time."""

    def __init__(self, provider: Provider, payments: PaymentStore, receipts: Receipts, clock: Clock) -> None:
        self._provider = provider
        self._payments = payments
        self._receipts = receipts
        self._clock = clock

    async def run_once(self) -> int:
        """How many events were new. A provider that is silent ends nothing and is asked again next time."""
        started_at: datetime = self._clock.now()
        unpaid = await self._payments.pending(self._provider.name, started_at - ASKED_AFTER, MOST_ASKED)
        try:
            events = await self._provider.look(unpaid)
        except ProviderSilent as silence:
            log.warning("provider_silent", gateway=self._provider.name, reason=str(silence))
            return 0
        booked = await self._receipts.record(events)
        deadline = started_at - EXPIRY_MARGIN
        if _any_overdue(unpaid, deadline) and await self._payments.expire(
            self._provider.name, deadline, self._clock.now()
        ):
            log.info("invoices_expired", gateway=self._provider.name)
        return booked


def _any_overdue(unpaid: Sequence[Payment], deadline: datetime) -> bool:
    """Whether the store has to be told: most of the time nothing is due, and what was read says so."""
    if len(unpaid) == MOST_ASKED:  # there may be more than were read
        return True
    return any(payment.status is PaymentStatus.PENDING and payment.expires_at < deadline for payment in unpaid)


def _tell(event: PaidEvent, result: Booked) -> None:
    if result.amount is None:
        log.error("payment_unmatched", gateway=event.gateway, asset=event.asset, asset_amount=event.asset_amount)
    else:
        log.info("payment_confirmed", gateway=event.gateway, payment_id=result.payment_id)
