"""Whose money it is by what an invoice carried and by what the books know of it. Asks no provider, books nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.money import Money
    from app.payments.gateway.marks import Marks
    from app.services.records import Payment


class KnownPayments(Protocol):
    """Where payments are kept."""

    async def by_id(self, payment_id: int) -> Payment | None:
        """A payment whoever's it is; None where it was swept, or never was."""
        ...

    async def last_heard(self, provider: str) -> datetime | None:
        """When the provider last told what came and that was booked; None where it never did."""
        ...


class Claim(NamedTuple):
    """The payment that money is for and the person it is from, as far as either is certain."""

    payment_id: int | None
    payer: int | None


async def claim(carried: object, worth: Money, marks: Marks, payments: KnownPayments) -> Claim:
    """What an invoice over `worth` says by what it carried; nothing where that is not of our making."""
    marked = marks.read(carried, worth) if isinstance(carried, str) else None
    if marked is None:
        return Claim(None, None)
    stored = await payments.by_id(marked.payment_id)
    # Payments that a restored backup forgot are counted anew: the number alone may be another person's by now.
    is_his = stored is None or stored.owner == marked.owner
    return Claim(marked.payment_id if is_his else None, marked.owner)
