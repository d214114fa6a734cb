"""Owns the sandbox's one door for people: page, /world, /clock, /bot, ways to the emulators; holds no state.

The emulators know nothing of the console; it reaches them over HTTP like everyone else.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from sandbox.console_guard import add_security_headers, loopback_only
from sandbox.console_people import DEFAULT_GROUP, DEFAULT_PEOPLE
from sandbox.console_proxy import Proxy

_PAGE = Path(__file__).parent / "page"
_LONGEST_JUMP_SECONDS = 10 * 365 * 86_400


class Clock(Protocol):
    """The time everyone in the sandbox shares."""

    def now(self) -> datetime:
        """Return the sandbox's time, aware, in UTC."""
        ...

    def advance(self, seconds: float) -> object:
        """Move the time forward; what it returns is not looked at."""
        ...


class BotControl(Protocol):
    """The bot's process, as the page's buttons see it."""

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        ...

    def log_tail(self) -> Sequence[str]:
        """Return the last lines of the process's log, oldest first."""
        ...

    async def start(self) -> None:
        """Start the process where it does not run."""
        ...

    async def stop(self) -> None:
        """Stop the process gracefully and return when it is gone."""
        ...

    async def kill(self) -> None:
        """Kill the process at once, as a crash would (SIGKILL)."""
        ...


class WorldView(Protocol):
    """What the console must know of the world behind it; addresses are base URLs without a closing slash."""

    @property
    def telegram_url(self) -> str:
        """The Bot API emulator."""
        ...

    @property
    def chain_url(self) -> str:
        """The TON chain emulator."""
        ...

    @property
    def cryptopay_url(self) -> str:
        """The Crypto Pay emulator."""
        ...

    @property
    def yookassa_url(self) -> str:
        """The YooKassa emulator."""
        ...

    @property
    def panel_urls(self) -> Mapping[str, str]:
        """The panel emulators by name."""
        ...

    @property
    def clock(self) -> Clock:
        """The shared clock."""
        ...

    @property
    def bot(self) -> BotControl:
        """The bot's process."""
        ...


class Console:
    """The routes; one object an application."""

    def __init__(self, world: WorldView, proxy: Proxy) -> None:
        self._world = world
        self._proxy = proxy

    async def page(self, _request: web.Request) -> web.FileResponse:
        """Serve the page itself."""
        return web.FileResponse(_PAGE / "index.html")

    async def world(self, _request: web.Request) -> web.Response:
        """Tell who and what there is right now, in one answer that the page asks for every other second."""
        people = await self._people()
        return web.json_response(
            {
                "bot_username": await self._bot_username(people),
                "bot_running": self._world.bot.running,
                "now": self._world.clock.now().isoformat(),
                "panels": list(self._world.panel_urls),
                "people": people,
                "log_tail": list(self._world.bot.log_tail()),
            }
        )

    async def clock(self, request: web.Request) -> web.Response:
        """Move the shared clock forward by `seconds`."""
        seconds = (await _json_object(request)).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
            raise _refusal("seconds must be a number")
        if not 0 < seconds <= _LONGEST_JUMP_SECONDS:
            raise _refusal("seconds must be above 0 and at most ten years")
        self._world.clock.advance(float(seconds))
        return web.json_response({"now": self._world.clock.now().isoformat()})

    async def bot(self, request: web.Request) -> web.Response:
        """Start, stop or kill the bot's process, and answer when that is done."""
        bot = self._world.bot
        actions = {"start": bot.start, "stop": bot.stop, "kill": bot.kill}
        action = actions.get(str((await _json_object(request)).get("action")))
        if action is None:
            raise _refusal("action must be start, stop or kill")
        await action()
        return web.json_response({"bot_running": bot.running})

    async def telegram(self, request: web.Request) -> web.StreamResponse:
        """Pass on to the Bot API emulator."""
        return await self._proxy.forward(request, self._world.telegram_url, _tail(request, 1))

    async def chain(self, request: web.Request) -> web.StreamResponse:
        """Pass on to the chain emulator."""
        return await self._proxy.forward(request, self._world.chain_url, _tail(request, 1))

    async def cryptopay(self, request: web.Request) -> web.StreamResponse:
        """Pass on to the Crypto Pay emulator."""
        return await self._proxy.forward(request, self._world.cryptopay_url, _tail(request, 1))

    async def yookassa(self, request: web.Request) -> web.StreamResponse:
        """Pass on to the YooKassa emulator."""
        return await self._proxy.forward(request, self._world.yookassa_url, _tail(request, 1))

    async def panel(self, request: web.Request) -> web.StreamResponse:
        """Pass on to the panel emulator named in the path."""
        url = self._world.panel_urls.get(request.match_info["name"])
        if url is None:
            return web.json_response({"error": "no such panel"}, status=404)
        return await self._proxy.forward(request, url, _tail(request, 2))

    async def settle(self, _app: web.Application) -> None:
        """Bring the default people, and a group for the operator among them, into a world that has nobody yet."""
        if await self._people():
            return
        default = [("people", newcomer) for newcomer in DEFAULT_PEOPLE] + [("groups", DEFAULT_GROUP)]
        for path, body in default:
            async with self._proxy.session.post(f"{self._world.telegram_url}/sim/{path}", json=body) as answer:
                answer.raise_for_status()

    async def _people(self) -> list[dict[str, object]]:
        people: list[dict[str, object]] = await self._ask_telegram("people", {})
        return people

    async def _bot_username(self, people: Sequence[Mapping[str, object]]) -> str:
        if not people:
            return ""
        chat: dict[str, dict[str, object]] = await self._ask_telegram("chat", {"person": str(people[0]["id"])})
        return str(chat["bot"]["username"])

    async def _ask_telegram(self, path: str, query: Mapping[str, str]) -> Any:  # JSON of the emulator's own shape
        try:
            async with self._proxy.session.get(f"{self._world.telegram_url}/sim/{path}", params=query) as answer:
                answer.raise_for_status()
                return await answer.json()
        except aiohttp.ClientError as error:
            raise web.HTTPBadGateway(text="the Bot API emulator does not answer") from error


def create_app(world: WorldView) -> web.Application:
    """Build the console; the emulators must stand when it starts, for it asks them who is there."""
    proxy = Proxy()
    console = Console(world, proxy)
    app = web.Application(middlewares=[loopback_only])
    app.on_response_prepare.append(add_security_headers)
    app.on_startup.extend([proxy.open, console.settle])
    app.on_shutdown.append(proxy.close)
    app.router.add_get("/", console.page)
    app.router.add_static("/page", _PAGE)
    app.router.add_get("/world", console.world)
    app.router.add_post("/clock", console.clock)
    app.router.add_post("/bot", console.bot)
    app.router.add_route("*", "/telegram/{tail:.+}", console.telegram)
    app.router.add_route("*", "/chain/{tail:.+}", console.chain)
    app.router.add_route("*", "/cryptopay/{tail:.+}", console.cryptopay)
    app.router.add_route("*", "/yookassa/{tail:.+}", console.yookassa)
    app.router.add_route("*", "/panels/{name}/{tail:.+}", console.panel)
    return app


def _tail(request: web.Request, leading_segments: int) -> str:
    return request.rel_url.raw_path.split("/", leading_segments + 1)[-1]


def _refusal(reason: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=reason)


async def _json_object(request: web.Request) -> dict[str, object]:
    try:
        body = await request.json()
    except ValueError as error:
        raise _refusal("the body must be JSON") from error
    if not isinstance(body, dict):
        raise _refusal("the body must be a JSON object")
    return body
