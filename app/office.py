"""Composes what operators are told and the nightly audit. Part of the root; only app/main.py imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.operator_notices import OperatorNotifier
from app.repo.operator_news import OperatorNewsRepository
from app.services.operator_news import NightlyAudit, OperatorWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiogram import Bot

    from app.services.ports import Clock
    from app.stores import Stores
    from config import Settings

    Every = Callable[[str, float, object], None]

WATCH_SECONDS = 60
TELL_SECONDS = 5
NIGHT_SECONDS = 300


class Office:
    """Watches the books for operators. Without ADMIN_IDS the audit still runs and its result is kept."""

    def __init__(self, settings: Settings, stores: Stores, clock: Clock, bot: Bot, providers: Sequence[str]) -> None:
        news = OperatorNewsRepository(stores.database)
        self._has_readers = bool(settings.admin_ids)
        self._watch = OperatorWatch(news, clock, providers)
        self._audit = NightlyAudit(news, clock, settings.audit_hour_utc)
        self._notifier = OperatorNotifier(bot, news, settings.admin_ids, clock)

    def start_jobs(self, every: Every) -> None:
        """Hand every job to `every` (name, seconds between runs, coroutine function)."""
        every("nightly-audit", NIGHT_SECONDS, self._audit.run_once)
        if self._has_readers:
            every("operator-watch", WATCH_SECONDS, self._watch.run_once)
            every("operator-notices", TELL_SECONDS, self._tell)

    async def _tell(self) -> None:
        while await self._notifier.run_once():
            pass
