import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from sandbox import console
from sandbox.clock import SandboxClock
from sandbox.console_people import OPERATOR_ID
from sandbox.serve import Server
from tests.sandbox.console_world import NINA, BotProcess, World

PAGE = Path(console.__file__).parent / "page"


async def test_the_page_comes_with_a_policy_that_lets_nothing_in_from_outside(world: World) -> None:
    async with world.http.get(world.url) as answer:
        assert answer.status == 200
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_every_file_the_page_names_is_served_by_the_console(world: World) -> None:
    async with world.http.get(world.url) as answer:
        named = re.findall(r'(?:src|href)="([^"]+)"', await answer.text())
    assert named
    for path in named:
        async with world.http.get(world.url + path) as answer:
            assert answer.status == 200, path


def test_the_pages_scripts_never_turn_text_into_markup() -> None:
    scripts = "".join(path.read_text() for path in PAGE.rglob("*.js"))
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", scripts)


async def test_the_world_is_told_in_one_answer(world: World) -> None:
    async with world.http.get(f"{world.url}/world") as answer:
        told = await answer.json()
    assert told["bot_username"] == "orbit_sandbox_bot"
    assert told["bot_running"] is True
    assert told["panels"] == ["s001", "s002"]
    assert [person["first_name"] for person in told["people"]] == ["Nina", "Max", "Olga"]
    assert told["people"][2]["id"] == OPERATOR_ID
    assert told["log_tail"] == ["bot_started"]


async def test_a_world_that_has_people_keeps_them_as_they_are(world: World) -> None:
    await world.sim("people", id=NINA, first_name="Nino", language_code="en")
    await world.console.stop()
    await world.open_console()
    async with world.http.get(f"{world.url}/world") as answer:
        people = (await answer.json())["people"]
    assert [person["first_name"] for person in people] == ["Nino", "Max", "Olga"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "[::1", ""])
async def test_a_name_that_is_not_loopback_is_refused(world: World, host: str) -> None:
    async with world.http.get(f"{world.url}/world", headers={"Host": host}) as answer:
        assert answer.status in {400, 403}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_page_can_change_nothing(world: World, headers: dict[str, str]) -> None:
    before = world.clock.now()
    for path in ("clock", "bot", "telegram/reset", "chain/transfer", "panels/s001/power"):
        async with world.http.post(f"{world.url}/{path}", json={"seconds": 600}, headers=headers) as answer:
            assert answer.status == 403, path
    assert (world.clock.now() - before).total_seconds() < 600
    assert world.bot.asked == []


async def test_the_consoles_own_page_moves_the_clock_of_everybody(world: World) -> None:
    before = world.clock.now()
    headers = {"Origin": world.url, "Sec-Fetch-Site": "same-origin"}
    async with world.http.post(f"{world.url}/clock", json={"seconds": 86_400}, headers=headers) as answer:
        assert answer.status == 200
    assert (world.clock.now() - before).total_seconds() >= 86_400


@pytest.mark.parametrize(
    "body",
    ['{"seconds": 0}', '{"seconds": -5}', '{"seconds": NaN}', '{"seconds": 1e12}', '{"seconds": true}', "[]", "x"],
)
async def test_a_clock_move_that_makes_no_sense_is_refused(world: World, body: str) -> None:
    async with world.http.post(f"{world.url}/clock", data=body) as answer:
        assert answer.status == 400


async def test_the_bots_process_is_started_stopped_and_killed(world: World) -> None:
    for action, running in (("kill", False), ("start", True), ("stop", False)):
        async with world.http.post(f"{world.url}/bot", json={"action": action}) as answer:
            assert (await answer.json())["bot_running"] is running
    async with world.http.post(f"{world.url}/bot", json={"action": "format"}) as answer:
        assert answer.status == 400
    assert world.bot.asked == ["kill", "start", "stop"]


async def test_what_passes_keeps_its_query_body_and_status(world: World) -> None:
    async with world.http.post(f"{world.url}/telegram/message", json={"person": NINA, "text": "привет"}) as answer:
        assert answer.status == 200
    async with world.http.get(f"{world.url}/telegram/chat", params={"person": NINA}) as answer:
        assert (await answer.json())["messages"][0]["text"] == "привет"
    async with world.http.get(f"{world.url}/telegram/chat", params={"person": 5}) as answer:
        assert answer.status == 404
    async with world.http.post(f"{world.url}/panels/s002/power", json={"up": False}) as answer:
        assert answer.status == 200
    assert [panel.up for panel in world.panels.values()] == [True, False]


async def test_only_the_sim_doors_can_be_reached(world: World) -> None:
    for path in ("telegram/../bot1:sandbox/getMe", "telegram/%2e%2e/bot1:sandbox/getMe", "panels/s009/state"):
        raw = f"GET /{path} HTTP/1.1\r\nHost: {world.url.removeprefix('http://')}\r\nConnection: close\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", world.console.port)
        writer.write(raw.encode())
        assert (await reader.readline()).split()[1] == b"404", path
        writer.close()


async def test_what_the_bot_uploaded_cannot_act_as_the_consoles_page(world: World) -> None:
    async with world.http.get(f"{world.url}/telegram/people") as answer:
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@dataclass
class Upstream:
    """A Bot API emulator's /sim that streams on command and notes when its reader has gone."""

    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def people(self, _request: web.Request) -> web.Response:
        return web.json_response([{"id": 1, "first_name": "Nina"}])

    async def events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await response.write(b"event: one\n\n")
            await self.go_on.wait()
            await response.write(b"event: two\n\n")
            await asyncio.Event().wait()
        finally:
            self.left.set()
        return response


@dataclass(frozen=True)
class Alone:
    """A world of one emulator."""

    telegram_url: str
    chain_url: str = "http://127.0.0.1:9"
    cryptopay_url: str = "http://127.0.0.1:9"
    yookassa_url: str = "http://127.0.0.1:9"
    panel_urls: Mapping[str, str] = field(default_factory=dict)
    clock: SandboxClock = field(default_factory=SandboxClock)
    bot: BotProcess = field(default_factory=BotProcess)


@pytest.fixture
async def upstream() -> AsyncIterator[tuple[Upstream, str]]:
    emulator = Upstream()
    app = web.Application()
    app.router.add_get("/sim/people", emulator.people)
    app.router.add_get("/sim/events", emulator.events)
    behind = Server(app)
    front = Server(console.create_app(Alone(await behind.start())))
    yield emulator, await front.start()
    await front.stop()
    await behind.stop()


async def test_an_event_passes_as_soon_as_it_is_there(upstream: tuple[Upstream, str]) -> None:
    emulator, url = upstream
    async with aiohttp.ClientSession() as http, http.get(f"{url}/telegram/events") as stream:
        assert await stream.content.readany() == b"event: one\n\n"
        emulator.go_on.set()
        assert await stream.content.readany() == b"event: two\n\n"


async def test_a_reader_that_leaves_a_silent_stream_frees_the_emulator(upstream: tuple[Upstream, str]) -> None:
    emulator, url = upstream
    async with aiohttp.ClientSession() as http, http.get(f"{url}/telegram/events") as stream:
        await stream.content.readany()
    async with asyncio.timeout(60):
        await emulator.left.wait()


async def test_an_emulator_that_is_gone_is_a_clear_502(upstream: tuple[Upstream, str]) -> None:
    _, url = upstream
    async with aiohttp.ClientSession() as http, http.get(f"{url}/chain/state") as answer:
        assert answer.status == 502
        assert "does not answer" in json.loads(await answer.text())["error"]
