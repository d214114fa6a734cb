"""Owns the bot as a process of its own, started and ended from outside; must not know what the bot does."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parents[1]
READY_FD = "ORBIT_READY_FD"
_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR")
_READY_SECONDS = 180
_STOP_SECONDS = 60
_TAIL_BYTES = 65_536


class BotFailedError(Exception):
    """The bot did not come up; the text tells why, in its own words where it had any."""


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Add to the settings what any process of this machine needs, and nothing else the caller's environment holds."""
    machine = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return machine | {"PYTHONUNBUFFERED": "1"} | dict(settings)


class BotProcess:
    """One bot; start and stop it as often as needed, its log grows in one file."""

    def __init__(self, env: Mapping[str, str], log_path: Path, command: Sequence[str] | None = None) -> None:
        self._env = dict(env)
        self._log_path = log_path
        self._command = list(command or (sys.executable, "run.py"))
        self._process: Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._wanted = False
        self._deaths: asyncio.Queue[int] = asyncio.Queue()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The id of the process, while it lives."""
        return self._process.pid if self._process is not None and self.running else None

    async def start(self, on_progress: Callable[[str], None] | None = None) -> None:
        """Start and return once the bot says it is ready; BotFailedError where it dies or says so before."""
        if self.running:
            return
        read_fd, write_fd = os.pipe()
        try:
            self._process = await self._spawn(write_fd)
        except BaseException:
            os.close(read_fd)
            raise
        finally:
            os.close(write_fd)
        reader, transport = await _reader(read_fd)
        # The bot may go on writing after "ready": its end of the pipe stays good as long as it lives.
        self._watcher = asyncio.get_running_loop().create_task(self._watch(self._process, transport))
        await self._until_ready(reader, on_progress or _ignore)
        self._wanted = True

    async def stop(self) -> int | None:
        """Ask the bot to end (SIGTERM), wait, and return its exit code; killed where it takes over a minute."""
        if self._process is None or not self.running:
            return None
        self._wanted = False
        self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                return await self.wait()
        except TimeoutError:
            self.kill()
            return await self.wait()

    def kill(self) -> None:
        """End the bot the way a crash would (SIGKILL); `wait` tells when it is gone."""
        if self._process is not None and self.running:
            self._wanted = False
            self._process.kill()

    async def wait(self) -> int | None:
        """Return the exit code once the process is gone; None where there never was one."""
        if self._process is None or self._watcher is None:
            return None
        await asyncio.shield(self._watcher)
        return self._process.returncode

    async def died(self) -> int:
        """Wait for the next end nobody asked for and return its exit code."""
        return await self._deaths.get()

    def log_tail(self, n: int = 40) -> list[str]:
        """Return the last lines of the log, oldest first."""
        if not self._log_path.exists():
            return []
        with self._log_path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return log.read().decode("utf-8", "replace").splitlines()[-n:]

    async def _spawn(self, write_fd: int) -> Process:
        with _appending(self._log_path) as log:
            # A session of its own: Ctrl-C in the terminal is for whoever started the bot, who then ends it in order.
            return await asyncio.create_subprocess_exec(
                *self._command,
                cwd=ROOT,
                env=environment(self._env) | {READY_FD: str(write_fd)},
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                pass_fds=(write_fd,),
                start_new_session=True,
            )

    async def _until_ready(self, reader: asyncio.StreamReader, on_progress: Callable[[str], None]) -> None:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._listen(reader, on_progress)
        except (TimeoutError, BotFailedError) as error:
            self.kill()
            await self.wait()
            raise BotFailedError(str(error) or f"not ready within {_READY_SECONDS} seconds") from error

    async def _listen(self, reader: asyncio.StreamReader, on_progress: Callable[[str], None]) -> None:
        errors: list[str] = []
        async for raw in reader:
            kind, _, text = raw.decode("utf-8", "replace").strip().partition(":")
            if kind == "ready":
                return
            if kind == "error":
                errors.append(text.strip())
            else:
                on_progress(text.strip())
        told = errors or ["the bot ended before it was ready; the end of its log:", *self.log_tail(15)]
        raise BotFailedError("\n".join(told))

    async def _watch(self, process: Process, pipe: asyncio.BaseTransport) -> None:
        code = await process.wait()
        pipe.close()
        if self._wanted:
            self._deaths.put_nowait(code)


def _appending(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")


def _ignore(_line: str) -> None:
    """Let progress pass unheard."""


async def _reader(read_fd: int) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader, loop=loop), os.fdopen(read_fd, "rb", buffering=0)
    )
    return reader, transport
