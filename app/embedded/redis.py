"""Owns the choice of a Redis and the life of a private one; must not know what is kept in it."""

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.embedded.children import dies_with_parent

log = structlog.get_logger()

_DEFAULT_URL = "redis://localhost:6379"
_COMMAND_SECONDS = 0.5
_CONNECTIONS = 50
_SOCKET_PATH_LIMIT = 100
_START_SECONDS = 5
_STOP_SECONDS = 5
_PAUSE_SECONDS = 0.02
_MAX_MEMORY = "128mb"


class RedisUnavailable(Exception):
    """The Redis that was asked for does not answer; the text names it without its password."""


@dataclass
class OpenRedis:
    """A client that answered, what stands behind it (for the log), and the private server to end, if any."""

    client: Redis
    kind: str
    _server: asyncio.subprocess.Process | None = None

    async def close(self) -> None:
        """Close the connections, and end the private server where one was started."""
        await self.client.aclose()
        if self._server is not None:
            await _end(self._server)


async def open_redis(url: str | None, home: Path, *, prefer_default: bool = True) -> OpenRedis:
    """Open the Redis at `url`; without one the default address, else a private server, else one in this process.

    A given url that does not answer is RedisUnavailable, never a silent fallback. `prefer_default=False` leaves
    the shared default address alone. A command that takes more than 0.5 s raises redis' TimeoutError.
    """
    if url is not None:
        return OpenRedis(await _given(url), "given by REDIS_URL")
    if prefer_default:
        client = _client(_DEFAULT_URL)
        if await _refusal(client) is None:
            return OpenRedis(client, "at the default address")
        await client.aclose()
    return await _private(home) or OpenRedis(_in_process(), "in this process")


async def _given(url: str) -> Redis:
    try:
        client = _client(url)
    except ValueError:
        # The library's text quotes what it could not read, which may be the password.
        raise RedisUnavailable("REDIS_URL is not an address like redis://:password@host:6379/0") from None
    refusal = await _refusal(client)
    if refusal is not None:
        await client.aclose()
        raise RedisUnavailable(f"REDIS_URL {_without_password(url)} does not answer: {refusal}")
    return client


async def _private(home: Path) -> OpenRedis | None:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        return None
    socket = _socket_path(home)
    server = await asyncio.create_subprocess_exec(
        program, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700",
        "--save", "", "--appendonly", "no", "--maxmemory", _MAX_MEMORY, "--maxmemory-policy", "allkeys-lru",
        "--dir", str(socket.parent), "--daemonize", "no",
        preexec_fn=dies_with_parent(signal.SIGTERM),
        env={"PATH": os.environ.get("PATH", "")},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        # Ctrl-C in a terminal goes to the whole group, and the bot still drains then.
        start_new_session=True,
    )  # fmt: skip
    client = _client(f"unix://{socket}")
    try:
        if await _comes_up(server, client):
            return OpenRedis(client, f"private {Path(program).name}", server)
    except BaseException:
        await _end(server)
        raise
    log.warning("private_redis_did_not_start", program=program)
    await client.aclose()
    await _end(server)
    return None


async def _comes_up(server: asyncio.subprocess.Process, client: Redis) -> bool:
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while server.returncode is None and asyncio.get_running_loop().time() < deadline:
        if await _refusal(client) is None:
            return True
        await asyncio.sleep(_PAUSE_SECONDS)
    return False


async def _end(server: asyncio.subprocess.Process) -> None:
    if server.returncode is not None:
        return
    server.terminate()
    try:
        await asyncio.wait_for(server.wait(), _STOP_SECONDS)
    except TimeoutError:
        server.kill()
        await server.wait()


def _in_process() -> Redis:
    client: Redis = FakeAsyncRedis(server=FakeServer(), decode_responses=True)
    return client


def _client(url: str) -> Redis:
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=_COMMAND_SECONDS,
        decode_responses=True,
        socket_timeout=_COMMAND_SECONDS,
        socket_connect_timeout=_COMMAND_SECONDS,
        # The library's own default waits seconds between attempts; one quick one finds a restarted server.
        retry=Retry(NoBackoff(), 1),
    )
    return Redis.from_pool(pool)


async def _refusal(client: Redis) -> str | None:
    try:
        await client.ping()
    except (RedisError, OSError, TimeoutError) as error:
        return str(error) or type(error).__name__
    return None


def _socket_path(home: Path) -> Path:
    name = f"redis-{os.getpid()}-{secrets.token_hex(2)}.sock"
    path = home.resolve() / name
    if len(os.fsencode(path)) < _SOCKET_PATH_LIMIT:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path
    return Path(tempfile.gettempdir()) / name


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{place}{parts.path}"
