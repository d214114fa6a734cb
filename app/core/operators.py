"""The operators' side of support: who may answer, in which language they read, which messages can be passed on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from aiogram.enums import ContentType
from aiogram.exceptions import TelegramAPIError

from app.core.membership import is_inside
from app.domain.errors import NotFound, StorageUnavailable
from app.locales.locales import translator

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiogram import Bot
    from aiogram.types import Message

    from app.locales.locales import Translator
    from app.services.accounts import Accounts

log = structlog.get_logger(__name__)

# What copyMessage takes and both sides can read; polls and the like mean something in their own chat only.
PASSES = frozenset(
    {
        ContentType.TEXT, ContentType.PHOTO, ContentType.DOCUMENT, ContentType.VOICE, ContentType.VIDEO,
        ContentType.VIDEO_NOTE, ContentType.AUDIO, ContentType.ANIMATION, ContentType.STICKER, ContentType.LOCATION,
        ContentType.VENUE, ContentType.CONTACT,
    }
)  # fmt: skip
BELIEVED_SECONDS = 300


class Operators:
    """The members of one group. Who was seen to be one is believed for five minutes."""

    def __init__(
        self,
        bot: Bot,
        group_id: int,
        accounts: Accounts,
        first_admin: int | None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.group_id = group_id
        self._bot = bot
        self._accounts = accounts
        self._first_admin = first_admin
        self._monotonic = monotonic
        self._seen: dict[int, float] = {}

    async def wrote(self, message: Message) -> bool:
        """Whether a member wrote it: a person, or an administrator who hides behind the group."""
        sender = message.from_user
        if message.sender_chat is not None:
            return message.sender_chat.id == self.group_id
        return sender is not None and not sender.is_bot and await self._is_member(sender.id)

    async def words(self) -> Translator:
        """The language of the first operator of the settings; Russian where that is unknown."""
        if self._first_admin is None:
            return translator(None)
        try:
            return translator((await self._accounts.of(self._first_admin)).language)
        except (NotFound, StorageUnavailable):
            return translator(None)

    async def _is_member(self, tg_id: int) -> bool:
        now = self._monotonic()
        if self._seen.get(tg_id, now) > now:
            return True
        try:
            member = await self._bot.get_chat_member(self.group_id, tg_id)
        except TelegramAPIError as error:
            log.warning("operator_unknown", tg_id=tg_id, error=type(error).__name__)
            return False
        if is_inside(member):
            self._seen[tg_id] = now + BELIEVED_SECONDS
        return is_inside(member)
