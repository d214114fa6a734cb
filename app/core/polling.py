"""Owns getUpdates: who polls, from where, how often, and what is confirmed. Must not look into an update."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog
from aiogram.exceptions import AiogramError, TelegramConflictError, TelegramRetryAfter
from aiogram.methods import TelegramMethod

from app.core.intake import update_id_of
from app.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiogram import Bot

    from app.core.intake import Intake

log = structlog.get_logger()

LONG_POLL_SECONDS = 25
HTTP_SLACK_SECONDS = 10
CONFIRM_SECONDS = 3
CONFLICT_SECONDS = 10.0
FIRST_BACKOFF_SECONDS = 0.5
MOST_BACKOFF_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 0.2


class Leadership(Protocol):
    """The right to poll, held by one replica at a time."""

    async def acquire(self) -> None:
        """Wait until this replica leads."""
        ...

    async def still_leads(self) -> bool:
        """Whether the right was kept; asked before every poll."""
        ...

    async def release(self) -> None:
        """Give the right up; harmless where it isn't held."""
        ...


class GetRawUpdates(TelegramMethod[list[object]]):
    """getUpdates with its answer left raw, so that one malformed update can't spoil the batch around it."""

    __returning__ = list[object]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int | None = None
    timeout: int
    allowed_updates: list[str]


class Window:
    """Which updates may be confirmed: all before the first that is unhandled and younger than `patience` seconds."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._open: dict[int, tuple[asyncio.Future[None], float]] = {}
        self._next: int | None = None

    def add(self, update_id: int, done: asyncio.Future[None]) -> bool:
        """Note an update that was taken in hand, and tell whether it is news; one that was cut off may come again."""
        known = self._open.get(update_id)
        if known is not None and not known[0].cancelled():
            return False
        self._open[update_id] = (done, asyncio.get_running_loop().time() + self._patience)
        return known is None

    def offset(self) -> int | None:
        """What the next getUpdates may say: the first id not to confirm; None before the first update."""
        now = asyncio.get_running_loop().time()
        while self._open:
            update_id, (done, deadline) = next(iter(self._open.items()))
            if done.cancelled() or (not done.done() and now < deadline):
                return update_id
            del self._open[update_id]
            self._next = update_id + 1
        return self._next

    def unhandled(self) -> list[asyncio.Future[None]]:
        """The futures of all noted updates that are still in hand."""
        return [done for done, _ in self._open.values() if not done.done()]


class Polling:
    """Long polling, by the one replica that leads.

    Acknowledging: getUpdates confirms what lies before its offset, and the offset stops at the first update that is
    still in hand, for up to `patience` seconds. So a kill -9 loses only updates whose handlers took longer than that;
    all others come again. While something is in hand, 5 polls a second bring what is new to the others.
    """

    def __init__(
        self,
        bot: Bot,
        intake: Intake,
        leadership: Leadership,
        allowed_updates: Sequence[str],
        *,
        patience: float = 2.0,
        conflict_seconds: float = CONFLICT_SECONDS,
        first_backoff: float = FIRST_BACKOFF_SECONDS,
    ) -> None:
        self._bot = bot
        self._intake = intake
        self._leadership = leadership
        self._allowed = list(allowed_updates)
        self._window = Window(patience)
        self._conflict_seconds = conflict_seconds
        self._first_backoff = first_backoff
        self._backoff = first_backoff
        self._scope: asyncio.Timeout | None = None
        self._ended = asyncio.Event()
        self._ended.set()
        self._stopping = False
        self._leads = False
        self._nothing_new = False

    async def run(self) -> None:
        """A service: poll while this replica leads, stand by while it doesn't. Returns only after `stop`."""
        if self._stopping:
            return
        self._ended.clear()
        try:
            async with asyncio.timeout(None) as self._scope:
                while True:
                    await self._lead()
        except TimeoutError:
            # `stop` ends the scope by its deadline; any other timeout is somebody's failure.
            if not self._stopping:
                raise
        finally:
            self._scope = None
            self._ended.set()

    async def stop(self, drain_seconds: float) -> int:
        """End the poll, wait for the updates in hand, confirm what was handled, give up the lead; how many were cut."""
        self._stopping = True
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())
        await self._ended.wait()
        left = await self._intake.drain(drain_seconds)
        if self._leads:
            await self._confirm()
            await self._give_up_lead()
        return left

    async def _lead(self) -> None:
        await self._leadership.acquire()
        self._leads = True
        log.info("polling_leads")
        try:
            opened = False
            while await self._leadership.still_leads():
                opened = await self._round(opened=opened)
            log.warning("polling_lost_lead")
        finally:
            # Stopping keeps the lead until what is in hand is handled and confirmed: nobody shall take it up twice.
            if not self._stopping:
                await self._give_up_lead()

    async def _give_up_lead(self) -> None:
        self._leads = False
        await self._leadership.release()

    async def _round(self, *, opened: bool) -> bool:
        """One poll, or one pause after a failed one; whether the way is open for the next."""
        try:
            if not opened:
                await self._bot.delete_webhook(drop_pending_updates=False)
            batch = await self._fetch()
            failpoint("update.fetched")
            await self._take(batch)
        except TelegramConflictError as error:
            # Another poller or a webhook of the same bot: an operator's mistake, or a replica that is just leaving.
            log.error("polling_conflict", problem=error.message, again_in_seconds=self._conflict_seconds)
            await asyncio.sleep(self._conflict_seconds)
            return False
        except AiogramError as error:
            await self._back_off(error)
            return opened
        self._backoff = self._first_backoff
        return True

    async def _fetch(self) -> list[object]:
        if unhandled := self._window.unhandled():
            # With an offset at one in hand even a long poll answers at once, with that one and what is new.
            await asyncio.wait(unhandled, timeout=LOOK_AGAIN_SECONDS)
        elif self._nothing_new:
            # The same updates come at once again and again; whatever holds them up, don't ask in a tight loop.
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        method = GetRawUpdates(
            offset=self._window.offset(), timeout=LONG_POLL_SECONDS, allowed_updates=self._allowed
        )
        return await self._bot(method, request_timeout=LONG_POLL_SECONDS + HTTP_SLACK_SECONDS)

    async def _take(self, batch: list[object]) -> None:
        self._nothing_new = bool(batch)
        for raw in batch:
            done = await self._intake.accept(raw)
            update_id = update_id_of(raw)
            if update_id is not None and self._window.add(update_id, done):
                self._nothing_new = False

    async def _back_off(self, error: AiogramError) -> None:
        pause = self._backoff
        if isinstance(error, TelegramRetryAfter):
            pause = max(pause, float(error.retry_after))
        log.warning("polling_failed", error=type(error).__name__, problem=str(error), again_in_seconds=pause)
        await asyncio.sleep(pause)
        self._backoff = min(self._backoff * 2, MOST_BACKOFF_SECONDS)

    async def _confirm(self) -> None:
        """Tell Telegram what was handled; what this one answer brings is not confirmed and comes again."""
        offset = self._window.offset()
        if offset is None:
            return
        method = GetRawUpdates(offset=offset, limit=1, timeout=0, allowed_updates=self._allowed)
        try:
            await self._bot(method, request_timeout=CONFIRM_SECONDS)
        except AiogramError as error:
            # Only comfort is lost: the last updates come once more after the next start.
            log.warning("polling_not_confirmed", error=type(error).__name__)
        failpoint("update.confirmed")
