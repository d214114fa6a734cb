"""Owns the life of the project's own PostgreSQL: start, attach, keep running, stop; must not know any table."""

import asyncio
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import structlog

from app.embedded.cluster import USER, EmbeddedPostgresError, Server, find_programs, living_postmaster
from app.embedded.home import Home
from app.embedded.identity import choose_identity

__all__ = ["Address", "EmbeddedPostgres", "EmbeddedPostgresError"]

log = structlog.get_logger()

_HOST = "127.0.0.1"
_DATABASE = "orbit"
_PAUSE_SECONDS = 0.03
_ATTACH_SECONDS = 60
_PREDECESSOR_SECONDS = 15
_READY_SECONDS = 60
# What a start meets for a moment after a kill, and what goes away by itself.
_PASSING = ("postmaster.pid", "shared memory block", "could not bind", "Address already in use")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the embedded server listens and how to log in."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str


class EmbeddedPostgres:
    """One cluster in one folder. The first process to start owns the server; others use it while it lives."""

    def __init__(self, home: Path) -> None:
        self._home = Home(home)
        self._server: Server | None = None
        self._stopping = False

    async def start(self, *, attach: bool = True) -> Address:
        """Own the cluster or attach to the process that does; the database `orbit` exists and answers on return.

        Who must outlive the owner, as the bot must outlive an operator's command, asks for `attach=False` and waits
        until the owner is done.
        The server ends with the thread that calls this (call it from the main one), even by kill -9.
        EmbeddedPostgresError carries the last lines of the server's log.
        """
        self._stopping = False
        try:
            self._home.create()
            return await self._own_or_attach(attach=attach)
        except OSError as error:
            self._home.unlock()
            raise EmbeddedPostgresError(f"PostgreSQL in {self._home.folder}: {error}") from error
        except BaseException:
            if self._server is not None:
                await self._server.stop()
            self._home.unlock()
            raise

    async def stop(self) -> None:
        """End the server if this process owns it; an attached one is left alone. May be called twice."""
        self._stopping = True
        if self._server is not None:
            await self._server.stop()
            self._server = None
        self._home.unlock()

    async def keep_running(self) -> None:
        """Start the server again whenever it ends by itself, until stopped; a task for the supervisor."""
        while self._server is not None:
            server = self._server
            await server.ended()
            if self._stopping:
                return
            log.warning("embedded_postgres_ended")
            await self._bring_up(server)
            log.info("embedded_postgres_started_again")

    async def _own_or_attach(self, *, attach: bool) -> Address:
        deadline = _now() + _ATTACH_SECONDS
        while not self._home.lock():
            address = await self._attach() if attach else None
            if address is not None:
                return address
            if _now() > deadline:
                raise EmbeddedPostgresError(
                    f"another process holds {self._home.folder} and does not let go of it, or does not answer"
                )
            await asyncio.sleep(_PAUSE_SECONDS)
        return await self._own()

    async def _attach(self) -> Address | None:
        port = self._home.port()
        if port is None or not self._home.password_file.exists():
            return None
        address = self._address(port)
        try:
            connection = await _connect(address, _DATABASE)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return None
        await connection.close()
        return address

    async def _own(self) -> Address:
        home = self._home
        programs = find_programs()
        identity = await choose_identity(home.folder, home.cluster, programs / "postgres")
        server = Server(home, programs, identity)
        if not home.cluster.exists():
            await server.create_cluster()
        elif not home.password_file.exists():
            raise EmbeddedPostgresError(f"{home.password_file} is missing: it belongs to the cluster beside it")
        identity.give(home.cluster)
        self._server = server
        return await self._bring_up(server)

    async def _bring_up(self, server: Server) -> Address:
        deadline = _now() + _PREDECESSOR_SECONDS
        await self._outlive_predecessor(deadline)
        while True:
            before = self._home.log_size()
            address = self._address(self._home.choose_port())
            await server.launch(address.port)
            if await _answers(server, address):
                return address
            said = self._home.log_since(before)
            if _now() > deadline or not any(words in said for words in _PASSING):
                raise EmbeddedPostgresError(f"PostgreSQL did not start in {self._home.folder}:\n{said}")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _outlive_predecessor(self, deadline: float) -> None:
        """Wait for the postmaster of a killed owner, which is stopping; we hold the lock, so it serves nobody."""
        pid = living_postmaster(self._home.cluster)
        if pid is not None:
            os.kill(pid, signal.SIGINT)
        while living_postmaster(self._home.cluster) is not None:
            if _now() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL of an earlier run (process {pid}) does not stop")
            await asyncio.sleep(_PAUSE_SECONDS)
        # A number used again by a stranger, or a dead process nobody reaps, would keep the new one out for ever.
        (self._home.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _address(self, port: int) -> Address:
        return Address(_HOST, port, USER, self._home.password(), _DATABASE)


async def _answers(server: Server, address: Address) -> bool:
    """Wait until the server takes connections and has our database; False if it ended instead."""
    deadline = _now() + _READY_SECONDS
    while server.running:
        try:
            connection = await _connect(address, "postgres")
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError) as error:
            if _now() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL runs but does not answer: {error}") from error
            await asyncio.sleep(_PAUSE_SECONDS)
            continue
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", address.database):
                await connection.execute(f'CREATE DATABASE "{address.database}"')
        finally:
            await connection.close()
        return True
    return False


async def _connect(address: Address, database: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(
        host=address.host, port=address.port, user=address.user, password=address.password, database=database,
        timeout=5, ssl=False,
    )  # fmt: skip


def _now() -> float:
    return asyncio.get_running_loop().time()
