"""The engine, its lifecycle and the unit of work. The only module that begins or commits; holds no query."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import structlog
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from app.domain.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from sqlalchemy import Executable, PoolProxiedConnection, Row, TextClause

ResultT = TypeVar("ResultT")

log = structlog.get_logger(__name__)

COMMAND_TIMEOUT_SECONDS = 15
POOL_TIMEOUT_SECONDS = 10
SERIALIZATION_FAILURES = frozenset({"40001", "40P01"})
# Shut down, starting, full, read-only; and not for us: a wrong password, a role or a database that is not there.
NOT_SERVING = frozenset({"57P01", "57P02", "57P03", "53300", "25006", "28P01", "28000", "3D000"})
# A backend that is ended between two statements can also leave the driver's own state behind: InternalClientError.
DRIVER_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
FAILURES = (DBAPIError, OSError, PoolTimeout)
# How often work is begun anew that lost against other work, and how often because its connection was dead.
MOST_DEFEATS, MOST_LOSSES = 5, 1
CONNECT_ARGS: dict[str, Any] = {
    "command_timeout": COMMAND_TIMEOUT_SECONDS,
    "timeout": POOL_TIMEOUT_SECONDS,
    # A statement is prepared once a connection, not again every five minutes in the midst of a click.
    "max_cached_statement_lifetime": 0,
    "server_settings": {"application_name": "orbitvpn", "jit": "off", "timezone": "UTC"},
}


def make_engine(url: URL, pool_size: int, patience_seconds: int = POOL_TIMEOUT_SECONDS) -> AsyncEngine:
    """An engine whose single statements cost one round trip; who waits longer for a connection is told that it is down.

    Connections stand in autocommit, so a lone statement is its own transaction, and nothing is reset on their
    return: no statement of ours leaves session state behind, and a transaction ends with its block.
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=patience_seconds,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args={
            **CONNECT_ARGS,
            "command_timeout": max(COMMAND_TIMEOUT_SECONDS, patience_seconds),
            "timeout": patience_seconds,
        },
    )


class TooSlow(Exception):
    """A question took longer than it was given."""


class Database:
    """PostgreSQL behind two doors: one statement, or a unit of work."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._compiled: dict[TextClause, tuple[str, Sequence[str]]] = {}
        # To take one from the pool and give it back costs as much as the trip; most of the pool stays for everybody.
        self._kept: list[PoolProxiedConnection] = []
        self._most_kept = engine.pool.size() // 4 if isinstance(engine.pool, QueuePool) else 0

    async def run(self, statement: Executable, params: dict[str, Any] | None = None) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of one statement, committed by itself in one round trip.

        The statement must be safe to repeat: it is sent again, once, when its connection turns out to be dead
        (its outcome is then unknown), and when it lost a deadlock. Raises StorageUnavailable.
        """
        return await _anew(lambda: self._run_once(statement, params), _is_defeat)

    async def unit(self, work: Callable[[AsyncConnection], Awaitable[ResultT]]) -> ResultT:
        """What `work` comes to in a transaction of its own, which must be safe to repeat as in `run`.

        It is begun anew also where a key that it wanted to make, or to name, was made or deleted by somebody else at
        that moment: what they committed can be seen then.
        """

        async def attempt() -> ResultT:
            async with self._begun() as connection:
                return await work(connection)

        return await _anew(attempt, lambda error: _is_defeat(error) or isinstance(error, IntegrityError))

    async def read(self, statement: TextClause, params: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
        """The rows of one SELECT as `run` gives them, told by place only, at half its cost: for what a click waits for.

        It goes to the driver past SQLAlchemy's result machinery; what fails there is asked again in the long way.
        """
        return await self._quickly(statement, params)

    async def write(self, statement: TextClause, params: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
        """What one statement that writes returns, with the promise and the duty of `run` and the cost of `read`."""
        return await self._quickly(statement, params)

    async def _quickly(self, statement: TextClause, params: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
        with _translated():
            try:
                return await self._fetch_once(statement, params)
            except (*DRIVER_FAILURES, DBAPIError, OSError) as error:
                log.debug("asked_again", error=type(error).__name__)
            rows = await _anew(lambda: self._run_once(statement, params), _is_defeat)
            return [tuple(row) for row in rows]

    async def _fetch_once(self, statement: TextClause, params: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
        query, names = self._compiled.get(statement) or self._compile(statement)
        kept = self._kept.pop() if self._kept else await self._engine.raw_connection()
        try:
            driver: Any = kept.driver_connection
            rows = await driver.fetch(query, *(params[name] for name in names))
        except asyncpg.IntegrityConstraintViolationError:
            self._give_back(kept)
            raise
        except BaseException:
            kept.invalidate()
            raise
        self._give_back(kept)
        return [tuple(row) for row in rows]

    def _give_back(self, connection: PoolProxiedConnection) -> None:
        if len(self._kept) < self._most_kept:
            self._kept.append(connection)
        else:
            connection.close()

    async def examine(self, query: str, seconds: int, *params: object) -> Sequence[tuple[Any, ...]]:
        """The rows of one query of its own kind, which may take `seconds` and can change nothing; TooSlow."""
        with _translated():
            connection = await self._engine.raw_connection()
            driver: Any = connection.driver_connection
            try:
                async with driver.transaction(readonly=True):
                    await driver.execute(f"SET LOCAL statement_timeout = {seconds * 1000:d}")
                    # Not by a plan that the connection has kept since the tables were small.
                    prepared = await driver.prepare(query)
                    rows = await prepared.fetch(*params, timeout=seconds + COMMAND_TIMEOUT_SECONDS)
            except asyncpg.QueryCanceledError:
                connection.close()
                raise TooSlow from None
            except BaseException:
                connection.invalidate()
                raise
            connection.close()
            return [tuple(row) for row in rows]

    def _compile(self, statement: TextClause) -> tuple[str, Sequence[str]]:
        compiled = statement.compile(dialect=self._engine.dialect)
        self._compiled[statement] = found = (str(compiled), compiled.positiontup or ())
        return found

    async def _run_once(self, statement: Executable, params: dict[str, Any] | None) -> Sequence[Row[*tuple[Any, ...]]]:
        async with self._engine.connect() as connection:
            result = await connection.execute(statement, params)
            return result.fetchall() if result.returns_rows else ()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """The unit of work: everything in the block, or nothing of it. No network call belongs inside."""
        with _translated():
            async with self._begun() as connection:
                yield connection

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="READ COMMITTED")
            async with connection.begin():
                yield connection

    async def answers(self) -> bool:
        """Whether the database serves right now."""
        try:
            await self.run(text("SELECT 1"))
        except StorageUnavailable:
            return False
        return True

    async def own_connection(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection beside the pool, for who listens on one and closes it; raises what the driver raises."""
        _, address = self._engine.dialect.create_connect_args(self._engine.url)
        return await asyncpg.connect(**address, **CONNECT_ARGS)

    async def close(self) -> None:
        """Give all connections back to the server."""
        while self._kept:
            self._kept.pop().close()
        await self._engine.dispose()


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE behind a database error, where there is one."""
    origin = getattr(error, "orig", None)
    state = getattr(origin, "sqlstate", None)
    return state if isinstance(state, str) else None


async def _anew(attempt: Callable[[], Awaitable[ResultT]], is_defeat: Callable[[BaseException], bool]) -> ResultT:
    """What the attempt comes to, made again after a defeat and after a lost connection. Raises StorageUnavailable."""
    defeats = losses = 0
    with _translated():
        while True:
            try:
                return await attempt()
            except FAILURES as error:
                defeats += is_defeat(error)
                losses += not is_defeat(error)
                if defeats > MOST_DEFEATS or losses > MOST_LOSSES or not (is_defeat(error) or _is_lost(error)):
                    raise


def _is_defeat(error: BaseException) -> bool:
    return sqlstate(error) in SERIALIZATION_FAILURES


def _is_lost(error: BaseException) -> bool:
    return isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated)


@contextmanager
def _translated() -> Iterator[None]:
    """Says StorageUnavailable where the database does not serve; a fault of ours passes as it is."""
    try:
        yield
    except FAILURES as error:
        if not _is_down(error):
            raise
        log.warning("database_unavailable", error=type(error).__name__, sqlstate=sqlstate(error))
        raise StorageUnavailable from error


def _is_down(error: BaseException) -> bool:
    return (
        isinstance(error, (OSError, PoolTimeout, InterfaceError))
        or (isinstance(error, DBAPIError) and error.connection_invalidated)
        or (isinstance(error, OperationalError) and sqlstate(error) not in SERIALIZATION_FAILURES)
        or sqlstate(error) in NOT_SERVING
    )
