"""Owns the stage for tests of the Bot API emulator: a served Telegram, a real aiogram bot, people; asserts nothing."""

import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import ClientSession

from sandbox.clock import SandboxClock
from sandbox.serve import Server
from sandbox.telegram import Telegram, create_app

Json = dict[str, Any]
TOKEN = "42:sandbox"
NINA, MAX, STRANGER = 1001, 1002, 1003


@dataclass(frozen=True)
class Stage:
    """A running emulator with two people who started the bot and a stranger who did not."""

    url: str
    http: ClientSession
    bot: Bot
    clock: SandboxClock
    telegram: Telegram

    async def call(self, method: str, **params: Any) -> Json:
        """Call the Bot API by raw HTTP with a JSON body."""
        async with self.http.post(f"/bot{TOKEN}/{method}", json=params) as response:
            answer: Json = await response.json()
        assert answer["ok"] or answer["error_code"] == response.status
        return answer

    async def refusal(self, method: str, **params: Any) -> str:
        """Return the words a call is refused with."""
        answer = await self.call(method, **params)
        assert answer["ok"] is False
        return str(answer["description"])

    async def ask(self, path: str, **query: Any) -> Any:
        """GET /sim."""
        async with self.http.get(f"/sim/{path}", params=query) as response:
            assert response.status == 200
            return await response.json()

    async def act(self, act: str, **body: Any) -> Any:
        """POST /sim."""
        async with self.http.post(f"/sim/{act}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def shown(self, person: int = NINA) -> Json:
        """Return the last message of a chat."""
        last: Json = (await self.ask("chat", person=person))["messages"][-1]
        return last

    async def drained(self) -> list[Json]:
        """Return the waiting updates and confirm them."""
        found: list[Json] = (await self.call("getUpdates"))["result"]
        if found:
            await self.call("getUpdates", offset=found[-1]["update_id"] + 1)
        return found


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Serve an emulator for one test."""
    clock = SandboxClock()
    telegram = Telegram(clock, TOKEN)
    server = Server(create_app(telegram))
    url = await server.start()
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
    async with ClientSession(url) as http:
        scene = Stage(url, http, bot, clock, telegram)
        await scene.act("people", id=NINA, first_name="Nina", username="nina", language_code="ru")
        await scene.act("people", id=MAX, first_name="Max", language_code="en")
        await scene.act("people", id=STRANGER, first_name="Stranger")
        await scene.act("start", person=NINA)
        await scene.act("start", person=MAX)
        await scene.drained()
        yield scene
    await bot.session.close()
    await server.stop()


def png(width: int = 2, height: int = 2) -> bytes:
    """Return a black PNG."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" * (width + 1)) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def keyboard(*rows: list[Json]) -> Json:
    """Return an inline keyboard."""
    return {"inline_keyboard": list(rows)}


def button(text: str = "ok", data: str = "ok") -> Json:
    """Return a callback button."""
    return {"text": text, "callback_data": data}
