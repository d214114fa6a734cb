#!/usr/bin/env python3
"""Owns the bot as a process: start, stop, restart, status, logs. Needs a plain Python 3.9 only."""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

READY_SECONDS = 120
STOP_SECONDS = 40
EXIT_NOT_RUNNING = 3
_LOG_LIMIT_BYTES = 20_000_000
_LOCK_SECONDS = 1.0
_ENTERED = "ORBIT_ENVIRONMENT_ENTERED"


@dataclass(frozen=True)
class Place:
    """The project folder and its data folder."""

    root: Path
    data: Path

    @property
    def lock_file(self) -> Path:
        """Locked by the running bot, for as long as it lives."""
        return self.data / "run" / "bot.lock"

    @property
    def pid_file(self) -> Path:
        """The running bot's process id; means something only while the lock is held."""
        return self.data / "run" / "bot.pid"

    @property
    def log_file(self) -> Path:
        """All that the bot writes."""
        return self.data / "logs" / "bot.log"

    def pid(self) -> int | None:
        """Read the process id of the running bot; None when none runs."""
        if not is_running(self):
            return None
        try:
            return int(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None


def find_place() -> Place:
    """Find the project beside this file, and its data folder from DATA_DIR in the environment or in .env."""
    root = Path(__file__).resolve().parent
    return Place(root, root / (os.environ.get("DATA_DIR") or _from_env_file(root / ".env", "DATA_DIR") or "data"))


def _from_env_file(path: Path, name: str) -> str:
    if not path.exists():
        return ""
    for line in path.read_text(encoding="utf-8").splitlines():
        key, found, value = line.strip().partition("=")
        if found and key.removeprefix("export ").strip() == name:
            value = value.strip()
            return value[1:-1] if value[:1] in ('"', "'") and value[-1:] == value[:1] else value.split(" #")[0].strip()
    return ""


def enter_environment(root: Path) -> None:
    """Go on in the project's own Python where this is another one; ends the process with advice where there is none."""
    python = root / ".venv" / "bin" / "python"
    inside = Path(sys.prefix).resolve() == (root / ".venv").resolve()
    if not inside and python.exists() and _ENTERED not in os.environ:
        os.environ[_ENTERED] = "1"
        os.execv(python, [str(python), *sys.argv])  # noqa: S606 - our own interpreter, no shell wanted
    os.environ.pop(_ENTERED, None)
    if importlib.util.find_spec("aiogram") is None:
        sys.exit("The bot's packages are not installed yet: run ./orbit start")


def hold_lock(place: Place) -> TextIO | None:
    """Become the one bot of this place, and write the process id; None while another lives. Held until closed."""
    place.lock_file.parent.mkdir(parents=True, exist_ok=True)
    lock = place.lock_file.open("a", encoding="utf-8")
    deadline = time.monotonic() + _LOCK_SECONDS
    # A look by is_running() holds the lock for an instant.
    while not _try_lock(lock, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            lock.close()
            return None
        time.sleep(0.05)
    place.pid_file.write_text(f"{os.getpid()}\n", encoding="utf-8")
    return lock


def is_running(place: Place) -> bool:
    """Whether a living process holds this place's lock."""
    if not place.lock_file.exists():
        return False
    with place.lock_file.open(encoding="utf-8") as lock:
        return not _try_lock(lock, fcntl.LOCK_SH)


def _try_lock(lock: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def start(place: Place) -> int:
    """Start the bot apart from this terminal and wait until it serves; 1 with the reason where it does not."""
    if is_running(place):
        print(f"The bot already runs (process {place.pid()}).")
        return 1
    python = place.root / ".venv" / "bin" / "python"
    if not python.exists():
        print("The bot's packages are not installed yet: run ./orbit start", file=sys.stderr)
        return 1
    try:
        offset = _prepare_log(place.log_file)
    except OSError as error:
        print(f"DATA_DIR can't be used: {error}", file=sys.stderr)
        return 1
    read_end, write_end = os.pipe()
    with place.log_file.open("ab") as log:
        bot = subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [str(python), str(place.root / "run.py")],
            cwd=place.root,
            env={**os.environ, "ORBIT_READY_FD": str(write_end)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(write_end,),
            start_new_session=True,
        )
    os.close(write_end)
    ready, reason = _wait_until_ready(read_end)
    os.close(read_end)
    if ready:
        print(f"The bot runs (process {bot.pid}). Its log: {place.log_file}")
        return 0
    _give_up(bot)
    print(f"The bot did not start.\n{reason or _tail(place.log_file, lines=15, offset=offset)}", file=sys.stderr)
    print(f"Its log: {place.log_file}", file=sys.stderr)
    return 1


def _prepare_log(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.stat().st_size if path.exists() else 0


def _wait_until_ready(descriptor: int) -> tuple[bool, str]:
    """Show the bot's progress; whether it is ready, and if not what it gave as the reason, empty for nothing."""
    deadline = time.monotonic() + READY_SECONDS
    reasons: list[str] = []
    rest = b""
    while select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
        part = os.read(descriptor, 4096)
        if not part:
            return False, "\n".join(reasons)
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            word, _, text = line.decode(errors="replace").partition(": ")
            if word == "ready":
                return True, ""
            if word == "error":
                reasons.append(text)
            else:
                print(f"  {text}", flush=True)
    return False, "\n".join(reasons) or f"It was not ready within {READY_SECONDS} s."


def _give_up(bot: subprocess.Popen[bytes]) -> None:
    bot.terminate()
    try:
        bot.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"Process {bot.pid} does not end by itself.", file=sys.stderr)


def stop(place: Place, *, force: bool = False) -> int:
    """Ask the bot to finish what it has in hand and end; 1 where it still runs after 40 s and force was not asked."""
    pid = place.pid()
    if pid is None:
        print("The bot is not running.")
        return 0
    os.kill(pid, signal.SIGTERM)
    print(f"Stopping the bot (process {pid}), it finishes what it has in hand ", end="", flush=True)
    if _wait_until_gone(place, STOP_SECONDS):
        print("\nThe bot has stopped.")
        return 0
    if not force:
        print(f"\nThe bot still runs after {STOP_SECONDS} s; ./orbit stop --force ends it at once.", file=sys.stderr)
        return 1
    os.kill(pid, signal.SIGKILL)
    gone = _wait_until_gone(place, STOP_SECONDS)
    print("\nThe bot was ended by force." if gone else "\nThe bot could not be ended.")
    return 0 if gone else 1


def _wait_until_gone(place: Place, seconds: float) -> bool:
    started = shown = time.monotonic()
    while is_running(place):
        now = time.monotonic()
        if now - started > seconds:
            return False
        if now - shown >= 1:
            print(".", end="", flush=True)
            shown = now
        time.sleep(0.05)
    return True


def restart(place: Place) -> int:
    """Stop, then start; stays stopped where the stop failed."""
    return stop(place) or start(place)


def status(place: Place) -> int:
    """Say whether the bot runs; 0 when it does, 3 when not."""
    if not is_running(place):
        print("The bot is stopped.")
        return EXIT_NOT_RUNNING
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(place.pid_file.stat().st_mtime))
    print(f"The bot runs (process {place.pid()}) since {since}.")
    return 0


def logs(place: Place, *, follow: bool = False) -> int:
    """Print the log's last lines, and with `follow` what comes until Ctrl-C."""
    if not place.log_file.exists():
        print("There is no log yet.")
        return 0
    print(_tail(place.log_file, lines=50))
    if follow:
        try:
            _follow(place.log_file)
        except KeyboardInterrupt:
            print()
    return 0


def _tail(path: Path, lines: int, offset: int = 0) -> str:
    with path.open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(offset, size - 64_000))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


def _follow(path: Path) -> None:
    log = path.open(encoding="utf-8", errors="replace")
    log.seek(0, os.SEEK_END)
    while True:
        text = log.read()
        if text:
            print(text, end="", flush=True)
            continue
        time.sleep(0.3)
        if path.exists() and path.stat().st_ino != os.fstat(log.fileno()).st_ino:
            log.close()
            log = path.open(encoding="utf-8", errors="replace")


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; the answer is the exit code."""
    parser = argparse.ArgumentParser(description="The bot as a process.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("start", "restart", "status"):
        commands.add_parser(name)
    commands.add_parser("stop").add_argument("--force", action="store_true", help="end it at once after 40 s")
    commands.add_parser("logs").add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
    given = parser.parse_args(arguments)
    place = find_place()
    if given.command == "stop":
        return stop(place, force=given.force)
    if given.command == "logs":
        return logs(place, follow=given.follow)
    return {"start": start, "restart": restart, "status": status}[given.command](place)


if __name__ == "__main__":
    sys.exit(main())
