"""Owns the long poll of getUpdates: one at a time, the newest wins; must not know how a poll is asked for."""

import asyncio

from sandbox.telegram.errors import OTHER_POLLER, ApiError, conflict
from sandbox.telegram.updates import PendingUpdate, Updates


class Polling:
    """The one poll that may wait for updates."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._waiting: asyncio.Future[None] | None = None
        updates.listeners.append(self._wake)

    async def poll(self, limit: int, timeout_seconds: float) -> list[PendingUpdate]:
        """Return what waits, or what comes within the time; a poll that waited before ends with 409."""
        self.end(conflict(OTHER_POLLER))
        if len(self._updates) or timeout_seconds <= 0:
            return self._updates.first(limit)
        turn = self._waiting = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_seconds):
                await turn
        except TimeoutError:
            return []
        finally:
            if self._waiting is turn:
                self._waiting = None
        return self._updates.first(limit)

    def end(self, reason: ApiError | None = None) -> None:
        """End a waiting poll with a refusal, or with what there is."""
        turn, self._waiting = self._waiting, None
        if turn is None or turn.done():
            return
        if reason is None:
            turn.set_result(None)
        else:
            turn.set_exception(reason)

    def _wake(self, _person_id: int) -> None:
        self.end()
