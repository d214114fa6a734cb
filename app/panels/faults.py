"""Owns what the log is told of a fault in a job. Must not show what the job had in hand."""

from __future__ import annotations

from app.utils.logging import place_of


def where(error: Exception) -> dict[str, str]:
    """Kind and place, as a line of the log has them."""
    kind, function, line = place_of(error)
    return {"error": kind, "at": f"{function}:{line}"}
