"""What a person's money did, as that person understands it: a list by pages, receipts of entries. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.money import Money

PAGE_SIZE = 8


class EntryKind(StrEnum):
    """What an entry is about."""

    TOPUP = "topup"
    PURCHASE = "purchase"
    GIFT = "gift"
    PROMO = "promo"
    REFERRAL = "referral"
    REFUND = "refund"
    UNDELIVERED = "undelivered"
    ADJUSTMENT = "adjustment"
    OTHER = "other"


class EntryState(StrEnum):
    """What became of it."""

    WAITING = "waiting"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    CREDITED = "credited"
    PAID = "paid"
    RETURNED = "returned"
    PARTLY_RETURNED = "partly_returned"


@dataclass(frozen=True, slots=True)
class EntryRef:
    """Names an entry: a payment that brought nothing yet, or else a movement of the ledger."""

    id: int
    is_payment: bool

    @property
    def text(self) -> str:
        """The same in one word, as a ticket keeps it."""
        return f"{'payment' if self.is_payment else 'ledger'}:{self.id}"

    @classmethod
    def of(cls, text: str) -> EntryRef:
        """The entry that `text` names."""
        kind, _, number = text.partition(":")
        return cls(int(number), kind == "payment")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: behind an entry, or before it where it is turned to newer ones; None is the newest page."""

    ref: EntryRef | None = None
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list; the amount is positive where the balance grew, and the sum asked where nothing came yet."""

    ref: EntryRef
    at: datetime
    kind: EntryKind
    state: EntryState
    amount: Money
    method: str | None

    @property
    def has_moved(self) -> bool:
        """Whether the balance changed by it."""
        return not self.ref.is_payment


@dataclass(frozen=True, slots=True)
class EntryReceipt:
    """An entry in full: the payment and the plan it is about, and where the money came from.

    `hash` names a transaction of the chain, `charge` one of another gateway's; the latter is for operators only.
    """

    entry: Entry
    payment_id: int | None
    plan_key: str | None
    days: int | None
    hash: str | None
    charge: str | None

    @property
    def number(self) -> str:
        """What names it to both sides: the payment's number, or the ledger's behind an L."""
        return str(self.payment_id) if self.payment_id is not None else f"L{self.entry.ref.id}"


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page, newest first; where it begins, and whether there is more on either side."""

    entries: tuple[Entry, ...]
    place: Place
    has_newer: bool
    has_older: bool


class HistoryStore(Protocol):
    """The person's own entries; implemented in repo."""

    async def entries(self, tg_id: int, place: Place, limit: int, *, is_topup: bool) -> Sequence[Entry]:
        """Up to `limit` entries from that place on, newest first; of top-ups alone where `is_topup`."""
        ...

    async def receipt(self, tg_id: int, ref: EntryRef) -> EntryReceipt:
        """The entry in full; NotFound where it is another's or gone."""
        ...


class History:
    """The use cases of a person who looks at their money."""

    def __init__(self, store: HistoryStore) -> None:
        self._store = store

    async def page(self, tg_id: int, place: Place) -> HistoryPage:
        """One page; a place that is gone is the beginning."""
        found = await self._store.entries(tg_id, place, PAGE_SIZE + 1, is_topup=False)
        has_more = len(found) > PAGE_SIZE
        if place.is_newer and place.ref is not None:
            return HistoryPage(tuple(found[-PAGE_SIZE:]), place, has_newer=has_more, has_older=True)
        return HistoryPage(tuple(found[:PAGE_SIZE]), place, has_newer=place.ref is not None, has_older=has_more)

    async def topups(self, tg_id: int, most: int) -> Sequence[Entry]:
        """The newest top-ups, to choose from."""
        return await self._store.entries(tg_id, Place(), most, is_topup=True)

    async def receipt(self, tg_id: int, ref: EntryRef) -> EntryReceipt:
        """The entry in full; NotFound where it is another's or gone."""
        return await self._store.receipt(tg_id, ref)
