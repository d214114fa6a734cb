"""Owns what the log is told of a fault in a job. Must not show what the job had in hand."""

from __future__ import annotations

import traceback


def where(error: Exception) -> dict[str, str]:
    """Kind and place only: the text of a driver's error may hold a row, and with it a link."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "at": f"{frame.name}:{frame.lineno}"}
