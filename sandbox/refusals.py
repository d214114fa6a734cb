"""Owns the two ways a panel says no: a refusal with a detail, and a crash; must not hold rules."""


class RefusedError(Exception):
    """A 4xx answer; the detail is a text or, for 422, the field and its message."""

    def __init__(self, status: int, detail: str | dict[str, str]) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


class CrashError(Exception):
    """A 500 in plain text, after which the panel drops the connection."""


def not_allowed() -> RefusedError:
    """Build the refusal of what only a sudo admin, or the owner, may do."""
    return RefusedError(403, "You're not allowed")
