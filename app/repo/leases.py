"""Who leads: an advisory lock held by one replica's connection. It ends with the connection, so no lead is orphaned."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.repo.sql import statement

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = structlog.get_logger(__name__)

TRY = statement("SELECT pg_try_advisory_lock(CAST(:key AS bigint)) AS held")
ASK_AGAIN_SECONDS = 2.0
# A lead is lost only with its connection; asking before every poll would cost a round trip for each click.
TRUSTED_SECONDS = 5.0
# A connection that was closed is seen without asking. What remains is a network that fell silent; two who both think
# that they lead then do the same harmless work of jobs twice, for so long at most.
TRUSTED_BY_JOBS_SECONDS = 600.0


class Leadership:
    """The lead of `name` among all replicas on one database. Several jobs may share one: it takes a connection."""

    def __init__(self, engine: AsyncEngine, name: str) -> None:
        self._engine = engine
        self._key = str(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True))
        self._name = name
        self._connection: AsyncConnection | None = None
        self._asked_at = 0.0
        self._turn = asyncio.Lock()

    async def acquire(self) -> None:
        """Wait until this replica leads."""
        while not await self.try_acquire():  # noqa: ASYNC110 - another process holds it: no event tells
            await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def try_acquire(self) -> bool:
        """Whether this replica leads now; never waits for another one."""
        async with self._turn:
            return await self._holds(TRUSTED_BY_JOBS_SECONDS) or await self._taken()

    async def still_leads(self) -> bool:
        """Whether the lead was kept a few seconds ago or less: it is lost with its connection."""
        async with self._turn:
            return await self._holds(TRUSTED_SECONDS)

    async def _taken(self) -> bool:
        await self.release()
        connection: AsyncConnection | None = None
        try:
            connection = await self._engine.connect()
            held = (await connection.execute(TRY, {"key": self._key})).scalar_one()
        except (DBAPIError, OSError, PoolTimeout) as error:
            log.warning("lead_not_asked", lead=self._name, error=type(error).__name__)
            held = False
        if held:
            self._connection = connection
            self._asked_at = time.monotonic()
        elif connection is not None:
            await connection.close()
        return bool(held)

    async def _holds(self, trusted_seconds: float) -> bool:
        if self._connection is None:
            return False
        if await self._is_closed(self._connection):
            log.warning("lead_lost", lead=self._name)
            await self.release()
            return False
        if time.monotonic() - self._asked_at < trusted_seconds:
            return True
        try:
            await self._connection.execute(text("SELECT 1"))
        except (DBAPIError, OSError):
            log.warning("lead_lost", lead=self._name)
            await self.release()
            return False
        self._asked_at = time.monotonic()
        return True

    @staticmethod
    async def _is_closed(connection: AsyncConnection) -> bool:
        """Whether the driver has seen the connection end; asks nobody."""
        driver: Any = (await connection.get_raw_connection()).driver_connection
        return bool(driver.is_closed())

    async def release(self) -> None:
        """Give the lead up; harmless where it isn't held."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            # The pool would keep the connection, and with it the lock: it is ended instead.
            await connection.invalidate()
            await connection.close()
        except (DBAPIError, OSError) as error:
            log.warning("lead_release_failed", lead=self._name, error=type(error).__name__)
