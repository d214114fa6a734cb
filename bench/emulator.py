"""Owns the process of the Bot API emulator that a bench talks to: prints its address, lives while its input is open."""

from __future__ import annotations

import asyncio
import sys

from sandbox.clock import SandboxClock
from sandbox.serve import Server
from sandbox.telegram import Telegram, create_app


async def main(token: str) -> None:
    """Serve one bot's Telegram until standard input ends."""
    server = Server(create_app(Telegram(SandboxClock(), token)))
    print(await server.start(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
