"""Owns how calls to the Bot API fail: what is waited for, repeated, ignored or told on. Must not know any screen."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from typing import TYPE_CHECKING, Final, cast

import structlog
from aiogram.client.session.middlewares.base import BaseRequestMiddleware
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiogram import Bot
    from aiogram.client.session.middlewares.base import NextRequestMiddlewareType
    from aiogram.methods import Response, TelegramMethod
    from aiogram.methods.base import TelegramType

    OnGone = Callable[[int], Awaitable[None]]

log = structlog.get_logger()

MOST_WAIT_SECONDS: Final = 60.0
MOST_REPEATS: Final = 3
FIRST_PAUSE_SECONDS: Final = 0.3
CHATS_THAT_MEAN_ALL: Final = 3

# A second time does no harm. Never send…, copy…, forward… or refund…: an answer that was lost may hide an effect.
REPEATABLE: Final = ("get", "answer", "edit", "delete", "set", "sendChatAction")
POLL: Final = "getUpdates"

HARMLESS: Final = (
    ("edit", "message is not modified"),
    ("answer", "query is too old"),
    ("answer", "query id is invalid"),
    ("delete", "message to delete not found"),
    ("delete", "message can't be deleted"),
)
GONE: Final = ("bot was blocked by the user", "user is deactivated", "bot can't initiate conversation")
NO_CHAT: Final = "chat not found"

# Their texts tell of hosts and sockets; all others of aiohttp may quote the URL or the answer.
CONNECTION_ERRORS: Final = ("ClientConnector", "ClientOSError", "ServerDisconnected")

# A session's middleware returns the bare result, whatever its annotation says.
DONE: Final[object] = True

Failure = (TelegramAPIError, ClientDecodeError, UnicodeDecodeError)


class PersonGone(TelegramForbiddenError):
    """Nothing can be sent to this person: they blocked the bot, deleted their account or never started it."""


class OutgoingPolicy(BaseRequestMiddleware):
    """A middleware of the bot's session; on the path of success it costs one look at an empty dictionary.

    429 closes a gate, for that chat or for all, and nobody passes before the time told; one call waits for 60 s and
    repeats 3 times at most, then TelegramRetryAfter goes up. Network faults and 5xx are repeated where a second time
    does no harm. Errors that only say "already so" answer True. Who is gone is told to `on_gone`, and PersonGone goes
    up. No error that leaves here holds the bot's token, not even in its chain. getUpdates keeps its own pace.
    """

    def __init__(
        self,
        on_gone: OnGone | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._on_gone = on_gone
        self._sleep = sleep
        self._now = now
        self._gates: dict[int | str | None, float] = {}

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        """Make the request under this policy; what goes up is a TelegramAPIError."""
        waited = await self._pass_gates(method, 0.0) if self._gates else 0.0
        repeats = 0
        while True:
            try:
                return await make_request(bot, method)
            except Failure as error:
                problem = _cleaned(error, bot, method)
            # Outside of the except block: what is raised from here must not drag the original along.
            self.counts[type(problem).__name__] += 1
            if _is_harmless(method, problem):
                return cast("Response[TelegramType]", DONE)
            if not self._repeatable(method, problem) or repeats >= MOST_REPEATS:
                break
            waited = await self._pause(method, problem, repeats, waited)
            repeats += 1
        await self._tell_if_gone(method, problem)
        raise problem

    def _repeatable(self, method: TelegramMethod[TelegramType], problem: TelegramAPIError) -> bool:
        name = method.__api_method__
        if name == POLL:
            return False
        if isinstance(problem, TelegramRetryAfter):
            self._close_gate(method, problem.retry_after)
            return True
        if isinstance(problem, TelegramEntityTooLarge):
            return False
        return isinstance(problem, TelegramNetworkError | TelegramServerError) and name.startswith(REPEATABLE)

    async def _pause(
        self, method: TelegramMethod[TelegramType], problem: TelegramAPIError, repeats: int, waited: float
    ) -> float:
        if isinstance(problem, TelegramRetryAfter):
            log.warning("telegram_limit", method=method.__api_method__, retry_after_seconds=problem.retry_after)
        else:
            pause = FIRST_PAUSE_SECONDS * 3**repeats
            log.info("telegram_repeat", method=method.__api_method__, error=type(problem).__name__)
            await self._sleep(pause)
            waited += pause
        return await self._pass_gates(method, waited)

    def _close_gate(self, method: TelegramMethod[TelegramType], seconds: float) -> None:
        until = self._now() + seconds
        chat = getattr(method, "chat_id", None)
        self._gates[chat] = max(until, self._gates.get(chat, 0.0))
        # Telegram doesn't say whose limit it was; several chats refused at once means the bot's own.
        if len(self._gates) >= CHATS_THAT_MEAN_ALL:
            self._gates[None] = max(until, self._gates.get(None, 0.0))

    async def _pass_gates(self, method: TelegramMethod[TelegramType], waited: float) -> float:
        """Wait until nothing holds this method back; TelegramRetryAfter where that would take too long in all."""
        if method.__api_method__ == POLL:
            return waited
        while (pause := self._closed_for(method)) > 0:
            if waited + pause > MOST_WAIT_SECONDS:
                raise TelegramRetryAfter(method, "an earlier limit still stands", math.ceil(pause))
            await self._sleep(pause)
            waited += pause
        return waited

    def _closed_for(self, method: TelegramMethod[TelegramType]) -> float:
        now = self._now()
        self._gates = {chat: until for chat, until in self._gates.items() if until > now}
        chat = getattr(method, "chat_id", None)
        return max(self._gates.get(chat, now), self._gates.get(None, now)) - now

    async def _tell_if_gone(self, method: TelegramMethod[TelegramType], problem: TelegramAPIError) -> None:
        text = problem.message.lower()
        blocked = isinstance(problem, TelegramForbiddenError) and any(phrase in text for phrase in GONE)
        unknown = isinstance(problem, TelegramBadRequest) and NO_CHAT in text
        if not (blocked or unknown):
            return
        chat = getattr(method, "chat_id", None)
        if self._on_gone is not None and isinstance(chat, int) and chat > 0:
            await self._on_gone(chat)
        raise PersonGone(method, problem.message)


def _is_harmless(method: TelegramMethod[TelegramType], problem: TelegramAPIError) -> bool:
    if not isinstance(problem, TelegramBadRequest):
        return False
    name, text = method.__api_method__, problem.message.lower()
    return any(name.startswith(prefix) and phrase in text for prefix, phrase in HARMLESS)


def _cleaned(error: Exception, bot: Bot, method: TelegramMethod[TelegramType]) -> TelegramAPIError:
    """The error as it may be shown: aiohttp names URLs, which hold the token, and decoders quote people's messages."""
    if isinstance(error, TelegramEntityTooLarge):
        return error
    if isinstance(error, TelegramNetworkError):
        name = error.message.partition(":")[0]
        shown = error.message if name.startswith(CONNECTION_ERRORS) else name
        return TelegramNetworkError(method, shown.replace(bot.token.partition(":")[2], "<token>"))
    if isinstance(error, TelegramAPIError):
        return error
    return TelegramNetworkError(method, "the answer can't be read")
