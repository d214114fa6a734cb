"""An honest PaymentStore in memory, for tests of what stands around it; the real one is tested on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import NotFound, TooManyPayments
from app.domain.payment import FailReason, PaymentStatus
from app.domain.ton import credit_for, normalised_comment
from app.services.chain import ChainCursor, Credit, Scan, Settlement
from app.services.records import Payment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.services.chain import IncomingTransfer
    from app.services.records import NewPayment, Quote, Rate

MARGIN = timedelta(seconds=60)


@dataclass
class Entry:
    """A payment as it was wanted and as it stands."""

    wanted: NewPayment
    status: PaymentStatus = PaymentStatus.PENDING
    reason: FailReason | None = None


@dataclass
class PaymentBook:
    """Implements ports.PaymentStore."""

    entries: dict[int, Entry] = field(default_factory=dict)
    transfers: dict[str, IncomingTransfer] = field(default_factory=dict)
    credits: list[Credit] = field(default_factory=list)
    cursors: dict[str, ChainCursor] = field(default_factory=dict)
    stale: int = 0

    async def open(self, payment: NewPayment, most_open: int) -> Payment:
        if sum(entry.status is PaymentStatus.PENDING for entry in self.entries.values()) >= most_open:
            raise TooManyPayments
        payment_id = len(self.entries) + 1
        self.entries[payment_id] = Entry(payment)
        return await self.of_owner(payment.owner, payment_id)

    async def of_owner(self, tg_id: int, payment_id: int) -> Payment:
        entry = self.entries.get(payment_id)
        if entry is None or entry.wanted.owner != tg_id:
            raise NotFound
        wanted = entry.wanted
        return Payment(
            id=payment_id,
            owner=tg_id,
            method=wanted.method,
            amount=wanted.amount,
            status=entry.status,
            reason=entry.reason,
            expires_at=wanted.expires_at,
            comment=quote_of(wanted).comment,
            nano=quote_of(wanted).nano,
        )

    async def cancel(self, tg_id: int, payment_id: int) -> None:
        self.entries[payment_id].status = PaymentStatus.FAILED

    async def issued(self, payment_id: int, external_id: str | None, pay_url: str) -> None:
        raise AssertionError("TON has nothing to issue")

    async def cursor(self, account: str) -> ChainCursor:
        return self.cursors.get(account, ChainCursor(account, 0, None))

    async def settle(
        self, account: str, transfers: Sequence[IncomingTransfer], late_rate: Rate, now: datetime
    ) -> Settlement:
        fresh = [transfer for transfer in transfers if transfer.hash not in self.transfers]
        made = tuple(credit for transfer in fresh if (credit := self._credit(transfer, late_rate)))
        self.transfers |= {transfer.hash: transfer for transfer in fresh}
        self.credits += made
        before = await self.cursor(account)
        newest = max([before.lt, *(transfer.lt for transfer in transfers)])
        self.cursors[account] = ChainCursor(account, newest, before.scanned_at)
        return Settlement(made, unmatched=sum(transfer.is_money for transfer in fresh) - len(made))

    async def scanned(self, account: str, method: str, wallet: str, now: datetime) -> Scan:
        lt = (await self.cursor(account)).lt
        self.cursors[account] = ChainCursor(account, lt, now)
        overdue = [
            entry
            for entry in self.entries.values()
            if entry.status is PaymentStatus.PENDING and entry.wanted.expires_at < now - MARGIN
        ]
        for entry in overdue:
            entry.status, entry.reason = PaymentStatus.FAILED, FailReason.EXPIRED
        return Scan(len(overdue), lt)

    async def drop_stale(self, before: datetime, batch: int) -> int:
        dropped = min(batch, self.stale)
        self.stale -= dropped
        return dropped

    def _credit(self, transfer: IncomingTransfer, late_rate: Rate) -> Credit | None:
        for payment_id, entry in self.entries.items():
            quote = quote_of(entry.wanted)
            code = normalised_comment(quote.comment)
            if transfer.is_money and normalised_comment(transfer.comment or "") == code:
                rate = late_rate if transfer.at > entry.wanted.expires_at else quote.rate
                entry.status, entry.reason = PaymentStatus.CONFIRMED, None
                amount = credit_for(transfer.nano, quote.nano, entry.wanted.amount, rate.rub)
                return Credit(payment_id, entry.wanted.owner, amount)
        return None


def quote_of(wanted: NewPayment) -> Quote:
    """What an invoice of TON asks for."""
    assert wanted.quote is not None
    return wanted.quote
