"""The hours in which nobody is written to unasked, by Moscow's clock. Reads no clock of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

# Without summer time since 2014, and so without a table of zones, which not every machine has.
MOSCOW = timezone(timedelta(hours=3))
_WRITTEN = re.compile(r"(\d{1,2})-(\d{1,2})", re.ASCII)
HOURS_IN_DAY = 24


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From the hour `begins` on, before the hour `ends`, over midnight where that is less; the same hour is never."""

    begins: int = 0
    ends: int = 0

    @classmethod
    def parse(cls, written: str) -> QuietHours:
        """As in 23-9; ValueError for what is none."""
        match = _WRITTEN.fullmatch(written)
        if match is None or max(begins := int(match[1]), ends := int(match[2])) >= HOURS_IN_DAY:
            raise ValueError("not two hours of a day, as in 23-9")
        return cls(begins, ends)

    def hold(self, at: datetime) -> bool:
        """Whether it is quiet at this instant."""
        hours = (self.ends - self.begins) % HOURS_IN_DAY
        return (at.astimezone(MOSCOW).hour - self.begins) % HOURS_IN_DAY < hours

    def over(self, at: datetime) -> datetime:
        """The first instant from `at` on at which it is not quiet."""
        if not self.hold(at):
            return at
        there = at.astimezone(MOSCOW)
        hours = (self.ends - there.hour) % HOURS_IN_DAY
        return there.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
