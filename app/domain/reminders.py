"""What people are reminded of around the end of a subscription, and when that is still right. Reads no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Step(StrEnum):
    """An occasion. There is one of each for each end of each person's subscription."""

    SOON = "soon"
    LAST = "last"
    ENDED = "ended"
    MISSED = "missed"
    UNRENEWED = "unrenewed"


class Word(StrEnum):
    """What is said on an occasion: it depends on how things stand at the moment of sending."""

    ENDS_SOON = "ends_soon"
    ENDS_TOMORROW = "ends_tomorrow"
    TRIAL_ENDS = "trial_ends"
    ENDED = "ended"
    TRIAL_ENDED = "trial_ended"
    MISSED = "missed"
    RENEWS_SOON = "renews_soon"
    RENEWAL_SHORT = "renewal_short"
    RENEWAL_CHANGED = "renewal_changed"
    ENDED_SHORT = "ended_short"


# These are about money that a person has told us to take: no switch silences them.
OF_MONEY = frozenset({Word.RENEWS_SOON, Word.RENEWAL_SHORT, Word.RENEWAL_CHANGED, Word.ENDED_SHORT})


@dataclass(frozen=True, slots=True)
class Occasion:
    """It comes `ahead` of the end, and is worth a word for as long as `lasts`."""

    ahead: timedelta
    lasts: timedelta

    def holds(self, end: datetime, now: datetime) -> bool:
        """Whether the occasion has come and not gone (half-open)."""
        came = end - self.ahead
        return came <= now < came + self.lasts


DAY = timedelta(days=1)
# Those that come with time alone; a renewal that failed is an occasion of its own, until the end comes.
OCCASIONS = {
    Step.SOON: Occasion(3 * DAY, 2 * DAY),
    Step.LAST: Occasion(DAY, DAY),
    Step.ENDED: Occasion(0 * DAY, 3 * DAY),
    Step.MISSED: Occasion(-3 * DAY, 3 * DAY),
}
UNRENEWED = Occasion(DAY, DAY)


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand with a person. `renews` by itself; `lacks` money for that; it `changed` since they agreed."""

    subscription_end: datetime | None
    is_trial: bool
    is_reachable: bool
    wants_reminders: bool
    renews: bool = False
    lacks: bool = False
    changed: bool = False


def word(step: Step, end: datetime, standing: Standing, now: datetime) -> Word | None:
    """What to say on this occasion of this end; None where nothing is right any more."""
    if standing.subscription_end != end or not standing.is_reachable:
        return None
    if not OCCASIONS.get(step, UNRENEWED).holds(end, now):
        return None
    found = _of_renewal(step, standing) if standing.renews else _of_end(step, standing)
    return found if found in OF_MONEY or standing.wants_reminders else None


def _of_renewal(step: Step, standing: Standing) -> Word | None:
    match step:
        case Step.SOON:
            return Word.RENEWAL_CHANGED if standing.changed else Word.RENEWS_SOON
        case Step.UNRENEWED if standing.changed:
            return Word.RENEWAL_CHANGED
        case Step.UNRENEWED if standing.lacks:
            return Word.RENEWAL_SHORT
        case Step.ENDED if standing.lacks and not standing.changed:
            return Word.ENDED_SHORT
        case Step.ENDED | Step.MISSED:
            return _of_end(step, standing)
        case _:
            return None


def _of_end(step: Step, standing: Standing) -> Word | None:
    match step:
        case Step.SOON:
            # A trial is short: one word of it is enough.
            return None if standing.is_trial else Word.ENDS_SOON
        case Step.LAST:
            return Word.TRIAL_ENDS if standing.is_trial else Word.ENDS_TOMORROW
        case Step.ENDED:
            return Word.TRIAL_ENDED if standing.is_trial else Word.ENDED
        case Step.MISSED:
            return Word.MISSED
        case Step.UNRENEWED:
            return None
