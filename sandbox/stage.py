"""Owns the sandbox as a whole, in order: world, bot, second panel, page; must not parse options."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import console
from sandbox.bot_process import ROOT, BotFailedError, BotProcess, environment
from sandbox.clock import SandboxClock
from sandbox.console_people import OPERATORS_GROUP
from sandbox.serve import HOST, Server
from sandbox.world import PanelDoor, World

Say = Callable[[str], None]


class BotButtons:
    """The bot as the page's buttons see it."""

    def __init__(self, bot: BotProcess) -> None:
        self._bot = bot

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._bot.running

    def log_tail(self) -> Sequence[str]:
        """Return the last lines of the bot's log."""
        return self._bot.log_tail()

    async def start(self) -> None:
        """Start the bot and wait until it is ready; where it fails the log tells why."""
        try:
            await self._bot.start()
        except BotFailedError as error:
            print(f"the bot did not start: {error}", file=sys.stderr)  # noqa: T201 - the terminal is the sandbox's log

    async def stop(self) -> None:
        """End the bot in order."""
        await self._bot.stop()

    async def kill(self) -> None:
        """End the bot as a crash would."""
        self._bot.kill()
        await self._bot.wait()


@dataclass(frozen=True)
class View:
    """The world as the page may see it."""

    telegram_url: str
    chain_url: str
    cryptopay_url: str
    yookassa_url: str
    panel_urls: dict[str, str]
    clock: SandboxClock
    bot: BotButtons


@dataclass(frozen=True)
class Stage:
    """A sandbox that runs: the page's address and the bot behind it."""

    url: str
    bot: BotProcess


@dataclass(frozen=True)
class Commands:
    """How the bot and its operator's command are started."""

    bot: tuple[str, ...] = (sys.executable, "run.py")
    operator: tuple[str, ...] = (sys.executable, "-m", "app.cli")


_PROJECT = Commands()
_IS_THERE = "There is already a panel"


@asynccontextmanager
async def running(home: Path, port: int, say: Say, commands: Commands = _PROJECT) -> AsyncIterator[Stage]:
    """Run a sandbox with its page on that port; on leaving everything ends in the opposite order."""
    async with AsyncExitStack() as stack:
        world = World(home, panels=1, guards=1)
        await world.start()
        stack.push_async_callback(world.stop)
        say("Telegram, the TON chain, Crypto Pay, YooKassa and two VPN panels (Marzban, PasarGuard) are up")
        env = world.env() | _bots_web() | {"SUPPORT_CHAT_ID": str(OPERATORS_GROUP)}
        bot = BotProcess(env, home / "bot.log", commands.bot)
        stack.push_async_callback(bot.stop)
        emulators = (world.telegram_url, world.chain_url, world.cryptopay_url, world.yookassa_url)
        view = View(*emulators, world.panel_urls, world.clock, BotButtons(bot))
        page = Server(console.create_app(view), port)
        url = await page.start()
        stack.push_async_callback(page.stop)
        await bot.start(lambda line: say(f"bot: {line}"))
        for door in world.doors()[1:]:
            await add_panel(commands.operator, env, door)
        say("the bot is ready, with both panels")
        yield Stage(url, bot)


def _bots_web() -> dict[str, str]:
    """Settings by which the bot serves subscription links here, on a port that is free now and stays the bot's."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    return {"WEB_PORT": str(port), "PUBLIC_URL": f"http://{HOST}:{port}"}


async def add_panel(operator: Sequence[str], env: dict[str, str], door: PanelDoor) -> None:
    """Add a panel through the operator's own command, as a person would; one that a kept shop has stays as it is.

    BotFailedError where the command refuses.
    """
    command = [*operator, "panels", "add", "--id", door.id, "--name", door.name]
    command += ["--url", door.url, "--username", door.username, "--kind", door.kind, "--password-stdin"]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=environment(env),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate(f"{door.password}\n".encode()))[0].decode("utf-8", "replace").strip()
    if process.returncode and _IS_THERE not in said:
        raise BotFailedError(f"panel {door.name} was not added: {said}")
