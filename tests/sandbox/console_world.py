"""Owns a small world for the console's tests, the real emulators and a made-up bot process; must not test anything."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from sandbox import chain, console, cryptopay, marzban, telegram, yookassa
from sandbox.clock import SandboxClock
from sandbox.serve import Server

TOKEN = "1:sandbox"
NINA, MAX, OLGA = 1001, 1002, 1003


class BotProcess:
    """A bot process that only remembers what was asked of it."""

    def __init__(self) -> None:
        self.running = True
        self.asked: list[str] = []

    def log_tail(self) -> list[str]:
        return ["bot_started", *self.asked]

    async def start(self) -> None:
        self.asked.append("start")
        self.running = True

    async def stop(self) -> None:
        self.asked.append("stop")
        self.running = False

    async def kill(self) -> None:
        self.asked.append("kill")
        self.running = False


@dataclass
class World:
    """Addresses of all that runs, and the bot's and the people's ways in."""

    clock: SandboxClock
    bot: BotProcess
    telegram_url: str
    chain_url: str
    cryptopay_url: str
    yookassa_url: str
    panel_urls: Mapping[str, str]
    panels: dict[str, marzban.Panel]
    merchant: str
    http: aiohttp.ClientSession
    console: Server = field(init=False)
    url: str = ""

    async def open_console(self, port: int = 0) -> None:
        self.console = Server(console.create_app(self), port)
        self.url = await self.console.start()

    async def call(self, method: str, **params: object) -> Any:  # the Bot API's result, whatever the method
        async with self.http.post(f"{self.telegram_url}/bot{TOKEN}/{method}", json=params) as answer:
            assert answer.status == 200, await answer.text()
            return (await answer.json())["result"]

    async def say(self, person: int, text: str, *rows: list[dict[str, object]]) -> int:
        markup = {"reply_markup": {"inline_keyboard": list(rows)}} if rows else {}
        sent = await self.call("sendMessage", chat_id=person, text=text, parse_mode="HTML", **markup)
        return int(sent["message_id"])

    async def photo(self, person: int, png: bytes, caption: str) -> int:
        form = aiohttp.FormData({"chat_id": str(person), "caption": caption})
        form.add_field("photo", png, filename="qr.png", content_type="image/png")
        async with self.http.post(f"{self.telegram_url}/bot{TOKEN}/sendPhoto", data=form) as answer:
            assert answer.status == 200, await answer.text()
            return int((await answer.json())["result"]["message_id"])

    async def sim(self, path: str, **body: object) -> Any:  # the emulator's answer, whatever the path
        async with self.http.post(f"{self.telegram_url}/sim/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def transcript(self, person: int) -> str:
        async with self.http.get(f"{self.telegram_url}/sim/transcript", params={"person": person}) as answer:
            return await answer.text()

    async def transactions(self) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.chain_url}/sim/state") as answer:
            transactions: list[dict[str, Any]] = (await answer.json())["transactions"]
            return transactions


@asynccontextmanager
async def open_world() -> AsyncIterator[World]:
    """Start everything on free ports, the console last; stop it in the opposite order."""
    async with AsyncExitStack() as stack:

        async def serve(app: web.Application) -> str:
            server = Server(app)
            stack.push_async_callback(server.stop)
            return await server.start()

        clock = SandboxClock()
        coins = chain.Chain(clock)
        panels = {name: marzban.Panel(clock, name, "admin", "sandbox") for name in ("s001", "s002")}
        world = World(
            clock=clock,
            bot=BotProcess(),
            telegram_url=await serve(telegram.create_app(telegram.Telegram(clock, TOKEN))),
            chain_url=await serve(chain.create_app(coins)),
            cryptopay_url=await serve(cryptopay.create_app(cryptopay.Till(clock, "1:till"))),
            yookassa_url=await serve(yookassa.create_app(yookassa.Shop(clock, "100500", "test_shop"))),
            panel_urls={name: await serve(marzban.create_app(panel)) for name, panel in panels.items()},
            panels=panels,
            merchant=coins.merchant.friendly(),
            http=await stack.enter_async_context(aiohttp.ClientSession()),
        )
        await world.open_console()
        stack.push_async_callback(lambda: world.console.stop())
        yield world
