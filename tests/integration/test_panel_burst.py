"""A burst between two measurements, worked off by two replicas: it spreads by score, as if one had chosen for both."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import text

from app.panels.choice import CACHE_KEY, PanelChoice
from app.panels.clients import PanelClients
from app.panels.gate import PanelGate
from app.panels.table import MeasuredPanel, PanelTable
from app.repo.panels import PanelRepository
from app.services.records import PanelAccess
from sandbox.clock import SandboxClock
from tests.support.books import Books

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

SCORES = {"a": 0, "b": 30, "c": 60, "full": 0}
BURST, BATCH = 150, 10
WISHES = text(
    "INSERT INTO configs (user_id, intent, slot, name, marzban_username, expires_at, next_attempt_at, created_at)"
    " SELECT 7, n, n, n, 'o7_' || n, now(), now(), now() FROM generate_series(1, :burst) n"
)


async def test_two_replicas_level_a_burst_and_fill_no_panel_over_its_capacity(database: Database, cache: Cache) -> None:
    clock, books = SandboxClock(), Books(database, cache)
    panels = PanelRepository(database, cache, MultiFernet([Fernet(Fernet.generate_key())]))
    for name in SCORES:
        await panels.add(PanelAccess(name, name, f"https://{name}", "admin", "secret", 100, frozenset()))
    await panels.tune("full", None, 15)
    measured = tuple(
        MeasuredPanel(instance_id=name, node="n", score=Decimal(score), step=Decimal(1), users=score)
        for name, score in SCORES.items()
    )
    table = PanelTable(measured_at=clock.now(), panels=measured, left_out=())
    await cache.set(CACHE_KEY, table.model_dump_json(), 120)
    clients = PanelClients(panels, clock, allow_private=True)
    replicas = [PanelChoice(panels, PanelGate(clients, clock), panels, clock) for _ in range(2)]
    await books.arrive(7)
    await database.run(WISHES, {"burst": BURST})
    for turn in range(BURST // BATCH):
        clock.advance(1)
        for job in await books.provisioning.claim_due(clock.now(), 30, BATCH):
            async with replicas[turn % 2].place() as place:
                assert await books.provisioning.assign(job, place)
            if turn % 3:
                await books.provisioning.created(job, "https://sub", "vless://", clock.now())
    rows = await database.run(text("SELECT instance_id, count(*) FROM configs GROUP BY instance_id"))
    assert {row[0]: row[1] for row in rows} == {"a": 75, "b": 45, "c": 15, "full": 15}
    await clients.close()
