"""Owns what the shop is measured against: a bare aiogram bot that sends the same two calls and knows nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.enums import ParseMode
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

if TYPE_CHECKING:
    from aiogram.client.session.base import BaseSession


class Echo:
    """Answers every click with `text` and `keyboard`, in the way of aiogram's own examples."""

    def __init__(self, token: str, session: BaseSession) -> None:
        defaults = DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview_is_disabled=True)
        self.bot = Bot(token, session=session, default=defaults)
        self.text = ""
        self.keyboard: InlineKeyboardMarkup | None = None
        self._dispatcher = Dispatcher()
        self._dispatcher.callback_query.register(self._on_click)

    async def take(self, update: dict[str, Any]) -> None:
        """Have a raw update dealt with in a task of its own, as aiogram's polling and its webhook do by default."""
        await asyncio.create_task(self._dispatcher.feed_raw_update(self.bot, update))  # noqa: TID251 - see above

    async def _on_click(self, query: CallbackQuery) -> None:
        await query.answer()
        if isinstance(query.message, Message):
            await query.message.edit_text(self.text, reply_markup=self.keyboard)
