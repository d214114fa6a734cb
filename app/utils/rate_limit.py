"""Token buckets per person and action, and the middleware that keeps to them. Never stands before a payment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from string import digits
from typing import TYPE_CHECKING, Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiogram.types import TelegramObject

    from app.locales.locales import Translator
    from app.services.doors import Look


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket of `burst` tokens; one comes back every `interval_ms`."""

    action: str
    interval_ms: int
    burst: int


# How often is what the shop promises; the bursts are measured. A walk through the whole bot that presses as soon as
# there is something to press, and twice what matters, needs 1, 3, 8, 3 and 35 (tests/sandbox/test_edge_brisk_walk.py):
# who compares ways to pay draws twice from PAY for each, and a double tap on Buy is two. A flood is held to the rate
# after the burst, whatever that is.
START = Limit("start", 3_000, 2)
ADD_FUNDS = Limit("add_funds", 5_000, 6)
PAY = Limit("payment_method", 5_000, 12)
BUY = Limit("buy", 2_500, 5)
OTHER = Limit("other", 800, 60)

BY_PREFIX = {"top": ADD_FUNDS, "pay": PAY, "buy": BUY, "gift": BUY}


def limit_of(event: TelegramObject) -> Limit | None:
    """The bucket that an event draws from; None for what carries money, which is never held up."""
    if isinstance(event, CallbackQuery):
        return limit_of_click(event.data or "")
    if isinstance(event, Message):
        if event.successful_payment is not None or event.refunded_payment is not None:
            return None
        return START if (event.text or "").startswith("/start") else OTHER
    return None


def limit_of_click(data: str) -> Limit:
    """The bucket that a click on a button with this callback data draws from, whatever its version."""
    return BY_PREFIX.get(data.partition(":")[0].rstrip(digits), OTHER)


class LocalBuckets:
    """The same buckets in this process, for the time that Redis is away."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._full_at: dict[tuple[int, str], int] = {}
        self._monotonic = monotonic

    def wait_ms(self, tg_id: int, limit: Limit) -> int:
        """Take a token: 0, or how long until there is one."""
        now = int(self._monotonic() * 1000)
        full_at = max(self._full_at.get((tg_id, limit.action), now), now) + limit.interval_ms
        wait = full_at - now - limit.burst * limit.interval_ms
        if wait > 0:
            return wait
        self._full_at[tg_id, limit.action] = full_at
        return 0

    async def sweep(self) -> None:
        """Forget the buckets that are full again."""
        now = int(self._monotonic() * 1000)
        self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now}


class RateLimitMiddleware(BaseMiddleware):
    """Second on messages and clicks: lets through, or says how long to wait.

    The bucket was asked in the same round trip that fetched the account (`data["look"]`).
    """

    def __init__(self, local: LocalBuckets) -> None:
        self._local = local

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Call the handler while the bucket has a token."""
        look: Look = data["look"]
        wait_ms = look.wait_ms
        if wait_ms is None:
            limit = limit_of(event)
            wait_ms = self._local.wait_ms(data["event_from_user"].id, limit) if limit else 0
        if wait_ms <= 0:
            return await handler(event, data)
        return await _ask_to_wait(event, data["t"], wait_ms)


async def _ask_to_wait(event: TelegramObject, t: Translator, wait_ms: int) -> None:
    text = t.plain("rate_limit", seconds=-(-wait_ms // 1000))
    if isinstance(event, (CallbackQuery, Message)):
        await event.answer(text)
