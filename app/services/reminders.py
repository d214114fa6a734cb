"""What there is to say of a reminder at the moment of sending it, and whether a person wants any. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.money import ZERO, Money
from app.domain.reminders import Standing, Step, Word, word
from app.services.renewals import offered

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.plans import Catalogue
    from app.domain.promo import Offer
    from app.services.ports import Clock
    from app.services.renewal_records import Reminder, ReminderStore

BATCH = 500


@dataclass(frozen=True, slots=True)
class Saying:
    """The word of a reminder, with the offer of the renewal and what is `missing` for it, where it is about one."""

    word: Word
    offer: Offer | None = None
    missing: Money = ZERO


def saying(reminder: Reminder, catalogue: Catalogue, now: datetime) -> Saying | None:
    """What to say by how things stand; None where nothing is right any more."""
    standing, agreement = reminder.now, reminder.now.agreement
    offer = None if agreement is None else offered(agreement, standing.discount, catalogue, now)
    missing = ZERO if offer is None else max(offer.price - standing.balance, ZERO)
    found = word(
        reminder.step,
        reminder.subscription_end,
        Standing(
            subscription_end=standing.subscription_end,
            is_trial=reminder.is_trial,
            is_reachable=reminder.is_reachable,
            wants_reminders=reminder.wants_reminders,
            renews=agreement is not None,
            lacks=missing > ZERO,
            changed=agreement is not None and (offer is None or not agreement.covers(offer)),
        ),
        now,
    )
    return None if found is None else Saying(found, offer, missing)


def has_to_wait(reminder: Reminder) -> bool:
    """Whether what a renewal comes to, which is about to be tried, decides what is right."""
    return reminder.is_renewing and reminder.step in {Step.ENDED, Step.UNRENEWED}


class Reminders:
    """The looks for what has come due, and the customer's switch."""

    def __init__(self, store: ReminderStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def write_due(self) -> None:
        """Write all that has come due."""
        while await self._store.write_due(self._clock.now(), BATCH):
            pass

    async def wants(self, tg_id: int) -> bool:
        """Whether this person wants to be reminded. Raises NotFound."""
        return await self._store.wants(tg_id)

    async def set_wanted(self, tg_id: int, *, wanted: bool) -> None:
        """Remember whether they do."""
        await self._store.set_wanted(tg_id, wanted=wanted)
