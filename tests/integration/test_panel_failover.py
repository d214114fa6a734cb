"""A panel is killed under many configs: every link goes on answering, and within the set time leads to a living panel.

ORBIT_FAILOVER_CONFIGS=1000 takes a thousand.
"""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
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
from tests.support.link_world import LinkWorld, link_world

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


@pytest.mark.timeout(600)
async def test_links_answer_without_a_gap_and_lead_to_a_living_panel_within_the_set_time(
    database: Database, cache: Cache
) -> None:
    async with link_world(database, cache) as world, upkeep(world, database) as (watch, mover):
        await world.panels.switch("b", active=False)  # so that everybody comes to the first panel
        tokens = [await world.token(await world.customer(tg_id), tg_id) for tg_id in range(1, CONFIGS + 1)]
        await world.panels.switch("b", active=True)
        homes = {leads_to((await world.get(token)).body) for token in tokens[::2]}  # the others never asked before
        assert homes == {world.a.panel.address}
        world.a.panel.up = False
        died_at = world.clock.now()
        homes = set()
        while homes != {world.b.panel.address}:
            assert world.clock.now() - died_at <= SET_TIME + timedelta(seconds=2 * LOOK_SECONDS)
            world.clock.advance(LOOK_SECONDS)
            await watch.run_once()
            while await mover.run_once():
                # In the midst of the moves, too, nobody is without an answer.
                assert (await world.get(tokens[-1])).status == 200
            answers = [await world.get(token) for token in tokens]
            assert {answer.status for answer in answers} == {200}
            homes = {leads_to(answer.body) for answer in answers}
