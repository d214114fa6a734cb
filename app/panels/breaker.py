"""Owns the memory of how a panel behaved lately. Must send nothing itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.services.ports import Clock

FAILURES = 5
REST = timedelta(seconds=15)


class Breaker:
    """Opens after five failures in a row; 15 s later it lets one call at a time try, until one succeeds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._opened_at: datetime | None = None
        self._is_trying = False

    def admits(self) -> bool:
        """Whether a call may go out now; a yes must be followed by `succeeded`, `failed` or `abandoned`."""
        if self._opened_at is None:
            return True
        if self._is_trying or self._clock.now() < self._opened_at + REST:
            return False
        self._is_trying = True
        return True

    def succeeded(self) -> None:
        """The panel answered as it should."""
        self._failures = 0
        self._opened_at = None
        self._is_trying = False

    def failed(self) -> None:
        """The panel did not answer, or not usefully."""
        self._failures += 1
        self._is_trying = False
        if self._failures >= FAILURES:
            self._opened_at = self._clock.now()

    def abandoned(self) -> None:
        """The caller went away before an outcome, which says nothing of the panel."""
        self._is_trying = False
