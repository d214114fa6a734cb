"""Says that something is being done while a person waits for it. Must not outlast the work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import structlog
from aiogram.enums import ChatAction
from aiogram.exceptions import TelegramAPIError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiogram import Bot

log = structlog.get_logger(__name__)

T = TypeVar("T")
# What is quicker than this needs no word; what Telegram shows of an action lasts five seconds.
QUICK_SECONDS = 0.4
SHOWN_SECONDS = 4.5


async def with_patience(bot: Bot | None, chat_id: int, work: Awaitable[T], action: ChatAction = ChatAction.TYPING) -> T:
    """What `work` comes to; while it takes its time, the chat shows that the bot is at it."""
    doing = asyncio.gather(work)
    pause = QUICK_SECONDS
    try:
        while bot is not None and not (await asyncio.wait({doing}, timeout=pause))[0]:
            await _show(bot, chat_id, action)
            pause = SHOWN_SECONDS
        return (await doing)[0]
    except BaseException:
        doing.cancel()
        raise


async def _show(bot: Bot, chat_id: int, action: ChatAction) -> None:
    try:
        await bot.send_chat_action(chat_id, action)
    except TelegramAPIError as error:  # it is a courtesy: the work goes on, and its answer will fail by itself
        log.debug("chat_action_failed", error=type(error).__name__)
