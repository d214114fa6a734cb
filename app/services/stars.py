"""Payments in Stars: who may pay, what a charge is booked as, what Telegram's list says. Speaks to nobody itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from app.domain.money import ZERO
from app.domain.payment import PaymentMethod
from app.domain.stars import CURRENCY, payment_in, refusal_for, worth_of
from app.services.operator_news import NOTED_EVERY
from app.services.receipts import EXPIRY_MARGIN
from app.services.records import PaidEvent
from app.services.reversals import ChargeUnknown, RefundedEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence
    from datetime import datetime
    from decimal import Decimal

    from app.domain.stars import AskedPayment, CheckoutRefusal
    from app.services.ports import Clock, PaymentStore
    from app.services.receipts import Receipts
    from app.services.records import Payment
    from app.services.reversals import MoneyEvent

GATEWAY = PaymentMethod.STARS.value
# How many rows Telegram gives at once at most.
PAGE = 100
# The newest rows are read again: a row that was not listed yet must not be jumped over.
OVERLAP = 100


class MoneyKind(StrEnum):
    """What an update of Telegram's says of money."""

    CHECKOUT = "checkout"
    PAID = "paid"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class MoneyUpdate:
    """What is kept of an update that carries money; `key` is the id of the query or of the charge.

    `language` is the Telegram client's, `total` is in the currency's smallest unit, which for Stars is the Star.
    """

    update_id: int
    kind: MoneyKind
    payer: int
    language: str | None
    at: datetime
    key: str
    currency: str
    total: int
    payload: str


@dataclass(frozen=True, slots=True)
class StarRow:
    """One row of Telegram's list: a charge that came (`is_refund` False) or one that was given back."""

    key: str
    payer: int | None
    payload: str
    stars: int
    at: datetime
    is_refund: bool


@dataclass(frozen=True, slots=True)
class StarPage:
    """A page of the list: how many rows it had in all, and those among them that are charges or refunds."""

    length: int
    rows: tuple[StarRow, ...]


class StarsDesk(Protocol):
    """Telegram's side of Stars; implemented in core. Every method raises ProviderSilent."""

    async def create_link(self, payment: Payment, payload: str) -> str:
        """Where the payment's Stars can be paid."""
        ...

    async def page(self, offset: int) -> StarPage:
        """Up to PAGE rows of the list behind the oldest `offset`."""
        ...

    async def refund(self, payer: int, key: str) -> None:
        """Give a charge back; one that was given back already is fine. Raises ChargeUnknown."""
        ...


class StarStore(Protocol):
    """What the books know of payments in Stars; implemented in repo."""

    async def asked(self, payment_id: int, payer: int) -> tuple[AskedPayment | None, str | None]:
        """The payment, and the payer's language where they have an account, in one read."""
        ...

    async def unknown(self, rows: Sequence[StarRow]) -> Collection[StarRow]:
        """Those rows that no receipt stands for, in their order."""
        ...

    async def standing(self, before: datetime) -> tuple[int, bool]:
        """How many rows of Telegram's list were booked, and whether an invoice is open whose deadline was `before`."""
        ...

    async def advance(self, seen: int, now: datetime) -> None:
        """Remember that; it never goes back."""
        ...


class StarPayments:
    """What becomes of an update that carries money. A Star beyond what was asked is worth `rate` rubles."""

    def __init__(self, store: StarStore, receipts: Receipts, rate: Decimal, clock: Clock) -> None:
        self._store = store
        self._receipts = receipts
        self._rate = rate
        self._clock = clock

    async def judge(self, update: MoneyUpdate) -> tuple[CheckoutRefusal | None, str | None]:
        """Why a checkout may not go ahead (None: it may), and the payer's language; one read of the database."""
        payment_id = payment_in(update.payload)
        asked, language = await self._store.asked(payment_id or 0, update.payer)
        return refusal_for(asked, update.payer, update.currency, update.total, self._clock.now()), language

    async def book(self, update: MoneyUpdate) -> None:
        """Book a charge or its refund, once each. A refund proves its charge, so neither has to come first."""
        event = self._event(update.key, update.payer, update.payload, update.total, update.at)
        if update.currency != CURRENCY:  # an invoice that this shop never made: an operator has to look at it
            event = PaidEvent(GATEWAY, update.key, None, None, None, update.currency, update.total, ZERO, update.at)
        await self._receipts.record((event,))
        if update.kind is MoneyKind.REFUNDED:
            await self._receipts.take_back(GATEWAY, update.key)

    async def book_row(self, row: StarRow) -> bool:
        """The same for a row of Telegram's list; whether the books changed."""
        recorded = await self._receipts.record((self._event(row.key, row.payer, row.payload, row.stars, row.at),))
        taken = await self._receipts.take_back(GATEWAY, row.key) if row.is_refund else None
        return recorded > 0 or taken is not None

    def _event(self, key: str, payer: int | None, payload: str, stars: int, at: datetime) -> PaidEvent:
        worth = worth_of(stars, self._rate)
        return PaidEvent(GATEWAY, key, payment_in(payload), None, payer, CURRENCY, stars, worth, at)


class StarReconciliation:
    """Reads Telegram's list behind what was read before, and books what no update told of. Safe beside itself."""

    def __init__(
        self, desk: StarsDesk, store: StarStore, stars: StarPayments, payments: PaymentStore, clock: Clock
    ) -> None:
        self._desk = desk
        self._store = store
        self._stars = stars
        self._payments = payments
        self._clock = clock
        self._noted_at: datetime | None = None
        # Where the last run began to read, and what was there: while nobody pays, the next one finds the same.
        self._known: tuple[int, StarPage] | None = None

    async def run_once(self) -> int:
        """How many rows were news; what is overdue by them ends. ProviderSilent, and then no invoice ends."""
        deadline = self._clock.now() - EXPIRY_MARGIN
        seen, is_overdue = await self._store.standing(deadline)
        first, booked = max(0, seen - OVERLAP), 0
        async for end, page in self._pages(first):
            if (end - page.length, page) == self._known and end <= seen:
                continue
            for row in await self._store.unknown(page.rows):
                booked += await self._stars.book_row(row)
            if end > seen:
                await self._note(end)
            if end - page.length == first:
                self._known = first, page
        # That Telegram answers is noted though nobody pays, or its silence could not be told from that.
        if self._noted_at is None or self._clock.now() - self._noted_at >= NOTED_EVERY:
            await self._note(seen)
        if is_overdue:
            await self._payments.expire(GATEWAY, deadline, self._clock.now())
        return booked

    async def _note(self, seen: int) -> None:
        self._noted_at = self._clock.now()
        await self._store.advance(seen, self._noted_at)

    async def payer_of(self, key: str) -> int | None:
        """Who paid a charge, by Telegram's list from its beginning; None where it isn't there. ProviderSilent."""
        async for _, page in self._pages(0):
            payer = next((row.payer for row in page.rows if row.key == key and row.payer), None)
            if payer is not None:
                return payer
        return None

    async def _pages(self, offset: int) -> AsyncIterator[tuple[int, StarPage]]:
        """Each page from there to the end of the list, with how many rows end with it."""
        length = PAGE
        while length == PAGE:
            page = await self._desk.page(offset)
            length = page.length
            offset += length
            yield offset, page


class StarRefunder:
    """Gives Stars back; implements services.refunds.Refunder."""

    def __init__(self, desk: StarsDesk, reconciliation: StarReconciliation, clock: Clock) -> None:
        self._desk = desk
        self._reconciliation = reconciliation
        self._clock = clock

    @property
    def name(self) -> str:
        """Stars."""
        return GATEWAY

    async def look(self, _key: str) -> Sequence[MoneyEvent]:
        """Telegram can't be asked for one charge: what its list has anew is booked at once. ProviderSilent."""
        await self._reconciliation.run_once()
        return ()

    async def refund(self, key: str, payer: int | None) -> Sequence[MoneyEvent]:
        """Have Telegram give the charge back; ProviderSilent, ChargeUnknown."""
        payer = payer or await self._reconciliation.payer_of(key)
        if payer is None:
            raise ChargeUnknown("no_payer")
        await self._desk.refund(payer, key)
        return (RefundedEvent(GATEWAY, key, key, None, self._clock.now()),)
