from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientConnectionError, ClientSession
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.jobs.supervisor import Supervisor
from app.web.app import create_app
from app.web.health import Readiness
from app.web.server import WebServer
from tests.support.bot_world import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from starlette.requests import Request

    from app.web.ports import Check


class Slow:
    """An endpoint that answers when it is told to."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.release = asyncio.Event()

    async def answer(self, _request: Request) -> PlainTextResponse:
        self.entered.set()
        await self.release.wait()
        return PlainTextResponse("at last")


@asynccontextmanager
async def served(
    checks: Mapping[str, Check], more: Sequence[Route] = ()
) -> AsyncIterator[tuple[WebServer, ClientSession]]:
    supervisor = Supervisor(first_delay=0.01)
    web = WebServer(create_app(checks, more=more), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{web.bind()}"
    supervisor.start("web", web.run)
    async with ClientSession(url) as http:
        yield web, http
    await supervisor.stop(10)


async def answers() -> bool:
    return True


async def says_no() -> bool:
    return False


async def breaks() -> bool:
    raise ConnectionError("postgres://user:password@host")


async def hangs() -> bool:
    await asyncio.Event().wait()
    return True


async def test_a_living_process_says_so_whatever_its_stores_do() -> None:
    async with served({"database": breaks}) as (_, http), http.get("/health") as answer:
        assert answer.status == 200
        assert await answer.json() == {"status": "alive"}


async def test_ready_when_all_stores_answer() -> None:
    async with served({"database": answers, "redis": answers}) as (_, http), http.get("/ready") as answer:
        assert answer.status == 200
        assert await answer.json() == {"database": "ok", "redis": "ok"}


@pytest.mark.parametrize("check", [says_no, breaks])
async def test_not_ready_names_the_store_and_nothing_else(check: Check) -> None:
    async with served({"database": check, "redis": answers}) as (_, http), http.get("/ready") as answer:
        assert answer.status == 503
        assert await answer.json() == {"database": "failed", "redis": "ok"}


async def test_a_store_that_hangs_is_not_waited_for() -> None:
    more = [Route("/impatient", Readiness({"database": hangs}, seconds=0.01).__call__)]
    async with served({}, more=more) as (_, http), http.get("/impatient") as answer:
        assert answer.status == 503
        assert await answer.json() == {"database": "failed"}


async def test_answers_do_not_tell_what_serves_them() -> None:
    async with served({}) as (_, http), http.get("/nowhere") as answer:
        assert answer.status == 404
        assert "server" not in answer.headers


async def test_stop_lets_requests_in_hand_end_and_takes_no_new_ones() -> None:
    slow = Slow()
    async with served({}, [Route("/slow", slow.answer)]) as (web, http), asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(http.get("/slow"))
        await slow.entered.wait()
        stopping = tasks.create_task(web.stop())
        await until(lambda: _refuses(http))
        assert not stopping.done()
        slow.release.set()
        assert await (await asked).text() == "at last"
        await stopping
        with pytest.raises(ClientConnectionError):
            await http.get("/health")


async def test_cancelling_the_service_closes_the_listener() -> None:
    supervisor = Supervisor()
    web = WebServer(create_app({}), "127.0.0.1", 0)
    port = web.bind()
    supervisor.start("web", web.run)
    async with ClientSession(f"http://127.0.0.1:{port}") as http, http.get("/health") as answer:
        assert answer.status == 200
    assert await supervisor.stop(10) == []
    again = WebServer(create_app({}), "127.0.0.1", port)
    assert again.bind() == port
    await again.stop()


async def test_a_taken_port_is_an_error_at_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        WebServer(create_app({}), "127.0.0.1", taken.getsockname()[1]).bind()


async def test_signals_stay_with_their_owner() -> None:
    before = signal.getsignal(signal.SIGTERM)
    async with served({}) as (_, http), http.get("/health"):
        assert signal.getsignal(signal.SIGTERM) is before


def _refuses(http: ClientSession) -> bool:
    base = http._base_url
    assert base is not None
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", base.port or 0)) != 0
