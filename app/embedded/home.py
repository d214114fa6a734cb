"""Owns the small files beside the cluster (lock, password, port, log); must not start or ask any server."""

import fcntl
import os
import secrets
import socket
from pathlib import Path

_LOG_LIMIT_BYTES = 10_000_000


class Home:
    """The folder of one embedded cluster: closed to others, kept between runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.cluster = self.folder / "cluster"
        self.unfinished = self.folder / "cluster.new"
        self.log = self.folder / "server.log"
        self.password_file = self.folder / "password"
        self._port_file = self.folder / "port"
        self._lock: int | None = None

    def create(self) -> None:
        """Make the folder, readable by its owner only; nothing happens where it exists."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def lock(self) -> bool:
        """Take the right to own the cluster; False while a living process holds it. The kernel frees it at death."""
        descriptor = os.open(self.folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def unlock(self) -> None:
        """Give the right back; nothing happens where it is not held."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def password(self) -> str:
        """Read the cluster's password; FileNotFoundError before the first start."""
        return self.password_file.read_text().strip()

    def make_password(self) -> str:
        """Keep the password of an earlier attempt or write a new random one, readable by the owner only."""
        if not self.password_file.exists():
            self._write(self.password_file, secrets.token_urlsafe(32))
        return self.password()

    def port(self) -> int | None:
        """Read the port of the last start, None before the first."""
        try:
            return int(self._port_file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def choose_port(self) -> int:
        """Give a loopback port that is free now, the last one where possible, and record it."""
        recorded = self.port()
        port = recorded if recorded and _is_free(recorded) else _free_port()
        self._write(self._port_file, str(port))
        return port

    def open_log(self) -> int:
        """Open the server's log for appending and give its descriptor; one grown too long starts anew."""
        too_long = self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | (os.O_TRUNC if too_long else 0)
        return os.open(self.log, flags, 0o600)

    def log_size(self) -> int:
        """Say how many bytes the log has, to read later what came after."""
        return self.log.stat().st_size if self.log.exists() else 0

    def log_since(self, offset: int) -> str:
        """Read what the server wrote after `offset`, at most its last 2000 characters."""
        with self.log.open("rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")[-2000:].strip()

    def _write(self, path: Path, text: str) -> None:
        fresh = path.with_name(f"{path.name}.tmp")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
