"""Takes what is written in the operators' group, which no other handler sees: answers, and ends of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from aiogram import BaseMiddleware
from aiogram.exceptions import TelegramAPIError
from aiogram.types import Message

from app.core.operators import PASSES
from app.domain.errors import StorageUnavailable
from app.services.support import Said

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiogram.types import TelegramObject

    from app.core.operators import Operators
    from app.services.support import Errands, Support

    Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

log = structlog.get_logger(__name__)

ASIDE = "//"


class OperatorsChat(BaseMiddleware):
    """Before all others: a message of the group ends here. Beside the topics of requests it is nobody's business."""

    def __init__(self, operators: Operators, support: Support, errands: Errands) -> None:
        self._operators = operators
        self._support = support
        self._errands = errands

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Take a message of the group; call the handler for everything else."""
        if not isinstance(event, Message) or event.chat.id != self._operators.group_id:
            return await handler(event, data)
        if event.message_thread_id is not None and event.is_topic_message:
            try:
                await self._take(event, event.message_thread_id)
            except StorageUnavailable:
                await self._say(event, "desk.not_stored")
        return None

    async def _take(self, message: Message, thread_id: int) -> None:
        if message.forum_topic_closed is not None:
            await self._errands.topic_turned(thread_id, is_closed=True)
            # The bot's own closing follows a request that is closed; by now another may be open in that topic.
            if message.bot is None or message.from_user is None or message.from_user.id != message.bot.id:
                await self._support.close(thread_id)
        elif message.forum_topic_reopened is not None:
            await self._errands.topic_turned(thread_id, is_closed=False)
        elif await self._operators.wrote(message):
            await self._heard(message, thread_id)

    async def _heard(self, message: Message, thread_id: int) -> None:
        text = message.text or message.caption or ""
        if text.startswith(ASIDE):
            return
        if text.split("@")[0].strip() == "/close":
            await self._close(message, thread_id)
        elif message.content_type in PASSES:
            answered = message.reply_to_message
            author = message.from_user.id if message.from_user is not None else None
            reply_to = answered.message_id if answered is not None else None
            await self._support.answer(thread_id, Said(message.chat.id, message.message_id, author, reply_to))
        elif message.new_chat_members is None and message.left_chat_member is None:
            await self._say(message, "desk.not_passed")

    async def _close(self, message: Message, thread_id: int) -> None:
        closed = await self._support.close(thread_id)
        await self._say(message, "desk.closed" if closed is not None else "desk.nothing_open")
        if closed is not None and message.bot is not None:
            try:
                await message.bot.close_forum_topic(message.chat.id, thread_id)
            except TelegramAPIError as error:
                log.warning("topic_not_closed", thread_id=thread_id, error=type(error).__name__)
            else:
                await self._errands.topic_turned(thread_id, is_closed=True)

    async def _say(self, message: Message, key: str) -> None:
        t = await self._operators.words()
        try:
            await message.reply(t(key))
        except TelegramAPIError as error:
            log.warning("operators_not_told", key=key, error=type(error).__name__)
