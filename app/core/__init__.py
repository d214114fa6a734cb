"""The Telegram edge: parses, makes one call, renders. No rule lives here."""

import asyncio

import aiogram  # noqa: F401 - what follows has to come after it

# aiogram takes uvloop wherever it is installed, and pgqueuer installs it without using it. How the shop's children,
# signals and stops behave is proved on asyncio's own loop.
asyncio.set_event_loop_policy(None)
