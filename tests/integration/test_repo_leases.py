"""One replica leads, and the lead ends with its connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.repo import leases
from app.repo.db import Database, make_engine
from app.repo.leases import Leadership

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

END_LEADERS = (
    "SELECT pg_terminate_backend(l.pid, 5000) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
    " WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()"
)


@pytest.fixture
async def replicas(database_url: URL) -> AsyncIterator[list[AsyncEngine]]:
    """The connection pools of four replicas."""
    engines = [make_engine(database_url, 3) for _ in range(4)]
    yield engines
    for engine in engines:
        await engine.dispose()


@pytest.fixture
def distrust(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the database whether the lead still stands, however lately it did."""
    monkeypatch.setattr(leases, "TRUSTED_SECONDS", 0.0)


async def test_of_many_that_ask_at_once_one_leads(replicas: list[AsyncEngine]) -> None:
    for turn in range(10):
        candidates = [Leadership(engine, f"turn{turn}") for engine in replicas for _ in range(2)]
        outcomes = await asyncio.gather(*(candidate.try_acquire() for candidate in candidates))
        assert sum(outcomes) == 1
        for candidate in candidates:
            await candidate.release()


async def test_the_leader_keeps_the_lead_and_others_stand_by(replicas: list[AsyncEngine]) -> None:
    leader, other = Leadership(replicas[0], "poller"), Leadership(replicas[1], "poller")
    assert await leader.try_acquire()
    assert await leader.try_acquire()
    assert not await other.try_acquire()
    assert (await leader.still_leads(), await other.still_leads()) == (True, False)
    await leader.release()


async def test_jobs_that_share_a_lead_may_ask_for_it_at_once(
    replicas: list[AsyncEngine], distrust: None
) -> None:
    lead = Leadership(replicas[0], "payments")
    assert await asyncio.gather(*(lead.try_acquire() for _ in range(8))) == [True] * 8
    assert await asyncio.gather(*(lead.still_leads() for _ in range(8))) == [True] * 8
    assert not await Leadership(replicas[1], "payments").try_acquire()
    await lead.release()


async def test_leads_of_different_names_do_not_meet(replicas: list[AsyncEngine]) -> None:
    poller, sweeper = Leadership(replicas[0], "poller"), Leadership(replicas[0], "sweeper")
    assert await poller.try_acquire()
    assert await sweeper.try_acquire()
    await poller.release()
    await sweeper.release()


async def test_a_released_lead_is_free_though_its_pool_lives_on(replicas: list[AsyncEngine]) -> None:
    leader, other = Leadership(replicas[0], "poller"), Leadership(replicas[1], "poller")
    assert await leader.try_acquire()
    await leader.release()
    await leader.release()
    assert await other.try_acquire()
    await other.release()


@pytest.mark.usefixtures("distrust")
async def test_the_lead_is_lost_with_its_connection_and_taken_by_another(
    replicas: list[AsyncEngine], database: Database
) -> None:
    leader, other = Leadership(replicas[0], "poller"), Leadership(replicas[1], "poller")
    assert await leader.try_acquire()
    await database.run(text(END_LEADERS))
    assert await other.try_acquire()
    assert (await leader.still_leads(), await leader.try_acquire()) == (False, False)
    await other.release()
    assert await leader.try_acquire()
    await leader.release()


async def test_waiting_for_the_lead_ends_when_the_leader_goes(
    replicas: list[AsyncEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "ASK_AGAIN_SECONDS", 0.01)
    leader, other = Leadership(replicas[0], "poller"), Leadership(replicas[1], "poller")
    await leader.acquire()
    async with asyncio.TaskGroup() as group:
        group.create_task(other.acquire())
        await leader.release()
    assert await other.still_leads()
    await other.release()


async def test_a_database_that_is_down_makes_nobody_leader(database_url: URL) -> None:
    engine = make_engine(database_url.set(port=1), 1)
    assert not await Leadership(engine, "poller").try_acquire()
    await engine.dispose()


async def test_a_pool_that_is_used_up_makes_nobody_leader(
    database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(database_url, 1)
    monkeypatch.setattr(engine.pool, "_timeout", 0.01)
    async with engine.connect():
        assert not await Leadership(engine, "poller").try_acquire()
    await engine.dispose()
