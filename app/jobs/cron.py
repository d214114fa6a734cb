"""Turns "every so many seconds" into a cron expression. Knows no job and no queue."""

from __future__ import annotations

MINUTE, HOUR, DAY = 60, 3600, 86_400


def cron(seconds: float) -> str:
    """The plan that comes at least so often: of what cron can't say, the next shorter one. From a second to a day."""
    whole = max(1, int(seconds))
    if whole < MINUTE:
        return f"* * * * * */{whole}"
    if whole < HOUR:
        return f"*/{whole // MINUTE} * * * *"
    if whole < DAY:
        return f"0 */{whole // HOUR} * * *"
    return "0 0 * * *"
