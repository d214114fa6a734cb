"""The language, and what the shop says of itself: help, terms, questions about payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import SetLanguage
from app.core.screens import pages
from app.core.screens.screen import Screen, send, show
from app.core.switchboard import ScreenRouter
from app.domain.errors import MalformedAction
from app.locales.locales import TRANSLATORS, translator

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import CallbackQuery, Message

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator

router = ScreenRouter("settings")


@router.click(SetLanguage)
async def set_language(query: CallbackQuery, action: SetLanguage, shopfront: Shopfront) -> None:
    """Speak the chosen language from this screen on."""
    if action.code not in TRANSLATORS:
        raise MalformedAction
    await shopfront.accounts.set_language(query.from_user.id, action.code)
    t = translator(action.code)
    await show(query, pages.settings(t), toast=t.plain("settings.saved"))


@router.on_command("language")
async def language(message: Message, bot: Bot, t: Translator) -> None:
    """The settings as a new message."""
    await send(bot, message.chat.id, pages.settings(t))


@router.on_command("help")
async def help_command(message: Message, bot: Bot, t: Translator, shopfront: Shopfront) -> None:
    """Help as a new message."""
    screen: Screen = pages.help_page(t, shopfront.contact)
    await send(bot, message.chat.id, screen)


@router.on_command("paysupport")
async def payment_support(message: Message, bot: Bot, t: Translator, shopfront: Shopfront) -> None:
    """Whom to ask about a payment; Telegram requires this command of who takes Stars."""
    await send(bot, message.chat.id, pages.payment_support(t, shopfront.contact))


@router.on_command("privacy")
async def privacy(message: Message, bot: Bot, t: Translator) -> None:
    """What is known of a person, and what is not."""
    await send(bot, message.chat.id, pages.privacy(t))


@router.on_command("terms")
async def terms(message: Message, bot: Bot, t: Translator) -> None:
    """The terms of sale; required likewise."""
    await send(bot, message.chat.id, pages.terms(t))
