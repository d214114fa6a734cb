"""Owns a Bot API emulator over HTTP with people in it, for tests of the Telegram edge. Must not know the shop."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession
from pydantic import HttpUrl, SecretStr

from app.core.bot import make_bot
from app.core.outgoing import OutgoingPolicy
from config import Settings
from sandbox.clock import SandboxClock
from sandbox.serve import Server
from sandbox.telegram.app import create_app
from sandbox.telegram.telegram import Telegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiogram import Bot

TOKEN = "4242:canary-AAH5secretsecretsecret"
SECRET_PART = TOKEN.partition(":")[2]
ENOUGH_SECONDS = 60


def settings_for(url: str, **more: Any) -> Settings:
    return Settings(bot_token=SecretStr(TOKEN), telegram_api_url=HttpUrl(url), **more)


@dataclass
class BotWorld:
    """The emulator at `url`, its state in `telegram`, and what people and observers do, over its /sim."""

    telegram: Telegram
    url: str
    http: ClientSession
    bots: list[Bot]

    def bot(self, policy: OutgoingPolicy | None = None) -> Bot:
        bot = make_bot(settings_for(self.url), policy or OutgoingPolicy())
        self.bots.append(bot)
        return bot

    async def sim(self, path: str, **body: object) -> Any:
        async with self.http.post(f"/sim/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def seen(self, path: str) -> Any:
        async with self.http.get(f"/sim/{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def person(self, name: str = "Ann") -> int:
        """Somebody who has started the bot; the update of that is gone."""
        person = int((await self.sim("people", first_name=name, language_code="en"))["id"])
        await self.sim("start", person=person, payload="")
        self.telegram.updates.clear()
        return person

    async def says(self, person: int, text: str) -> None:
        await self.sim("message", person=person, text=text)

    async def misbehaves(self, match: str, action: str, **more: object) -> None:
        await self.sim("faults", match=match, action=action, **more)

    async def texts(self, person: int) -> list[str]:
        """What the bot wrote, as it stands now."""
        chat = await self.seen(f"chat?person={person}")
        return [message["text"] for message in chat["messages"] if message["from"] == "bot"]

    async def calls(self, method: str) -> int:
        return sum(call["method"] == method for call in await self.seen("calls?after=0"))


@asynccontextmanager
async def bot_world() -> AsyncIterator[BotWorld]:
    telegram = Telegram(SandboxClock(), TOKEN)
    server = Server(create_app(telegram))
    url = await server.start()
    async with ClientSession(url) as http:
        world = BotWorld(telegram, url, http, [])
        yield world
        for bot in world.bots:
            await bot.session.close()
    await server.stop()


async def until(condition: Callable[[], object]) -> None:
    """Give the loop its turns until the condition holds, for what has no event of its own to wait for."""
    async with asyncio.timeout(ENOUGH_SECONDS):
        while not condition():  # noqa: ASYNC110 - the conditions look into what tells nobody of its changes
            await asyncio.sleep(0.002)


class FakeTime:
    """Time that passes only while somebody sleeps; `slept` tells how long each time."""

    def __init__(self) -> None:
        self.moment = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds
        await asyncio.sleep(0)

    def policy(self, **more: Any) -> OutgoingPolicy:
        return OutgoingPolicy(**more, sleep=self.sleep, now=self.now)
