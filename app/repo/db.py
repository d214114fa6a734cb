"""The engine, its lifecycle and the unit of work. The only module that begins or commits; holds no query."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.domain.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import Executable, Row

log = structlog.get_logger(__name__)

COMMAND_TIMEOUT_SECONDS = 15
POOL_TIMEOUT_SECONDS = 10
SERIALIZATION_FAILURES = frozenset({"40001", "40P01"})
NOT_SERVING = frozenset({"57P01", "57P02", "57P03", "53300", "25006"})


def make_engine(url: URL, pool_size: int) -> AsyncEngine:
    """An engine whose single statements cost one round trip.

    Connections stand in autocommit, so a lone statement is its own transaction, and nothing is reset on their
    return: no statement of ours leaves session state behind, and a transaction ends with its block.
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args={
            "command_timeout": COMMAND_TIMEOUT_SECONDS,
            "timeout": POOL_TIMEOUT_SECONDS,
            "server_settings": {"application_name": "orbitvpn", "jit": "off", "timezone": "UTC"},
        },
    )


class Database:
    """PostgreSQL behind two doors: one statement, or a unit of work."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, statement: Executable, params: dict[str, Any] | None = None) -> Sequence[Row[Any]]:
        """The rows of one statement, committed by itself in one round trip.

        The statement must be safe to repeat: it is sent again, once, when its connection turns out to be dead
        (its outcome is then unknown) or when it lost a deadlock. Raises StorageUnavailable.
        """
        try:
            return await self._run_once(statement, params)
        except (DBAPIError, OSError, PoolTimeout) as error:
            if not _worth_repeating(error):
                raise _translated(error) from error
        try:
            return await self._run_once(statement, params)
        except (DBAPIError, OSError, PoolTimeout) as error:
            raise _translated(error) from error

    async def _run_once(self, statement: Executable, params: dict[str, Any] | None) -> Sequence[Row[Any]]:
        async with self._engine.connect() as connection:
            result = await connection.execute(statement, params)
            return result.fetchall() if result.returns_rows else ()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """The unit of work: everything in the block, or nothing of it. No network call belongs inside."""
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="READ COMMITTED")
                async with connection.begin():
                    yield connection
        except (OSError, PoolTimeout, DBAPIError) as error:
            raise _translated(error) from error

    async def answers(self) -> bool:
        """Whether the database serves right now."""
        try:
            await self.run(text("SELECT 1"))
        except StorageUnavailable:
            return False
        return True

    async def close(self) -> None:
        """Give all connections back to the server."""
        await self._engine.dispose()


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE behind a database error, where there is one."""
    origin = getattr(error, "orig", None)
    state = getattr(origin, "sqlstate", None)
    return state if isinstance(state, str) else None


def _worth_repeating(error: BaseException) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, OSError) or sqlstate(error) in SERIALIZATION_FAILURES


def _translated(error: BaseException) -> BaseException:
    """StorageUnavailable for a database that does not serve; the error itself where it is our fault."""
    down = (
        isinstance(error, (OSError, PoolTimeout, InterfaceError))
        or (isinstance(error, DBAPIError) and error.connection_invalidated)
        or (isinstance(error, OperationalError) and sqlstate(error) not in SERIALIZATION_FAILURES)
        or sqlstate(error) in NOT_SERVING
    )
    if not down:
        return error
    log.warning("database_unavailable", error=type(error).__name__, sqlstate=sqlstate(error))
    return StorageUnavailable()
