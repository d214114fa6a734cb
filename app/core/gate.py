"""The gate of a required channel: who is not in it is asked to come; where Telegram can't tell, nobody is kept out."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from aiogram import BaseMiddleware
from aiogram.exceptions import TelegramAPIError
from aiogram.types import CallbackQuery, Message

from app.core.actions import CheckChannel, kind_of
from app.core.exempt import command_of, is_beyond_the_gate
from app.core.membership import is_inside
from app.core.screens import support as screens
from app.core.screens.screen import reply, show
from app.domain.subscription import TRIAL_PLAN, is_active

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiogram import Bot
    from aiogram.types import TelegramObject

    from app.services.ports import Clock
    from app.services.records import Account

    Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 3
# How long nobody is asked for after Telegram could not tell.
OPEN_SECONDS = 60


class Guests(Protocol):
    """Who was seen in the channel, for as long as that is believed; read with the look at the door."""

    async def remember_member(self, tg_id: int) -> None:
        """The person is in the channel."""
        ...


class Channel:
    """The required channel, as the bot sees it. What it can't see is said in the log once, and by the doctor."""

    def __init__(self, bot: Bot, chat: str, guests: Guests, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bot = bot
        self._chat: int | str = chat if chat.startswith("@") else int(chat)
        self._guests = guests
        self._monotonic = monotonic
        self._link = f"https://t.me/{chat[1:]}" if chat.startswith("@") else None
        self._open_until = 0.0
        self._has_complained = False

    async def asks_to_come(self, tg_id: int) -> str | None:
        """The link for somebody who is not in the channel; None for who is, and where that can't be told."""
        if self._open_until > self._monotonic():
            return None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                member = await self._bot.get_chat_member(self._chat, tg_id)
                link = None if is_inside(member) else await self._link_of()
        except (TelegramAPIError, TimeoutError) as error:
            self._stand_open(type(error).__name__)
            return None
        if is_inside(member):
            await self._guests.remember_member(tg_id)
        return link

    async def _link_of(self) -> str | None:
        if self._link is None:
            self._link = (await self._bot.get_chat(self._chat)).invite_link
            if self._link is None:
                self._stand_open("no invite link")
        return self._link

    def _stand_open(self, why: str) -> None:
        self._open_until = self._monotonic() + OPEN_SECONDS
        if not self._has_complained:
            self._has_complained = True
            log.warning("gate_stands_open", why=why)


class GateMiddleware(BaseMiddleware):
    """Last before the handlers. /start makes the account in any case, and gets the screen as `gate` to show."""

    def __init__(self, channel: Channel, clock: Clock) -> None:
        self._channel = channel
        self._clock = clock

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Call the handler for who may pass; show everybody else the way to the channel."""
        is_check = isinstance(event, CallbackQuery) and kind_of(event.data or "") == CheckChannel.kind
        if not is_check and self._passes(event, data):
            return await handler(event, data)
        link = await self._channel.asks_to_come(data["event_from_user"].id)
        if link is None:
            return await handler(event, data)
        t = data["t"]
        if is_check and isinstance(event, CallbackQuery):
            return await event.answer(t.plain("gate.not_yet"), show_alert=True)
        screen = screens.gate(t, link)
        if isinstance(event, CallbackQuery):
            return await show(event, screen)
        if isinstance(event, Message) and command_of(event) != "start":
            return await reply(event, screen)
        data["gate"] = screen
        return await handler(event, data)

    def _passes(self, event: TelegramObject, data: dict[str, Any]) -> bool:
        if data["look"].is_member or is_beyond_the_gate(event, data["raw_state"]):
            return True
        account: Account | None = data.get("account")
        return account is not None and self._has_paid(account)

    def _has_paid(self, account: Account) -> bool:
        is_trial = account.active_plan in {None, TRIAL_PLAN}
        return not is_trial and is_active(account.subscription_end, self._clock.now())
