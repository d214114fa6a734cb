"""What passes between the use cases of renewals and reminders and their stores: records and protocols. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from app.domain.money import Money
from app.domain.promo import Discount
from app.domain.reminders import Step
from app.domain.renewal import Agreement

if TYPE_CHECKING:
    from datetime import timedelta

    from app.domain.plans import Plan
    from app.services.records import Purchase


@dataclass(frozen=True, slots=True)
class Renewing:
    """A person as far as renewals go; without an agreement nothing is bought by itself."""

    tg_id: int
    subscription_end: datetime | None
    balance: Money
    discount: Discount | None
    agreement: Agreement | None
    last_plan: str | None


@dataclass(frozen=True, slots=True)
class DueRenewal:
    """A renewal that is to be tried now. It is nobody else's until `lease_end`, which fences what is written of it."""

    tg_id: int
    agreement: Agreement
    subscription_end: datetime | None
    may_pay: bool
    discount: Discount | None
    lease_end: datetime


class RenewalStore(Protocol):
    """Agreements, and what is bought by them."""

    async def of(self, tg_id: int) -> Renewing:
        """How things stand, from the rows; NotFound."""
        ...

    async def agree(self, tg_id: int, agreement: Agreement, now: datetime) -> None:
        """Renew this person's subscription by itself from now on, by this agreement alone. Raises Banned."""
        ...

    async def stop(self, tg_id: int) -> None:
        """Never again by itself; what is being bought at this moment is bought before or not at all."""
        ...

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[DueRenewal]:
        """Lease up to `limit` renewals that are to be tried."""
        ...

    async def renew(
        self, due: DueRenewal, plan: Plan, use_id: int, now: datetime, told_at: datetime
    ) -> Purchase | None:
        """Buy `plan` for the end that `due` names, once for ever, and promise the word of it for `told_at`.

        None where the agreement or the end is another by now, or the purchase was made before. Raises OfferChanged
        where another discount waits, InsufficientBalance, Banned, NotFound.
        """
        ...

    async def put_off(self, due: DueRenewal, at: datetime | None, now: datetime, *, is_told: bool = False) -> None:
        """Try again at `at`, None for when money comes in or the end moves; told once for each end."""
        ...


class Outcome(StrEnum):
    """What became of a reminder."""

    SENT = "sent"
    VOID = "void"
    GONE = "gone"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder about to be sent, with how things stand at this moment.

    `is_renewing` says that a renewal for the same end is about to be tried.
    """

    recipient: int
    step: Step
    subscription_end: datetime
    language: str
    is_reachable: bool
    wants_reminders: bool
    is_trial: bool
    is_renewing: bool
    now: Renewing


class ReminderStore(Protocol):
    """Reminders: written once, sent at most once."""

    async def write_due(self, now: datetime, limit: int) -> bool:
        """Write what has come due since the last look, up to `limit` of a step; whether more is left."""
        ...

    async def take(self, now: datetime, lease: timedelta) -> Reminder | None:
        """Take one that is due, for good: who takes it sends it at once, and nobody ever takes it again.

        A renewal that is to be tried within `lease` makes it one that is renewing.
        """
        ...

    async def close(self, reminder: Reminder, outcome: Outcome) -> None:
        """Store what became of it."""
        ...

    async def release(self, reminder: Reminder, at: datetime) -> None:
        """Surely nothing was sent: it may be taken again at `at`."""
        ...

    async def wants(self, tg_id: int) -> bool:
        """Whether this person wants to be reminded; NotFound."""
        ...

    async def set_wanted(self, tg_id: int, *, wanted: bool) -> None:
        """Remember whether they do."""
        ...
