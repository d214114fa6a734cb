"""Which invoices to ask Crypto Pay about, and what it says is paid. Books nothing, and knows no payload."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.domain.payment import PaymentStatus
from app.payments.gateway.cryptopay import MOST_INVOICES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from app.payments.gateway.cryptopay import CryptoPay
    from app.payments.gateway.cryptopay_models import Invoice
    from app.services.records import Payment

BATCH = 100
# After a start, and once an hour, everything is read again that this installation may have missed; after a longer
# absence, all of that absence.
FIRST_SPAN = timedelta(days=7)
# Clocks differ, and a list may come late: what was paid shortly before the last reading is read again.
OVERLAP = timedelta(minutes=10)
# Nobody can pay an invoice that is older; where the newest come first, reading may end there.
LONGEST_LIFE = timedelta(days=1)
# Invoices that are over are asked after by name for this long, and all of them once in that time.
RECENTLY = timedelta(hours=1)


class PaidInvoices:
    """Reads what is paid, complete since the last time that reading succeeded.

    `last_heard` says when that was before this process began, or None.
    """

    def __init__(self, api: CryptoPay, last_heard: Callable[[], Awaitable[datetime | None]]) -> None:
        self._api = api
        self._last_heard = last_heard
        self._read_at: datetime | None = None
        self._all_asked_at: datetime | None = None

    async def since_last_time(self, unpaid: Sequence[Payment], now: datetime) -> list[Invoice]:
        """Paid invoices, of these payments and any others; some of them not for the first time. GatewayUnavailable."""
        asks_all = self._all_asked_at is None or now - self._all_asked_at >= RECENTLY
        found: dict[int, Invoice] = {}
        for ids in _batches([p.external_id for p in unpaid if p.external_id and (asks_all or _may_be_paid(p, now))]):
            found |= {invoice.invoice_id: invoice for invoice in await self._api.invoices(ids=ids)}
        since = (self._read_at or now) - (FIRST_SPAN if asks_all else OVERLAP)
        if self._read_at is None and (heard_at := await self._last_heard()) is not None:
            since = min(since, heard_at - OVERLAP)
        # An invoice whose making went unanswered has no name here, and stands in this list only.
        found |= await self._listed(since, now)
        self._read_at = now
        if asks_all:
            self._all_asked_at = now
        return [invoice for invoice in found.values() if invoice.is_paid]

    async def _listed(self, since: datetime, now: datetime) -> dict[int, Invoice]:
        seen: set[int] = set()
        found: dict[int, Invoice] = {}
        while True:
            page = await self._api.invoices(status="paid", offset=len(seen), count=MOST_INVOICES)
            fresh = [invoice for invoice in page if invoice.invoice_id not in seen]
            seen |= {invoice.invoice_id for invoice in fresh}
            found |= {invoice.invoice_id: invoice for invoice in fresh if (invoice.paid_at or now) >= since}
            if not fresh or len(page) < MOST_INVOICES or _reaches_back(page, since - LONGEST_LIFE):
                return found


def _may_be_paid(payment: Payment, now: datetime) -> bool:
    return payment.status is PaymentStatus.PENDING or payment.expires_at > now - RECENTLY


def _reaches_back(page: Sequence[Invoice], moment: datetime) -> bool:
    """Whether a page, newest first, ends before the moment; the order is not documented, so it is looked at."""
    return page[0].invoice_id > page[-1].invoice_id and page[-1].created_at < moment


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
