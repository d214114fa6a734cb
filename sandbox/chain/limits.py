"""Owns tonapi's rate limit, by key and by the sandbox's clock; must not know what is asked."""

from sandbox.clock import SandboxClock


class RateLimit:
    """A bucket a caller, of one second's worth of calls and at least one."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def allows(self, caller: str, per_second: float | None) -> bool:
        """Count a call and tell whether it is within the limit; None means there is none."""
        if per_second is None:
            return True
        now = self._clock.timestamp()
        size = max(1.0, per_second)
        left, since = self._buckets.get(caller, (size, now))
        left = min(size, left + (now - since) * per_second)
        allowed = left >= 1
        self._buckets[caller] = (left - 1 if allowed else left, now)
        return allowed
