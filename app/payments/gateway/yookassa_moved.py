"""What money came and went back by YooKassa's lists, complete since the last reading. Books nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.payments.gateway.base import GatewayUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from app.payments.gateway.yookassa_api import YooKassa
    from app.payments.gateway.yookassa_models import Payment, Refund

# Lists are by the time of making: a payment may be paid for an hour, and clocks differ.
LIFE = timedelta(hours=2)
# Once in this time, and after a start, all is read again that may have been paid or given back late; after a longer
# absence, all of that absence.
EVERY = timedelta(hours=1)
WHOLE = timedelta(days=7)


class MovedMoney:
    """Reads the lists; `last_heard` says when they were last read before this process began, or None."""

    def __init__(self, api: YooKassa, last_heard: Callable[[], Awaitable[datetime | None]]) -> None:
        self._api = api
        self._last_heard = last_heard
        self._read_at: datetime | None = None
        self._whole_at: datetime | None = None

    async def since_last_time(self, now: datetime) -> tuple[list[Payment], list[Refund]]:
        """Paid payments and done refunds, each with its payment; many not for the first time. GatewayUnavailable."""
        reads_whole = self._whole_at is None or now - self._whole_at >= EVERY
        since = (self._read_at or now) - (WHOLE if reads_whole else LIFE)
        if self._read_at is None and (heard_at := await self._last_heard()) is not None:
            since = min(since, heard_at - LIFE)
        paid = {payment.id: payment for payment in await self._api.payments_since(since) if payment.is_paid}
        refunds = await self._api.refunds_since(since)
        for name in {refund.payment_id for refund in refunds} - paid.keys():
            paid[name] = await self._paid(name)
        self._read_at = now
        if reads_whole:
            self._whole_at = now
        return list(paid.values()), refunds

    async def _paid(self, name: str) -> Payment:
        payment = await self._api.payment(name)
        if payment is None:
            raise GatewayUnavailable("refund_without_payment")
        return payment
