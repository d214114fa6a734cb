"""Owns the rows of panels: what a choice takes, and what customers notice of panels that are sick."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING

from aiohttp import ClientSession
from cryptography.fernet import Fernet, MultiFernet

from app.clock import open_clock
from app.panels.choice import PanelChoice
from app.panels.clients import PanelClients
from app.panels.gate import PanelGate
from app.panels.provisioning import Provisioner
from app.repo.base import BaseRepository
from app.repo.configs import ConfigRepository
from app.repo.db import Database, make_engine
from app.repo.panels import PanelRepository
from app.repo.provisioning import ProvisioningRepository
from app.repo.sql import statement
from app.services.records import PanelAccess
from bench.engines import another_database
from bench.farm import LOGIN, PASSWORD, open_farm
from bench.rounds import MICROSECONDS, Row

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import URL

    from app.services.ports import Clock
    from app.utils.redis import Cache

PANELS, SICK = 50, 5
CHOICES, CLICKS, WAITS = 2000, 100, 3
CHOICE_US, CREATE_BOUND, WAITING = 50.0, 1.3, 10.0
PEOPLE, EACH = 1000, 50
ARRIVE = statement(
    "INSERT INTO users (tg_id, created_at, max_configs, subscription_end)"
    " SELECT n, :now, :most, :until FROM generate_series(1, :number) n"
)


class OwnTable(BaseRepository):
    """The shared cache under keys of one shop's own: two shops stand beside each other on one Redis."""

    def __init__(self, database: Database, cache: Cache, shop: str) -> None:
        super().__init__(database, cache)
        self._shop = shop

    async def get_cached(self, key: str) -> str | None:
        """The value under the key of this shop, or None."""
        return await super().get_cached(f"{self._shop}:{key}")

    async def set_cache(self, key: str, value: str, ttl: int) -> None:
        """Keep the value for this shop."""
        await super().set_cache(f"{self._shop}:{key}", value, ttl)

    async def claim(self, key: str, ttl: int) -> bool:
        """Always ours: a shop here has one replica."""
        return True


class NoTable(OwnTable):
    """Keeps nothing: whoever chooses has to ask all panels and wait."""

    async def get_cached(self, key: str) -> str | None:
        """Nothing."""
        return None

    async def set_cache(self, key: str, value: str, ttl: int) -> None:
        """Forget it."""


@dataclass
class PanelShop:
    """The product's way from a wish to a user on a panel."""

    database: Database
    cache: Cache
    clock: Clock
    name: str
    panels: PanelRepository
    gate: PanelGate
    choice: PanelChoice
    configs: ConfigRepository
    numbers: count[int]

    def provisioner(self, choice: PanelChoice) -> Provisioner:
        """The product's own, on the panels of this choice."""
        store = ProvisioningRepository(self.database, self.cache)
        return Provisioner(store, self.panels, self.gate, choice, self.clock)

    def asking(self) -> PanelChoice:
        """A choice without any snapshot."""
        return PanelChoice(self.panels, self.gate, NoTable(self.database, self.cache, self.name), self.clock)

    async def wish(self) -> None:
        """The click: what a customer waits for before the bot answers."""
        number = next(self.numbers)
        await self.configs.request(1 + number % PEOPLE, f"wish{number}", None, self.clock.now())

    async def create(self, provisioner: Provisioner) -> float:
        """From the click to the link; in seconds."""
        began = perf_counter()
        await self.wish()
        taken = await provisioner.run_once()
        took = perf_counter() - began
        if taken != 1:
            raise RuntimeError(f"{taken} jobs instead of the one that was wished for")
        return took

    async def check(self) -> None:
        """Every wish has become a config."""
        ((waiting,),) = await self.database.run(statement("SELECT count(*) FROM configs WHERE status <> 'active'"))
        if waiting:
            raise RuntimeError(f"{waiting} configs were not made: they would look fast")


async def panel_rows(url: URL, cache: Cache, rounds: int, creates: int) -> tuple[list[Row], int]:
    """All rows; and how many calls to panels clicks and choices made, which must be none."""
    async with AsyncExitStack() as stack:
        farm = await stack.enter_async_context(open_farm(PANELS, SICK))
        sick_urls = [*farm.serving[: PANELS - 2 * SICK], *farm.hanging, *farm.down]
        healthy = await stack.enter_async_context(_shop(url, cache, "healthy", farm.serving))
        sick = await stack.enter_async_context(_shop(url, cache, "sick", sick_urls))
        http = await stack.enter_async_context(ClientSession())
        for shop in (healthy, sick):
            await shop.choice.keep_fresh()
            await shop.create(shop.provisioner(shop.choice))
        calls = await _calls_of_clicks(sick, http, farm.count)
        rows = [await _choices(healthy, rounds), *await _creates(healthy, sick, rounds, creates), await _waiting(sick)]
        for shop in (healthy, sick):
            await shop.check()
        return rows, calls


async def _calls_of_clicks(shop: PanelShop, http: ClientSession, counter: str) -> int:
    """How many calls came to the panels while a hundred customers clicked and their panels were chosen."""
    before = await _count(http, counter)
    for _ in range(CLICKS):
        await shop.wish()
        await shop.choice.best()
    calls = await _count(http, counter) - before
    while await shop.provisioner(shop.choice).run_once():
        pass
    return calls


async def _count(http: ClientSession, counter: str) -> int:
    async with http.get(counter) as answer:
        return int(await answer.text())


async def _choices(shop: PanelShop, rounds: int) -> Row:
    """A choice among fifty that serve, from the snapshot, beside its bound."""
    found = []
    for _ in range(rounds + 1):
        times = []
        for _ in range(CHOICES):
            began = perf_counter()
            await shop.choice.best()
            times.append(perf_counter() - began)
        found.append((median(times), CHOICE_US / MICROSECONDS))
    return Row.of(f"choice of {PANELS} panels, of its {CHOICE_US:.0f} µs", found[1:], 1.0)


async def _creates(healthy: PanelShop, sick: PanelShop, rounds: int, creates: int) -> list[Row]:
    """Both shops in turn. Each one's job measures all its panels meanwhile: five of the sick hang to their deadline."""
    middle, tail = [], []
    for number in range(rounds + 1):
        order = [sick, healthy] if number % 2 else [healthy, sick]
        times = {shop.name: await _block(shop, creates) for shop in order}
        ours, theirs = times[sick.name], times[healthy.name]
        middle.append((median(ours), median(theirs)))
        tail.append((quantiles(ours, n=100)[98], quantiles(theirs, n=100)[98]))
    what = f"create, {2 * SICK} of {PANELS} panels sick"
    return [Row.of(f"{what}: p50", middle[1:], CREATE_BOUND), Row.of(f"{what}: p99", tail[1:], CREATE_BOUND)]


async def _block(shop: PanelShop, creates: int) -> list[float]:
    """How long each took while the panels were measured behind it."""
    provisioner = shop.provisioner(shop.choice)
    async with asyncio.TaskGroup() as jobs:
        jobs.create_task(shop.choice.keep_fresh())
        return [await shop.create(provisioner) for _ in range(creates)]


async def _waiting(shop: PanelShop) -> Row:
    """The same create where the customer waits for all panels to be asked."""
    found = []
    for _ in range(WAITS):
        usual = await shop.create(shop.provisioner(shop.choice))
        found.append((await shop.create(shop.provisioner(shop.asking())), usual))
    return Row.of("asking all and waiting instead (at least)", found, WAITING, least=True)



@asynccontextmanager
async def _shop(url: URL, cache: Cache, name: str, urls: Sequence[str]) -> AsyncIterator[PanelShop]:
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(another_database(url, name))
        database = Database(make_engine(own, 20))
        stack.push_async_callback(database.close)
        until = datetime.now(UTC) + timedelta(days=30)
        await database.run(ARRIVE, {"now": datetime.now(UTC), "most": EACH, "until": until, "number": PEOPLE})
        panels = PanelRepository(database, cache, MultiFernet([Fernet(Fernet.generate_key())]))
        for number, base_url in enumerate(urls):
            access = PanelAccess(f"{name}{number}", name, base_url, LOGIN, PASSWORD, 100, frozenset())
            await panels.add(access)
        clock = open_clock(None)
        clients = PanelClients(panels, clock, allow_private=True)
        stack.push_async_callback(clients.close)
        gate = PanelGate(clients, clock)
        choice = PanelChoice(panels, gate, OwnTable(database, cache, name), clock)
        configs = ConfigRepository(database, cache)
        yield PanelShop(database, cache, clock, name, panels, gate, choice, configs, count(1))
