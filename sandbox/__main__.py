"""Owns the command `./orbit sandbox`: options, caution, signals; must not know any emulator."""

import argparse
import asyncio
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dotenv import dotenv_values

from sandbox import realness, stage
from sandbox.bot_process import ROOT, BotFailedError, BotProcess

_HOME = ROOT / "data" / "sandbox"
_REFUSED = 2
_FAILED = 1


def main(arguments: list[str] | None = None) -> int:
    """Run the sandbox until Ctrl-C and return the exit code: 2 where it refuses to, 1 where it could not start."""
    options = _options(arguments)
    real = [*realness.findings(os.environ, "the environment"), *realness.findings(dotenv_values(ROOT / ".env"), ".env")]
    if real:
        _say("The sandbox does not start beside anything real:")
        for finding in real:
            _say(f"  - {finding}")
        _say("Unset it, or run the sandbox in a copy of the project without that .env.")
        return _REFUSED
    try:
        with _alone(_HOME):
            _clean(_HOME, keep=options.keep, reset=options.reset)
            asyncio.run(_run(_HOME, options.port))
    except (BotFailedError, OSError) as error:
        _say(f"The sandbox could not start: {error}")
        return _FAILED
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "orbit sandbox", description="Try the whole shop on this machine, with no account."
    )
    parser.add_argument(
        "--port", type=int, default=8090, help="where the page is served (default 8090, 0: any free one)"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--fresh", action="store_true", help="start with an empty shop (the default)")
    what.add_argument("--keep", action="store_true", help="keep the shop's database of the last time")
    what.add_argument("--reset", action="store_true", help="forget everything, logs too")
    return parser.parse_args(arguments)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home.parent / "sandbox.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OSError("another sandbox of this project is running") from error
        yield


def _clean(home: Path, *, keep: bool, reset: bool) -> None:
    if reset:
        shutil.rmtree(home)
        home.mkdir()
    elif not keep:
        # The emulators start empty as well: a shop that remembers what they forgot would only puzzle its visitor.
        shutil.rmtree(home / "bot", ignore_errors=True)
        for name in ("clock", "bot.log", "panel_ports"):
            (home / name).unlink(missing_ok=True)


async def _run(home: Path, port: int) -> None:
    end = _end_once(asyncio.current_task())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        async with stage.running(home, port, _say) as shown:
            _say(f"\n  Open {shown.url}\n\nCtrl-C ends everything.")
            await _report_deaths(shown.bot)
    except asyncio.CancelledError:
        # Asked for by a signal: by now everything has ended in order.
        _say("The sandbox has ended.")


def _end_once(task: asyncio.Task[object] | None) -> Callable[[], None]:
    def end() -> None:
        # A second signal must not cut the orderly end short.
        if task is not None and not task.cancelling():
            _say("\nEnding …")
            task.cancel()

    return end


async def _report_deaths(bot: BotProcess) -> None:
    while True:
        code = await bot.died()
        _say(f"The bot died with exit code {code}; the page shows its log and can start it again.")


def _say(line: str) -> None:
    print(line, file=sys.stdout, flush=True)  # noqa: T201 - this is what the command's user reads


if __name__ == "__main__":
    sys.exit(main())
