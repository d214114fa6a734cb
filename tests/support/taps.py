"""Hears every effect and every failpoint of what runs inside the test, in order. Changes nothing of what they do.

An effect is what somebody else, or this bot after a kill, could see: a transaction that wrote, a statement that
writes, a request that changes something outside, an acknowledgement, an answer to a webhook, a dialogue's state, a drop
from the cache. What only spares work (cached rates, tokens, tables, copies of accounts, rate limits) is none.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from redis.asyncio import Redis
from sqlalchemy import text

from app import failpoints
from app.repo.base import DROP_SCRIPT
from app.repo.db import Database
from app.utils.redis import Cache
from app.web.payments import PaymentDoor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncConnection

WRITES = re.compile(r"\bINSERT INTO (\w+)|\bDELETE FROM (\w+)|(?<!FOR )(?<!KEY )\bUPDATE (\w+)")
HAS_WRITTEN = text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
# A login; and in a test the emulators and the test itself are in the same process.
OTHERS = ("/bot", "/api/admin/token", "/sim/", "/payments/")
REFUSALS = (TelegramBadRequest, TelegramForbiddenError)
END = "|"


@dataclass
class Trace:
    """What was heard: points by their names, effects with a `!` before theirs."""

    heard: list[str] = field(default_factory=list)

    def effect(self, name: str) -> None:
        self.heard.append(f"!{name}")

    def answer(self) -> None:
        """The last effect of what led to it; what comes behind it is not its continuation."""
        self.heard += ["!answer to the webhook", END]

    @property
    def points(self) -> list[str]:
        """The points in the order in which they were passed."""
        return [name for name in self.heard if not name.startswith(("!", END))]

    @property
    def effects(self) -> int:
        """How many there were."""
        return sum(name.startswith("!") for name in self.heard)

    def gaps(self, without: str = "") -> list[tuple[str, str]]:
        """Effects that follow each other with no point between them; one may be thought away."""
        left = [name for name in self.heard if name != without]
        return [(one, two) for one, two in pairwise(left) if one[0] == two[0] == "!"]


@contextmanager
def tapped() -> Iterator[Trace]:
    """Listen for as long as the block lasts."""
    trace = Trace()
    with pytest.MonkeyPatch.context() as patch:
        _tap_database(patch, trace)
        _tap_requests(patch, trace)
        _tap_redis(patch, trace)
        _after(patch, PaymentDoor, "__call__", lambda _args: trace.answer())
        failpoints.plant(trace.heard.append)
        try:
            yield trace
        finally:
            failpoints.plant(None)


def _after(patch: pytest.MonkeyPatch, owner: type, name: str, hear: Callable[[tuple[Any, ...]], object]) -> None:
    """Have `hear` told of each call once it is done, before its caller goes on."""
    original: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def call(self: Any, *args: Any, **more: Any) -> Any:
        try:
            result = await original(self, *args, **more)
        except REFUSALS:
            raise
        except Exception:
            hear(args)  # the answer may have been lost, and not the effect
            raise
        hear(args)
        return result

    patch.setattr(owner, name, call)


def _tap_database(patch: pytest.MonkeyPatch, trace: Trace) -> None:
    def ran(args: tuple[Any, ...]) -> None:
        if found := WRITES.search(str(args[0])):
            trace.effect(f"statement on {next(filter(None, found.groups()))}")

    original = Database._begun  # every unit of work and transaction passes through it

    @asynccontextmanager
    async def begun(self: Database) -> AsyncIterator[AsyncConnection]:
        async with original(self) as connection:
            yield connection
            has_written = (await connection.execute(HAS_WRITTEN)).scalar_one()
        if has_written:
            trace.effect("transaction")

    _after(patch, Database, "run", ran)
    _after(patch, Database, "write", ran)
    patch.setattr(Database, "_begun", begun)


def _tap_requests(patch: pytest.MonkeyPatch, trace: Trace) -> None:
    acknowledged = [0]

    def telegram(args: tuple[Any, ...]) -> None:
        method = args[1]
        name = method.__api_method__
        if name == "getUpdates":
            if (offset := method.offset or 0) > acknowledged[0]:
                acknowledged[0] = offset
                trace.effect("acknowledgement")
        elif not name.startswith("get"):
            trace.effect(name)

    def others(args: tuple[Any, ...]) -> None:
        verb, url = args[0], str(args[1])
        if verb != "GET" and not any(part in url for part in OTHERS):
            trace.effect(f"{verb} {url.rpartition('/')[2]}")

    _after(patch, AiohttpSession, "make_request", telegram)
    _after(patch, aiohttp.ClientSession, "_request", others)


def _tap_redis(patch: pytest.MonkeyPatch, trace: Trace) -> None:
    def ran(args: tuple[Any, ...]) -> None:
        if args[0].script == DROP_SCRIPT:
            trace.effect("drop from the cache")

    def commanded(args: tuple[Any, ...]) -> None:
        if args[0] in {"SET", "DEL", "UNLINK"} and str(args[1]).startswith("fsm:"):
            trace.effect("dialogue")

    _after(patch, Cache, "run", ran)
    _after(patch, Cache, "delete_matching", lambda _args: trace.effect("drop from the cache"))
    _after(patch, Redis, "execute_command", commanded)
