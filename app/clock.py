"""The clock of the process. The sandbox moves it by a file; production has no such file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class SystemClock:
    """Implements services.ports.Clock with the machine's time."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        return datetime.now(UTC)


class MovableClock:
    """The machine's time plus the seconds that stand in a file, which the sandbox rewrites."""

    def __init__(self, offset_file: Path) -> None:
        self._file = offset_file

    def now(self) -> datetime:
        """The current instant of the sandbox, aware, UTC."""
        try:
            offset = timedelta(seconds=float(self._file.read_text()))
        except (FileNotFoundError, ValueError):
            offset = timedelta(0)
        return datetime.now(UTC) + offset


def open_clock(offset_file: Path | None) -> SystemClock | MovableClock:
    """The clock of these settings: the machine's, or one that the file moves."""
    return SystemClock() if offset_file is None else MovableClock(offset_file)
