"""Owns the Bot API emulator: the real protocol over HTTP, and people to talk to; must not know the bot under test."""

import asyncio

import aiogram  # noqa: F401 - what follows has to come after it

from sandbox.telegram.app import create_app
from sandbox.telegram.telegram import Telegram

# aiogram takes uvloop wherever it is installed; the emulators are proved on asyncio's own loop.
asyncio.set_event_loop_policy(None)

__all__ = ["Telegram", "create_app"]
