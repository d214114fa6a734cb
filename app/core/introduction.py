"""What Telegram shows of the bot by itself: its commands, and its words in an empty chat and on its profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from aiogram.types import BotCommand

from app.locales.locales import DEFAULT_LANGUAGE, TRANSLATORS

if TYPE_CHECKING:
    from aiogram import Bot

    from app.locales.locales import Translator

log = structlog.get_logger(__name__)

# In the order in which the menu of commands shows them; each has its words under `command.<name>`.
COMMANDS = ("start", "menu", "promo", "help", "language", "paysupport", "terms", "privacy")


class Introduction:
    """Keeps Telegram's copy as this release has it; people of other languages read the shop's own."""

    def __init__(self, bot: Bot, trial_days: int) -> None:
        self._bot = bot
        self._trial_days = trial_days

    async def run_once(self) -> None:
        """Ask what Telegram has, and send what differs: what is set often is soon refused."""
        for language, t in TRANSLATORS.items():
            await self._introduce(None if language == DEFAULT_LANGUAGE else language, t)

    async def _introduce(self, code: str | None, t: Translator) -> None:
        bot = self._bot
        commands = [BotCommand(command=name, description=t.plain(f"command.{name}")) for name in COMMANDS]
        # Objects that came from a bot are never equal to ones that did not.
        if list(map(dict, await bot.get_my_commands(language_code=code))) != list(map(dict, commands)):
            await bot.set_my_commands(commands, language_code=code)
            log.info("commands_introduced", language=t.language)
        trial = t.count("day", self._trial_days)
        about = t.plain("about.full", trial=trial)
        if (await bot.get_my_description(language_code=code)).description != about:
            await bot.set_my_description(about, language_code=code)
        short = t.plain("about.short")
        if (await bot.get_my_short_description(language_code=code)).short_description != short:
            await bot.set_my_short_description(short, language_code=code)
