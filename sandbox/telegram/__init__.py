"""Owns the Bot API emulator: the real protocol over HTTP, and people to talk to; must not know the bot under test."""

from sandbox.telegram.app import create_app
from sandbox.telegram.telegram import Telegram

__all__ = ["Telegram", "create_app"]
