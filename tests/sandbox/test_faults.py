"""The script of faults over HTTP: each misbehaviour as a client meets it, and the clock and server beside it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout, web

from sandbox import faults
from sandbox.clock import SandboxClock
from sandbox.serve import Server

Hits = list[str]


@pytest.fixture
async def hits() -> Hits:
    return []


@pytest.fixture
async def http(hits: Hits) -> AsyncIterator[ClientSession]:
    script = faults.FaultScript()

    def shape(fault: faults.Fault) -> web.Response:
        status = 429 if fault.action == "rate_limit" else fault.status
        return web.json_response({"wait": fault.seconds}, status=status)

    async def hit(request: web.Request) -> web.Response:
        hits.append(await request.text())
        return web.json_response({"ok": True})

    app = web.Application(middlewares=[faults.middleware(script, shape)])
    app.router.add_post("/buy", hit)
    app.router.add_post("/sell", hit)
    faults.add_routes(app, script)
    server = Server(app)
    async with ClientSession(await server.start()) as session:
        yield session
    await server.stop()


async def add(http: ClientSession, **fault: object) -> None:
    async with http.post("/sim/faults", json=fault) as answer:
        assert answer.status == 200, await answer.text()


async def buy(http: ClientSession, body: str = "", path: str = "/buy") -> int:
    async with http.post(path, data=body) as answer:
        return answer.status


async def test_an_error_strikes_once_with_its_status(http: ClientSession, hits: Hits) -> None:
    await add(http, match="/buy", action="error", status=503)
    assert [await buy(http), await buy(http)] == [503, 200]
    assert len(hits) == 1


async def test_a_fault_skips_first_and_then_strikes_as_often_as_told(http: ClientSession) -> None:
    await add(http, match="*", action="error", skip=1, times=2)
    assert [await buy(http) for _ in range(4)] == [200, 500, 500, 200]


async def test_a_fault_for_ever_ends_when_all_are_forgotten(http: ClientSession) -> None:
    await add(http, match="*", action="error", times=-1)
    assert [await buy(http) for _ in range(3)] == [500] * 3
    await http.delete("/sim/faults")
    assert await buy(http) == 200


async def test_a_fault_strikes_only_the_path_and_the_body_meant(http: ClientSession) -> None:
    await add(http, match="POST /buy", action="error", contains="sub_1m", times=-1)
    assert await buy(http, "sub_1m", path="/sell") == 200
    assert await buy(http, "sub_3m") == 200
    assert await buy(http, "a sub_1m b") == 500


async def test_a_connection_dropped_before_has_no_effect_and_one_dropped_after_has(
    http: ClientSession, hits: Hits
) -> None:
    await add(http, match="*", action="drop_before")
    with pytest.raises(ClientError):
        await buy(http, "first")
    assert hits == []
    await add(http, match="*", action="drop_after")
    with pytest.raises(ClientError):
        await buy(http, "second")
    assert hits == ["second"]


async def test_garbage_is_a_200_nobody_can_read(http: ClientSession, hits: Hits) -> None:
    await add(http, match="*", action="garbage")
    async with http.post("/buy") as answer:
        assert answer.status == 200
        with pytest.raises(ValueError, match=r"Expecting value"):
            await answer.json(content_type=None)
    assert hits == []


async def test_a_rate_limit_is_worded_by_the_emulator(http: ClientSession) -> None:
    await add(http, match="*", action="rate_limit", seconds=7)
    async with http.post("/buy") as answer:
        assert (answer.status, await answer.json()) == (429, {"wait": 7})


async def test_a_hang_lasts_until_the_client_gives_up(http: ClientSession, hits: Hits) -> None:
    await add(http, match="*", action="hang")
    with pytest.raises(asyncio.TimeoutError):
        await http.post("/buy", timeout=ClientTimeout(total=0.05))
    assert hits == []
    assert await buy(http) == 200


async def test_a_delayed_call_arrives_all_the_same(http: ClientSession, hits: Hits) -> None:
    await add(http, match="*", action="delay", seconds=0.01)
    assert await buy(http) == 200
    assert len(hits) == 1


async def test_the_script_shows_what_is_still_to_come(http: ClientSession) -> None:
    await add(http, match="/buy", action="error", times=3)
    await buy(http)
    async with http.get("/sim/faults") as answer:
        [fault] = await answer.json()
    assert (fault["match"], fault["times"]) == ("/buy", 2)


async def test_an_unknown_action_is_refused(http: ClientSession) -> None:
    async with http.post("/sim/faults", json={"match": "*", "action": "explode"}) as answer:
        assert answer.status == 400


async def test_a_server_keeps_its_port_over_a_restart() -> None:
    server = Server(web.Application())
    first = await server.start()
    await server.stop()
    assert await server.start() == first
    await server.stop()
    await server.stop()


async def test_a_port_that_is_taken_is_an_error() -> None:
    server = Server(web.Application())
    await server.start()
    with pytest.raises(OSError, match=r"address already in use"):
        await Server(web.Application(), server.port).start()
    await server.stop()


def test_the_clock_moves_for_everyone_who_reads_its_file(tmp_path: Path) -> None:
    clock = SandboxClock(tmp_path / "deep" / "clock")
    before = clock.now()
    clock.advance(3600.5)
    clock.advance(1)
    assert (clock.now() - before).total_seconds() >= 3601.5
    assert float((tmp_path / "deep" / "clock").read_text()) == 3601.5
    assert (SandboxClock(tmp_path / "deep" / "clock").now() - before).total_seconds() >= 3601.5


def test_the_clock_never_moves_back() -> None:
    with pytest.raises(ValueError, match=r"forward"):
        SandboxClock().advance(-1)
