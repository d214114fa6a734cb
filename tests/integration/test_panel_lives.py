"""Creations, renewals and deletions at random on two panels that misbehave: in the end panels have what configs say.

ORBIT_PANEL_LIVES=10000 makes a night of it, ORBIT_PANEL_SEED repeats one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from random import Random, SystemRandom
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import NoSubscription, TooManyConfigs
from tests.support.upkeep_world import UpkeepWorld, upkeep_world

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

ACTS = int(os.environ.get("ORBIT_PANEL_LIVES", "500"))
SEED = int(os.environ.get("ORBIT_PANEL_SEED", SystemRandom().randrange(10**9)))
PEOPLE = range(1, 41)
CALLS = ("POST /api/user", "GET /api/user/", "GET /api/users", "PUT", "DELETE", "GET /api/inbounds", "GET /api/core")
LIVING = "SELECT user_id, id FROM configs WHERE status IN ('creating', 'active') ORDER BY id"
# A sweep hears of what vandals did; the more of them, the more it is one accident that it must not touch.
WAY = [("create", 40), ("renew", 20), ("delete", 18), ("fault", 14), ("power", 3), ("service", 2), ("vandal", 2),
       ("sweep", 1)]  # fmt: skip


class Lives:
    """One schedule, made up from a seed."""

    def __init__(self, world: UpkeepWorld, dice: Random) -> None:
        self._world = world
        self._dice = dice
        self._wishes = 0
        self.acts: dict[str, Callable[[], Awaitable[object]]] = {
            name: getattr(self, f"_{name}") for name, _ in WAY
        }

    async def act(self) -> None:
        """Something happens, and now and then whoever looks after panels gets a turn while time passes."""
        names, weights = zip(*WAY, strict=True)
        await self.acts[self._dice.choices(names, weights)[0]]()
        world = self._world
        if self._dice.random() < 0.4:
            world.clock.advance(self._dice.choice((0.5, 3, 30, 200)))
            await asyncio.gather(world.provisioner.run_once(), world.mover.run_once(), world.leftovers.run_once())
            if self._dice.random() < 0.2:
                await world.watch.run_once()

    async def _create(self) -> None:
        self._wishes += 1
        person = self._dice.choice(PEOPLE)
        with suppress(NoSubscription, TooManyConfigs):
            await self._world.configs.request(person, f"wish{self._wishes}", None, self._world.clock.now())

    async def _renew(self) -> None:
        await self._world.rows(
            "UPDATE users SET subscription_end = date_trunc('second', subscription_end) + interval '30 days'"
            " WHERE tg_id = :tg_id",
            tg_id=self._dice.choice(PEOPLE),
        )

    async def _delete(self) -> None:
        if living := await self._world.rows(LIVING):
            owner, config_id = self._dice.choice(living)
            await self._world.configs.request_deletion(owner, config_id, self._world.clock.now())

    async def _fault(self) -> None:
        action = self._dice.choice(("drop_after", "drop_after", "drop_before", "error", "garbage", "rate_limit", "401"))
        status = {"status": 401, "times": self._dice.choice((1, 2, 6))} if action == "401" else {}
        name = self._dice.choice(sorted(self._world.running))
        await self._world.running[name].fault(
            self._dice.choice(CALLS), "error" if action == "401" else action, **status
        )

    async def _power(self) -> None:
        panel = self._world.running[self._dice.choice(sorted(self._world.running))].panel
        panel.up = not panel.up

    async def _service(self) -> None:
        await self._world.rows(
            "UPDATE marzban_instances SET is_active = NOT is_active WHERE id = :id",
            id=self._dice.choice(sorted(self._world.running)),
        )

    async def _vandal(self) -> None:
        """Somebody changes a user by hand."""
        users = self._world.users(self._dice.choice(sorted(self._world.running)))
        if not users:
            return
        name = self._dice.choice(sorted(users))
        match self._dice.randrange(3):
            case 0:
                del users[name]
            case 1:
                users[name].expire = int(self._world.clock.timestamp()) + 1000
            case 2:
                users[name].data_limit = 10**9

    async def _sweep(self) -> None:
        self._world.clock.advance(3600)
        while await self._world.sweeper.run_once():
            pass


async def made_good(world: UpkeepWorld) -> None:
    """The panels behave, nothing is off, and the shop gets the time it needs."""
    for panel in world.running.values():
        await panel.forgive()
        panel.panel.up = True
    await world.rows("UPDATE marzban_instances SET is_active = true")
    await world.look()
    # What differs is put right by the first round, and the second one finds nothing.
    for _ in range(2):
        world.clock.advance(301)
        await world.tidy()
        counts = await world.swept()
    assert all(found.keys() <= {"configs", "users"} for found in counts.values()), counts


async def test_whatever_happens_panels_end_with_what_configs_say(
    database: Database, cache: Cache, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.repo.panel_calls.PAUSE_SECONDS", 0)
    async with upkeep_world(database, cache, "a", "b") as world:
        end = world.clock.now().replace(microsecond=0) + timedelta(days=30)
        await world.rows(
            "INSERT INTO users (tg_id, subscription_end, max_configs, created_at)"
            " SELECT n, CAST(:end AS timestamptz), 5, CAST(:end AS timestamptz) FROM generate_series(1, 40) n",
            end=end,
        )
        lives = Lives(world, Random(SEED))
        with capsys.disabled():
            print(f"\nORBIT_PANEL_SEED={SEED}: {ACTS} acts")  # noqa: T201 - to repeat it, however it ends
        for _ in range(ACTS):
            await lives.act()
        await made_good(world)
        assert await world.differences() == set()
