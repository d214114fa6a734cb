"""Traffic by the day is what the panels' counters grew by: through resets, moves, late readings and many pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.domain.errors import NotFound
from app.panels.gate import PanelGate
from app.panels.traffic import A_PAGE, TrafficReader
from app.repo.traffic import TrafficRepository
from app.services.traffic import DAYS_KEPT, Reading, TrafficBook
from tests.conftest import empty
from tests.support.upkeep_world import MANY_CONFIGS, UpkeepWorld, upkeep_world

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
GIB = 1024**3
DAYS = text("SELECT day, sum(bytes) AS bytes FROM config_traffic_days GROUP BY day ORDER BY day")
ROWS = text("SELECT config_id, day, bytes FROM config_traffic_days")
PANEL = text("INSERT INTO marzban_instances (id, name, base_url, username, password) VALUES (:id, :id, :id, 'a', 'p')")
GOES = text("UPDATE configs SET instance_id = :id, made_at = CAST(:at AS timestamptz)")
A_BYTE = text("INSERT INTO config_traffic_days VALUES (:id, CAST(:at AS date), 1)")
MADE = text("UPDATE configs SET made_at = CAST(:at AS timestamptz)")
# What happens to a config between two readings: it carries, its counter is reset, it moves, an old reading comes late.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("carries"), st.integers(0, 5 * GIB)),
        st.tuples(st.sampled_from(["reset", "moves", "late", "again", "midnight"]), st.just(0)),
    ),
    max_size=25,
)


async def one_config(database: Database) -> int:
    for name in ("a", "b"):
        await database.run(PANEL, {"id": name})
    end = NOON + timedelta(days=30)
    (row,) = await database.run(MANY_CONFIGS, {"end": end, "first": 7, "last": 7, "instance_id": "a"})
    return int(row.id)


async def counted(database: Database) -> dict[Any, int]:
    return {row.day: int(row.bytes) for row in await database.run(DAYS)}


@given(STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_days_hold_what_the_counters_grew_by_whatever_happens_to_them(
    database: Database, steps: list[tuple[str, int]]
) -> None:
    await empty(database)
    config_id = await one_config(database)
    book = TrafficRepository(database)
    now, home, used, before = NOON, "a", 1000, Reading(config_id, 1000, None)
    await book.count(home, [before], now)  # of an old user nobody knows when it was used
    carried: dict[Any, int] = {}
    for step, amount in steps:
        now += timedelta(minutes=10)
        if step == "midnight":
            now += timedelta(days=1)
        elif step == "late":
            await book.count(home, [Reading(config_id, max(0, used - 1), None)], now - timedelta(days=3))
            continue
        elif step == "reset":
            used = 0
        elif step == "moves":
            home, used = ("b" if home == "a" else "a"), 0
            await database.run(GOES, {"id": home, "at": now})
        used += amount
        carried[now.date()] = carried.get(now.date(), 0) + amount
        reading = [Reading(config_id, used, None)]
        await book.count(home, reading, now)
        if step == "again":
            await book.count(home, reading, now)
    assert await counted(database) == {day: amount for day, amount in carried.items() if amount}


@pytest.mark.parametrize(("age", "day"), [(timedelta(hours=1), 5 * GIB), (timedelta(days=2), None)])
async def test_what_a_first_reading_shows_counts_for_a_user_who_is_young(
    database: Database, age: timedelta, day: int | None
) -> None:
    config_id = await one_config(database)
    await database.run(MADE, {"at": NOON - age})
    await TrafficRepository(database).count("a", [Reading(config_id, 5 * GIB, None)], NOON)
    assert (await counted(database)).get(NOON.date()) == day


async def test_what_a_panel_says_of_a_config_that_stands_elsewhere_counts_for_nothing(database: Database) -> None:
    config_id = await one_config(database)
    book = TrafficRepository(database)
    await book.count("a", [Reading(config_id, 0, None)], NOON)
    await book.count("b", [Reading(config_id, GIB, None)], NOON + timedelta(hours=1))
    assert await counted(database) == {}


async def test_days_are_forgotten_after_a_quarter(database: Database) -> None:
    config_id = await one_config(database)
    book = TrafficRepository(database)
    for back in (0, 89, 90, 91, 200):
        at = NOON - timedelta(days=back)
        await database.run(A_BYTE, {"id": config_id, "at": at.date()})
    await TrafficBook(book, FixedClock()).forget_old()
    assert min(await counted(database)) == NOON.date() - timedelta(days=DAYS_KEPT)
    assert len(await counted(database)) == 3


class FixedClock:
    def now(self) -> datetime:
        return NOON


async def test_a_person_sees_their_own_configs_the_last_thirty_days_and_what_is_left(database: Database) -> None:
    config_id = await one_config(database)
    store = TrafficRepository(database)
    await store.count("a", [Reading(config_id, GIB, 10 * GIB)], NOON - timedelta(days=31))
    await store.count("a", [Reading(config_id, 2 * GIB, 10 * GIB)], NOON - timedelta(days=30))
    await store.count("a", [Reading(config_id, 4 * GIB, 10 * GIB)], NOON - timedelta(days=29))
    await store.count("a", [Reading(config_id, 5 * GIB, 10 * GIB)], NOON)
    book = TrafficBook(store, FixedClock())
    for shown in (await book.of(7), await book.of(7, config_id)):
        assert (len(shown.days), shown.days[0], shown.today, shown.month) == (30, 2 * GIB, GIB, 3 * GIB)
        assert shown.left_bytes == 5 * GIB
    assert (await book.of(7, config_id)).name == "VPN 1"
    assert ((await book.of(8)).month, (await book.of(8)).left_bytes) == (0, None)
    with pytest.raises(NotFound):
        await book.of(8, config_id)


@pytest.fixture
async def world(database: Database, cache: Cache) -> AsyncIterator[UpkeepWorld]:
    async with upkeep_world(database, cache, "a", "b", "c") as opened:
        yield opened


async def test_every_panel_is_read_page_by_page_and_a_dead_one_holds_up_nobody(world: UpkeepWorld) -> None:
    many = 2 * A_PAGE + 1
    await world.stand(many, "a")
    await world.stand(3, "b", first=5001)
    await world.stand(2, "c", first=9001)
    reader = TrafficReader(
        TrafficRepository(world.database), world.panels, PanelGate(world.clients, world.clock), world.clock
    )
    await reader.run_once()
    for name in ("a", "b", "c"):
        for user in world.users(name).values():
            user.used_traffic += GIB
    (stranger,) = list(world.users("b").values())[:1]
    stranger.note = "somebody else's"
    world.running["c"].panel.up = False
    world.clock.advance(1800)
    await reader.run_once()
    assert await counted(world.database) == {world.clock.now().date(): (many + 2) * GIB}
    world.running["c"].panel.up = True
    world.clock.advance(1800)
    await reader.run_once()
    assert sum((await counted(world.database)).values()) == (many + 2 + 2) * GIB


async def test_a_config_takes_its_days_along_when_it_is_deleted(world: UpkeepWorld) -> None:
    await world.stand(2)
    ids = [config_id for (config_id,) in await world.rows("SELECT id FROM configs ORDER BY user_id")]
    book = TrafficRepository(world.database)
    for used, hour in ((0, 1), (GIB, 2)):
        at = world.clock.now() + timedelta(hours=hour)
        await book.count("a", [Reading(config_id, used, None) for config_id in ids], at)
    await world.configs.request_deletion(1001, ids[0], world.clock.now())
    await world.provisioner.run_once()
    for table in ("config_traffic_days", "config_counters"):
        assert await world.rows(f"SELECT DISTINCT config_id FROM {table}") == [(ids[1],)]  # noqa: S608 - ours
