"""Owns how the bot reaches the Bot API: address, patience, defaults. Must not send anything by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import TelegramAPIError

if TYPE_CHECKING:
    from app.core.outgoing import OutgoingPolicy
    from config import Settings

REQUEST_SECONDS = 20


def make_bot(settings: Settings, policy: OutgoingPolicy) -> Bot:
    """The bot of these settings, whose failing calls follow `policy`; its session is the caller's to close."""
    session = AiohttpSession(
        api=TelegramAPIServer.from_base(str(settings.telegram_api_url)),
        timeout=REQUEST_SECONDS,
    )
    session.middleware(policy)
    return Bot(
        settings.bot_token.get_secret_value(),
        session=session,
        default=DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview_is_disabled=True),
    )


async def name_of(bot: Bot, patience_seconds: int) -> str | None:
    """The bot's username, or None where Telegram does not say it in time."""
    try:
        async with asyncio.timeout(patience_seconds):
            return (await bot.me()).username
    except (TelegramAPIError, TimeoutError):
        return None
