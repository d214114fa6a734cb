"""Spaces requests out. Knows neither who asks nor what for."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_NANOSECONDS = 1000


async def pause(span: timedelta) -> None:
    """Wait for `span`."""
    await asyncio.sleep(span.total_seconds())


class Pacer:
    """Turns at least `interval` apart, in the order they were asked for. `ticks` is a monotonic clock in ns."""

    def __init__(
        self,
        interval: timedelta,
        sleep: Callable[[timedelta], Awaitable[None]] = pause,
        ticks: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._interval = interval // timedelta(microseconds=1) * _NANOSECONDS
        self._sleep = sleep
        self._ticks = ticks
        self._free_at = 0

    async def turn(self) -> None:
        """Return when it is this caller's turn; one that is cancelled while it waits leaves its turn unused."""
        now = self._ticks()
        mine = max(now, self._free_at)
        self._free_at = mine + self._interval
        if mine > now:
            await self._sleep(timedelta(microseconds=-(-(mine - now) // _NANOSECONDS)))
