"""Sends reminders, each at most once, a few a second and never in quiet hours. Decides nobody's due."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
)

from app.core.outgoing import PersonGone
from app.core.screens import reminders as screens
from app.core.screens.screen import send
from app.failpoints import failpoint
from app.locales.locales import translator
from app.services.reminders import has_to_wait, saying
from app.services.renewal_records import Outcome
from app.services.renewals import LEASE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiogram import Bot

    from app.domain.plans import Catalogue
    from app.domain.quiet import QuietHours
    from app.services.ports import Clock
    from app.services.reminders import Reminders
    from app.services.renewal_records import Reminder, ReminderStore
    from app.services.renewals import Renewals

log = structlog.get_logger(__name__)

# Telegram takes thirty a second of a bot, and customers' clicks need most of them.
SIDE_BY_SIDE = 15
ROUND_SECONDS = 1
# A run ends within the time that a stop gives to jobs in hand.
ROUNDS = 3
LEASE = timedelta(seconds=LEASE_SECONDS)
# aiogram names the error: no connection, so nothing can have been sent.
NEVER_LEFT = "ClientConnector"


class ReminderPost:
    """Takes a reminder, looks whether it is still right, sends it, and notes what became of it: in that order.

    Telegram can't be asked whether a message arrived. Where that is in doubt, after a lost answer or a kill, nothing is
    sent again; and from there on one goes at a time until Telegram is heard, so that an outage costs few of them.
    """

    def __init__(
        self,
        bot: Bot,
        store: ReminderStore,
        catalogue: Catalogue,
        quiet: QuietHours,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._store = store
        self._catalogue = catalogue
        self._quiet = quiet
        self._clock = clock
        self._sleep = sleep
        self._is_heard = True

    async def run(self) -> bool:
        """A few rounds; whether there may be more to send."""
        for _ in range(ROUNDS):
            at_once = self._at_once
            if await self.run_once() < at_once or not self._is_heard:
                return False
            await self._sleep(ROUND_SECONDS)
        return True

    async def run_once(self) -> int:
        """Send what is due, so many side by side; how many were taken."""
        at_once = self._at_once
        if self._quiet.hold(self._clock.now()) or (first := await self._take()) is None:
            return 0
        taken = await asyncio.gather(self._deal_with(first), *(self._next() for _ in range(at_once - 1)))
        return sum(taken)

    @property
    def _at_once(self) -> int:
        return SIDE_BY_SIDE if self._is_heard else 1

    async def _take(self) -> Reminder | None:
        return await self._store.take(self._clock.now(), LEASE)

    async def _next(self) -> bool:
        reminder = await self._take()
        return reminder is not None and await self._deal_with(reminder)

    async def _deal_with(self, reminder: Reminder) -> bool:
        now = self._clock.now()
        if has_to_wait(reminder):
            await self._store.release(reminder, now + LEASE)
            return True
        said = saying(reminder, self._catalogue, now)
        if said is None:
            await self._store.close(reminder, Outcome.VOID)
            return True
        screen = screens.reminder(translator(reminder.language), reminder, said, now)
        try:
            await send(self._bot, reminder.recipient, screen)
        except TelegramAPIError as error:
            failpoint("reminder.not_sent")
            await self._not_sent(reminder, error)
        else:
            self._is_heard = True
            await self._store.close(reminder, Outcome.SENT)
        return True

    async def _not_sent(self, reminder: Reminder, error: TelegramAPIError) -> None:
        log.warning("reminder_not_sent", tg_id=reminder.recipient, error=type(error).__name__)
        if isinstance(error, PersonGone):
            await self._store.close(reminder, Outcome.GONE)
        elif isinstance(error, TelegramBadRequest | TelegramForbiddenError):
            await self._store.close(reminder, Outcome.REFUSED)
        elif isinstance(error, TelegramRetryAfter) or _never_left(error):
            await self._store.release(reminder, self._clock.now() + LEASE)
            self._is_heard = False
        else:
            await self._store.close(reminder, Outcome.UNKNOWN)
            self._is_heard = False


def _never_left(error: TelegramAPIError) -> bool:
    return isinstance(error, TelegramNetworkError) and error.message.startswith(NEVER_LEFT)


async def remind(renewals: Renewals, reminders: Reminders, post: ReminderPost) -> bool:
    """Renew what is due, note who is to be reminded, write to some of them; whether there may be more to write.

    In this order nobody is told of an end that a renewal is about to move.
    """
    while await renewals.run_once():
        pass
    await reminders.write_due()
    return await post.run()
