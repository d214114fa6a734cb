"""A bot's session that hands its calls to the emulated Bot API in this process: the same encoding, without sockets.

A walk makes thousands of calls; the wire itself is what other tests are about.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from bench.sessions import FilelessSession
from sandbox.telegram.bot_api import BotApi
from sandbox.telegram.call import Call, Upload

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.client.session.base import BaseSession
    from aiogram.methods import TelegramMethod
    from aiogram.methods.base import TelegramType
    from aiogram.types import InputFile

    from sandbox.telegram.telegram import Telegram


class DirectSession(FilelessSession):
    """Takes the middlewares of the session whose place it takes."""

    def __init__(self, telegram: Telegram, instead_of: BaseSession) -> None:
        super().__init__()
        self.middleware = instead_of.middleware
        self._api = BotApi(telegram)

    async def make_request(
        self, bot: Bot, method: TelegramMethod[TelegramType], timeout: int | None = None  # noqa: ASYNC109 - aiogram's
    ) -> TelegramType:
        """The result, or the error that aiogram makes of a refusal."""
        files: dict[str, InputFile] = {}
        dumped = {key: self.prepare_value(value, bot=bot, files=files) for key, value in method.model_dump().items()}
        uploads = {key: Upload(file.filename or key, await _read(file, bot)) for key, file in files.items()}
        call = Call(method.__api_method__, {key: value for key, value in dumped.items() if value}, uploads)
        status, answer = await self._api.execute(call)
        response = self.check_response(bot=bot, method=method, status_code=status, content=json.dumps(answer))
        return cast("TelegramType", response.result)


async def _read(file: InputFile, bot: Bot) -> bytes:
    return b"".join([part async for part in file.read(bot)])
