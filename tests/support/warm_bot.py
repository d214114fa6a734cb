"""The bot and operators' commands as real processes, forked from one with everything imported: there in no time."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING

import run
from app.cli.__main__ import PARTS, make_app
from app.embedded.children import libc_call
from sandbox.bot_process import ROOT, BotFailedError, environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

_PR_SET_PDEATHSIG = 1
# aiogram alone takes seconds to import; here that is paid once for all bots of a test run.
WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload(["run", "tests.support.shift", *(f"app.cli.{part}" for part in PARTS)])


class WarmBot:
    """One bot, run.py's `main` in a process of its own; start, stop and kill it as often as needed."""

    def __init__(self, env: Mapping[str, str], log_path: Path) -> None:
        self.log_path = log_path
        self._env = environment(env)
        self._process: ForkServerProcess | None = None

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.is_alive()

    async def start(self) -> None:
        """Start and return once the bot says it is ready; BotFailedError with its own words where it does not."""
        said, says = WARM.Pipe(duplex=False)
        self._process = WARM.Process(target=_be_the_bot, args=(self._env, str(self.log_path), says))
        self._process.start()
        says.close()
        with said:
            lines = await asyncio.to_thread(_until_ready, said.fileno())
        if lines[-1:] != ["ready"]:
            await self.wait()
            told = [line.partition(": ")[2] for line in lines if line.startswith("error: ")]
            raise BotFailedError("\n".join(told) or f"it said nothing; its log:\n{self.log()}")

    def kill(self) -> None:
        """End the bot the way a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()

    def terminate(self) -> None:
        """Ask the bot to end (SIGTERM)."""
        if self._process is not None:
            self._process.terminate()

    async def stop(self) -> int | None:
        """Ask the bot to end, and return its exit code."""
        self.terminate()
        return await self.wait()

    async def wait(self) -> int | None:
        """The exit code once the process is gone, None where there never was one."""
        if self._process is None:
            return None
        await asyncio.to_thread(self._process.join)
        return self._process.exitcode

    def log(self) -> str:
        """All that the bot has written."""
        return self.log_path.read_text("utf-8")

    def errors(self) -> list[str]:
        """The lines of errors; that the loop came late says how busy the machine was."""
        lines = self.log().splitlines()
        return [line for line in lines if "level=error" in line and "event=loop_blocked" not in line]


def _until_ready(descriptor: int) -> list[str]:
    """What the bot says until it is ready or the pipe ends."""
    lines: list[str] = []
    with open(descriptor, encoding="utf-8", closefd=False) as said:
        for line in said:
            lines.append(line.rstrip("\n"))
            if lines[-1] == "ready":
                break
    return lines


async def orbit(settings: Mapping[str, str], *command: str) -> tuple[int | None, str]:
    """The exit code of `./orbit …` with these settings, and all that it printed."""
    printed, prints = WARM.Pipe(duplex=False)
    process = WARM.Process(target=_be_the_command, args=(environment(settings), command, prints))
    process.start()
    prints.close()
    with printed:
        said = await asyncio.to_thread(_all_of, printed.fileno())
    await asyncio.to_thread(process.join)
    return process.exitcode, said


def _all_of(descriptor: int) -> str:
    with open(descriptor, encoding="utf-8", closefd=False) as output:
        return output.read()


def _be_the_bot(env: dict[str, str], log_path: str, says: Connection) -> None:
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    # The bot closes what it was given, so it gets a descriptor of its own.
    _become({**env, "ORBIT_READY_FD": str(os.dup(says.fileno()))}, log)
    says.close()
    raise SystemExit(run.main())


def _be_the_command(env: dict[str, str], command: Sequence[str], prints: Connection) -> None:
    _become(env, prints.fileno())
    prints.close()
    make_app(command[0])(list(command), prog_name="./orbit")


def _become(env: Mapping[str, str], output: int) -> None:
    """Be as a process that was started anew: this environment and no other, all that it says in one place."""
    os.setsid()
    if sys.platform == "linux":
        # A test run that is cut short leaves nothing behind it.
        libc_call("prctl", _PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    os.chdir(ROOT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(env)
