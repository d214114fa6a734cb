"""A panel is killed under many configs: every link goes on answering, and within the set time leads to a living panel.

ORBIT_FAILOVER_CONFIGS=1000 takes a thousand.
"""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import cycle
from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from app.panels.choice import PanelChoice
from app.panels.clients import PanelClients
from app.panels.creation import Creator
from app.panels.gate import PanelGate
from app.panels.moves import Mover
from app.panels.watch import PanelWatch
from app.repo.moves import MoveRepository
from app.repo.upkeep import UpkeepRepository
from tests.support.link_world import Answer, LinkWorld, link_world

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

CONFIGS = int(os.environ.get("ORBIT_FAILOVER_CONFIGS", "24"))
SET_TIME = timedelta(minutes=4)
LOOK_SECONDS = 120


@asynccontextmanager
async def upkeep(world: LinkWorld, database: Database) -> AsyncIterator[tuple[PanelWatch, Mover]]:
    """A watch and a mover beside the world's own provisioning."""
    clients = PanelClients(world.panels, world.clock, 5, allow_private=True)
    gate = PanelGate(clients, world.clock)
    choice = PanelChoice(world.panels, gate, world.panels, world.clock)
    creator = Creator(world.books.provisioning, world.panels, gate, choice, world.clock, 0, 0)
    mover = Mover(
        MoveRepository(database), world.panels, choice, creator, world.clock, silence=SET_TIME, grace=timedelta(days=1)
    )
    yield PanelWatch(UpkeepRepository(database), world.panels, clients, world.clock), mover
    await clients.close()


def leads_to(body: str) -> str:
    """The server of the first key in a profile."""
    return base64.b64decode(body).decode().splitlines()[0].partition("@")[2].partition(":")[0]


async def ask(world: LinkWorld, tg_id: int, token: str) -> Answer:
    """What one customer's app gets, at an address of the customer's own behind the operator's proxy."""
    return await world.get(token, X_Forwarded_For=f"10.7.{tg_id // 250}.{tg_id % 250 + 1}")


@pytest.mark.timeout(1800)
async def test_links_answer_without_a_gap_and_lead_to_a_living_panel_within_the_set_time(
    database: Database, cache: Cache, record_property: Callable[[str, object], None]
) -> None:
    answered = 0
    async with link_world(database, cache) as world, upkeep(world, database) as (watch, mover):
        await world.panels.switch("b", active=False)  # so that everybody comes to the first panel
        tokens = {tg_id: await world.token(await world.customer(tg_id), tg_id) for tg_id in range(1, CONFIGS + 1)}
        await world.panels.switch("b", active=True)
        homes = {leads_to((await ask(world, *each)).body) for each in tokens.items() if each[0] % 2}
        assert homes == {world.a.panel.address}  # the others have never asked before
        world.a.panel.up = False
        looks, moving = 0, 0.0
        homes, turns = set(), cycle(tokens.items())
        while homes != {world.b.panel.address}:
            assert timedelta(seconds=looks * LOOK_SECONDS) < SET_TIME + timedelta(seconds=2 * LOOK_SECONDS)
            world.clock.advance(LOOK_SECONDS)
            await watch.run_once()
            looks += 1
            while True:
                began = perf_counter()
                if not await mover.run_once():
                    break
                moving += perf_counter() - began
                # In the midst of the moves, too, nobody is without an answer.
                assert (await ask(world, *next(turns))).status == 200
                answered += 1
            answers = [await ask(world, *each) for each in tokens.items()]
            assert {answer.status for answer in answers} == {200}
            answered += len(answers)
            homes = {leads_to(answer.body) for answer in answers}
        record_property("answers of links while their panel was dead", answered)
        record_property("seconds until it was left", looks * LOOK_SECONDS)
        record_property("seconds of moving", round(moving))
