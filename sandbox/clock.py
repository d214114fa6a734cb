"""Owns the sandbox's time: real time plus an offset that can be moved forward; must not sleep or schedule anything."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path


class SandboxClock:
    """Real time plus an offset in seconds; with a path the offset is shared with other processes through that file."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._offset = _read_offset(path)

    def now(self) -> datetime:
        """Return the moment of the sandbox, aware, in UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def timestamp(self) -> float:
        """Return the moment of the sandbox in unix seconds."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move time forward by seconds; ValueError where they are negative, for nothing here survives going back."""
        if seconds < 0:
            raise ValueError(f"time only moves forward, got {seconds} seconds")
        self._offset += seconds
        if self._path is not None:
            _write_offset(self._path, self._offset)


def _read_offset(path: Path | None) -> float:
    if path is None or not path.exists():
        return 0.0
    return float(path.read_text(encoding="ascii"))


def _write_offset(path: Path, offset: float) -> None:
    # A reader in another process must never see half a number, hence the rename.
    fresh = path.with_suffix(".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh.write_text(repr(offset), encoding="ascii")
    os.replace(fresh, path)
