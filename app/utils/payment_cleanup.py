"""Drops payments that were never paid and are a week old. What may go is the store's rule, never this one's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from app.services.ports import Clock, StalePayments

log = structlog.get_logger(__name__)

KEPT = timedelta(days=7)
BATCH = 500


class PaymentCleanupTask:
    """Call `run_once` now and then; a run that is cut short or repeated does no harm."""

    def __init__(self, store: StalePayments, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run_once(self) -> int:
        """Drop all stale rows in small transactions; how many went."""
        before = self._clock.now() - KEPT
        dropped = 0
        while True:
            batch = await self._store.drop_stale(before, BATCH)
            dropped += batch
            if batch < BATCH:
                break
        if dropped:
            log.info("stale_payments_dropped", count=dropped)
        return dropped
