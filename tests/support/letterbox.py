"""Telegram as far as messages to people go: who got what when, who blocked the bot, and what is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.exceptions import TelegramForbiddenError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.types import Chat, InlineKeyboardMarkup, Message

from app.core.outgoing import OutgoingPolicy
from bench.sessions import FilelessSession

if TYPE_CHECKING:
    from aiogram.methods.base import TelegramType

    from app.core.outgoing import OnGone

LOST, NEVER_LEFT, DOWN, BUSY = "lost", "never left", "down", "busy"
# What each word is known by, in English; a letter has just one of them.
WORDS = {
    "ends_soon": "Renew early",
    "ends_tomorrow": "Less than a day left",
    "trial_ends": "Did you like it",
    "ended": "Your VPN is paused",
    "trial_ended": "free trial has ended",
    "missed": "has been off for",
    "renews_soon": "We renew your subscription soon",
    "renewal_short": "We couldn't renew",
    "renewal_changed": "The plan has changed",
    "ended_short": "was missing to renew it",
    "renewed": "Purchase No.",
}


@dataclass(frozen=True)
class Letter:
    """A message that came to somebody."""

    recipient: int
    text: str
    button: str
    at: datetime

    @property
    def word(self) -> str:
        """What it says, as the domain calls it; nothing for what is about a payment."""
        found = [word for word, phrase in WORDS.items() if phrase in self.text]
        assert len(found) <= 1
        return found[0] if found else ""


class Letterbox:
    """What all bots have sent. `troubles` are met by the next messages, one each."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.letters: list[Letter] = []
        self.blocked: set[int] = set()
        self.troubles: list[str] = []

    @property
    def last(self) -> Letter:
        """The newest that is not about a payment."""
        return [letter for letter in self.letters if letter.word][-1]

    def words(self, recipient: int = 7) -> list[str]:
        """What somebody was told, in order."""
        return [letter.word for letter in self.letters if letter.recipient == recipient and letter.word]

    def bot(self, on_gone: OnGone, is_alive: Callable[[], bool] = lambda: True) -> Bot:
        """A bot of its own, which sends nothing once it is dead."""
        session = LetterSession(self, is_alive)
        session.middleware(OutgoingPolicy(on_gone, sleep=no_sleep))
        return Bot("42:letters", session=session, default=DefaultBotProperties(parse_mode="HTML"))

    def put(self, method: SendMessage) -> None:
        """It arrives, or what is in the way is raised."""
        trouble = self.troubles.pop(0) if self.troubles else ""
        if trouble == NEVER_LEFT:
            raise TelegramNetworkError(method, "ClientConnectorError: cannot connect")
        if trouble == BUSY:
            raise TelegramRetryAfter(method, "Too Many Requests", 3600)
        if trouble == DOWN:
            raise TelegramServerError(method, "Bad Gateway")
        if method.chat_id in self.blocked:
            raise TelegramForbiddenError(method, "Forbidden: bot was blocked by the user")
        keyboard = cast("InlineKeyboardMarkup", method.reply_markup)
        button = keyboard.inline_keyboard[0][0].callback_data or ""
        self.letters.append(Letter(int(method.chat_id), method.text, button, self._now()))
        if trouble == LOST:
            raise TelegramNetworkError(method, "ServerDisconnectedError")


async def no_sleep(_seconds: float) -> None:
    """Nobody waits in a test."""


class LetterSession(FilelessSession):
    """The wire between a bot and the letterbox."""

    def __init__(self, letterbox: Letterbox, is_alive: Callable[[], bool]) -> None:
        super().__init__()
        self._letterbox = letterbox
        self._is_alive = is_alive

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's signature
    ) -> TelegramType:
        assert isinstance(method, SendMessage)
        assert self._is_alive()
        self._letterbox.put(method)
        number = len(self._letterbox.letters)
        chat = Chat(id=int(method.chat_id), type="private")
        return cast("TelegramType", Message(message_id=number, date=self._letterbox.letters[-1].at, chat=chat))
