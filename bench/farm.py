"""Owns the process of the panels that a bench makes users on: prints its addresses, lives while its input is open."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from subprocess import PIPE
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.clock import SandboxClock
from sandbox.marzban import Panel, create_app
from sandbox.serve import HOST, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp.typedefs import Handler

LOGIN, PASSWORD = "admin", "correct horse"


@dataclass(frozen=True)
class Farm:
    """Addresses of panels that serve, of some that take a connection and never answer, and of some that are gone."""

    serving: list[str]
    hanging: list[str]
    down: list[str]
    count: str


async def main(serving: int, sick: int) -> None:
    """Serve until standard input ends; `sick` are as many that hang and as many that are down."""
    calls = 0

    @web.middleware
    async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        return await handler(request)

    async def count(_request: web.Request) -> web.Response:
        return web.json_response(calls)

    async with AsyncExitStack() as stack:

        async def served(app: web.Application) -> str:
            server = Server(app)
            stack.push_async_callback(server.stop)
            return await server.start()

        apps = [create_app(Panel(SandboxClock(), f"p{number}", LOGIN, PASSWORD)) for number in range(serving)]
        for app in apps:
            app.middlewares.insert(0, counted)
        counter = web.Application()
        counter.router.add_get("/calls", count)
        ports = [await _silent(stack) for _ in range(sick)]
        farm = Farm(
            [await served(app) for app in apps],
            [f"http://{HOST}:{port}" for port in ports],
            # Ports below 1024 that nobody has: a connection is refused at once.
            [f"http://{HOST}:{port}" for port in range(1, sick + 1)],
            f"{await served(counter)}/calls",
        )
        print(json.dumps(vars(farm)), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def _silent(stack: AsyncExitStack) -> int:
    """The port of a server that takes connections and says nothing."""

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(wait, HOST, 0)
    stack.callback(server.close)
    return int(server.sockets[0].getsockname()[1])


@asynccontextmanager
async def open_farm(serving: int, sick: int) -> AsyncIterator[Farm]:
    """The panels in a process of their own."""
    command = (sys.executable, "-m", "bench.farm", str(serving), str(sick))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the farm has no pipes")
    try:
        yield Farm(**json.loads(await process.stdout.readline()))
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
