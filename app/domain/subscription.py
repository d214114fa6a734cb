"""Time that an account has bought. Takes `now` as an argument; never looks at a clock."""

from __future__ import annotations

from datetime import datetime, timedelta

TRIAL_PLAN = "trial"
TRIAL_MAX_CONFIGS = 1


def is_active(end: datetime | None, now: datetime) -> bool:
    """Whether time is left; the end itself is outside (half-open)."""
    return end is not None and end > now


def extended(end: datetime | None, now: datetime, days: int) -> datetime:
    """The new end: days are added to what is left, never overwrite it; a day is 24 hours."""
    start = end if end is not None and end > now else now
    return start + timedelta(days=days)


def days_left(end: datetime | None, now: datetime) -> int:
    """Days begun, as a person counts them: 1 until the last second, 0 when it is over."""
    if end is None or end <= now:
        return 0
    return -((now - end) // timedelta(days=1))
