"""Owns token buckets in this process, bounded in number. Needs no store, so that none can close the door."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

MOST_KEYS = 20_000


class Throttle:
    """A bucket of `burst` tokens a key, one of which comes back every `interval_ms`.

    Keys that nobody used for longest are forgotten beyond `most_keys`, and begin anew with a full bucket.
    """

    def __init__(
        self,
        interval_ms: int,
        burst: int,
        *,
        most_keys: int = MOST_KEYS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval_ms = interval_ms
        self._burst = burst
        self._most_keys = most_keys
        self._monotonic = monotonic
        self._full_at: OrderedDict[Hashable, int] = OrderedDict()

    def wait_seconds(self, key: Hashable) -> int:
        """Take a token: 0, or in how many seconds there is one."""
        now = int(self._monotonic() * 1000)
        full_at = max(self._full_at.get(key, now), now) + self._interval_ms
        wait_ms = full_at - now - self._burst * self._interval_ms
        if wait_ms > 0:
            return -(-wait_ms // 1000)
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._most_keys:
            self._full_at.popitem(last=False)
        return 0

    def __len__(self) -> int:
        return len(self._full_at)
