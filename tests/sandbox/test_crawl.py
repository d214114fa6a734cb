"""Every button that can be reached, in every state of an account and of the shop.

Active people walk in every language; the other states take turns, unless ORBIT_CRAWL=all.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from app.core.actions import GiftPlan
from app.domain.promo import PromoKind
from app.locales.locales import TRANSLATORS
from app.repo.audit import breaks
from tests.screens.crawl import CODE, HOSTILE, Crawl
from tests.screens.guest import (
    CUSTOMER,
    arrives,
    has_bought,
    has_config,
    has_device,
    is_banned,
    knows_code,
    newcomer,
    open_shop,
)
from tests.screens.scenes import plan, pressed
from tests.support.cable import Cable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from tests.screens.guest import Guest

    Step = Callable[[Guest], Awaitable[None]]

YEAR = 366 * 86_400
NO_WAYS: dict[str, Any] = {"all_ways": False, "ton_address": None, "tonapi_key": None}


async def time_runs_out(guest: Guest) -> None:
    """A year later."""
    guest.floor.world.clock.advance(YEAR)
    await guest.floor.app.cash.rates.refresh()


async def panels_are_gone(guest: Guest) -> None:
    """The operator took the only one out of service."""
    (door,) = guest.floor.world.doors()
    await guest.floor.app.panels.switch(door.id, active=False)


async def looks_in(guest: Guest) -> None:
    """The account is in the cache."""
    await guest.says("/menu")


HAS_ALL = (arrives, has_bought, has_config, has_device, pressed(plan(GiftPlan)))


@dataclass(frozen=True)
class State:
    """What has happened before, what is off, what is cut then; the fewest screens that a walk must find."""

    given: tuple[Step, ...]
    least: int
    off: dict[str, Any] | None = None
    cut: str | None = None
    name: str = CUSTOMER


STATES = {
    "new": State((), 30),
    "trial": State((arrives, has_config, has_device), 30),
    "active": State(HAS_ALL, 35),
    "expired": State((arrives, has_config, time_runs_out), 25),
    "banned": State((arrives, has_config, is_banned), 1),
    "no panels": State((panels_are_gone,), 25),
    "no gateways": State((arrives, has_config), 15, off=NO_WAYS),
    "Redis down": State((arrives, has_config), 30, cut="redis"),
    "database down": State((arrives, has_config, looks_in), 8, cut="postgres"),
    "hostile name": State(HAS_ALL, 35, name=HOSTILE),
}


IN_ALL = {"active"} if os.environ.get("ORBIT_CRAWL") != "all" else set(STATES)


def languages_of(state: str) -> tuple[str, ...]:
    """In which languages the state is walked through."""
    every = tuple(TRANSLATORS)
    return every if state in IN_ALL else (every[[*STATES].index(state) % len(every)],)


@dataclass
class Ground:
    """Where people walk: the shop, and its ways to the stores."""

    floor: Any
    cables: dict[str, Cable]


@asynccontextmanager
async def ground(home: Path, database_url: URL, redis: Redis, **more: Any) -> AsyncIterator[Ground]:
    to_postgres = partial(asyncio.open_connection, database_url.host, database_url.port)
    to_redis = partial(asyncio.open_unix_connection, redis.connection_pool.connection_kwargs["path"])
    async with AsyncExitStack() as stack:
        cables = {
            "postgres": await stack.enter_async_context(Cable(to_postgres)),
            "redis": await stack.enter_async_context(Cable(to_redis)),
        }
        ways = {"redis_url": f"redis://127.0.0.1:{cables['redis'].port}", "database_port": cables["postgres"].port}
        floor = await stack.enter_async_context(open_shop(home, database_url, redis, **{**ways, **more}))
        floor.app.cash.manager._most_open = 1000  # a walk leaves more invoices open than a person may
        yield Ground(floor, cables)


@pytest.mark.parametrize("name", STATES)
async def test_every_button_leads_on_and_every_screen_can_be_read(
    name: str, tmp_path: Path, database: Database, database_url: URL, redis: Redis
) -> None:
    state, walks = STATES[name], []
    with capture_logs() as log:
        async with ground(tmp_path, database_url, redis, **(state.off or {})) as here:
            floor = here.floor
            commands = sorted(f"/{name}" for name in floor.app.switchboard.commands - {"start"})
            guests = [newcomer(floor, language, state.name) for language in languages_of(name)]
            await knows_code(CODE, PromoKind.PERCENT, 50)(guests[0])
            for guest in guests:
                for step in state.given:
                    await step(guest)
                    await guest.rests()
            if state.cut:
                here.cables[state.cut].pull()
            for guest in guests:
                walks.append(Crawl(guest))
                await walks[-1].walk("/start", *commands, "?")
    assert [fault for walk in walks for fault in walk.faults] == []
    assert min(len(walk.seen) for walk in walks) >= state.least
    assert [line for line in log if line["log_level"] in {"error", "critical"} or "exc_info" in line] == []
    assert await breaks(database) == []
