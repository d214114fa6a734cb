"""Owns a Bot API that answers in no time, with canned results; must not check what it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from aiogram.client.session.base import BaseSession
from aiogram.methods import AnswerCallbackQuery, EditMessageText, GetMe, SendMessage, TelegramMethod
from aiogram.types import Chat, Message, User

from app.core.stars_desk import GetRawStarTransactions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aiogram import Bot
    from aiogram.methods.base import TelegramType

BOT = User(id=42, is_bot=True, first_name="OrbitVPN", username="orbit_bench_bot")
MESSAGE = Message(message_id=1, date=datetime(2026, 1, 1, tzinfo=UTC), chat=Chat(id=1, type="private"), from_user=BOT)
OLD_CHARGES = {
    "transactions": [
        {
            "id": f"old-{number}",
            "amount": 100,
            "date": 1_767_225_600,
            "source": {
                "type": "user",
                "transaction_type": "invoice_payment",
                "user": {"id": 9, "is_bot": False, "first_name": "Max"},
                "invoice_payload": "of another bot",
            },
        }
        for number in range(3)
    ]
}
ANSWERS: dict[type[TelegramMethod[Any]], object] = {
    AnswerCallbackQuery: True,
    EditMessageText: MESSAGE,
    SendMessage: MESSAGE,
    GetMe: BOT,
    GetRawStarTransactions: OLD_CHARGES,
}


class FilelessSession(BaseSession):
    """A session without a wire, of a bot that downloads nothing."""

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,  # noqa: ASYNC109 - aiogram's signature
        chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        """Files are no part of any scenario."""
        yield b""

    async def close(self) -> None:
        """Nothing is open."""


class InstantSession(FilelessSession):
    """Answers at once and remembers what was asked, in order, until `calls` is cleared."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[TelegramMethod[Any]] = []

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's signature
    ) -> TelegramType:
        """The canned result of the method; KeyError for one that no scenario calls."""
        self.calls.append(method)
        return cast("TelegramType", ANSWERS[type(method)])
