"""The table of panels: an operator's INSERT works as it stands, and a password is open nowhere but in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from app.repo.moves import MoveRepository
from app.repo.panels import PanelRepository
from app.services.records import PanelAccess, PanelKind, TlsMode
from tests.support.books import NOW, Books, blocked
from tests.support.panels import THE_OPERATORS_INSERT

if TYPE_CHECKING:
    from datetime import datetime

    from app.repo.db import Database
    from app.utils.redis import Cache

KEY, OTHER_KEY = Fernet(Fernet.generate_key()), Fernet(Fernet.generate_key())
SECRET = "correct horse battery"


@pytest.fixture
def panels(database: Database, cache: Cache) -> PanelRepository:
    return PanelRepository(database, cache, MultiFernet([KEY]))


def access(instance_id: str, password: str = SECRET) -> PanelAccess:
    return PanelAccess(instance_id, "A panel", f"https://{instance_id}", "admin", password, 100, frozenset())


async def stored(panels: PanelRepository, instance_id: str = "s002") -> str:
    statement = text("SELECT password FROM marzban_instances WHERE id = :id")
    ((password,),) = await panels.database.run(statement, {"id": instance_id})
    assert isinstance(password, str)
    return password


async def test_the_operators_insert_works_as_it_stands(panels: PanelRepository) -> None:
    await panels.database.run(text(THE_OPERATORS_INSERT))
    (panel,) = await panels.active()
    assert panel == PanelAccess(
        "s002",
        "Secondary Server",
        "https://s002.example.com:8000/",
        "admin",
        "password",
        90,
        frozenset({"node_slow"}),
    )


async def test_a_row_says_its_kind_how_it_is_proven_and_what_users_get(panels: PanelRepository) -> None:
    wanted = PanelAccess(
        "s003", "Guarded", "https://s003", "admin", SECRET, 100, frozenset(),
        kind=PanelKind.PASARGUARD,
        tls=TlsMode.INSECURE,
        ca_pem="-----BEGIN CERTIFICATE-----",
        access_profile={"group_ids": [1, 2]},
    )  # fmt: skip
    assert await panels.add(wanted)
    assert await panels.get("s003") == wanted
    assert "CERTIFICATE" not in repr(wanted)


@pytest.mark.parametrize(
    "change", ["kind = 'xui'", "tls = 'none'", "access_profile = '[1]'", "access_profile = NULL", "kind = NULL"]
)
async def test_a_row_of_what_nobody_knows_is_refused(panels: PanelRepository, change: str) -> None:
    await panels.database.run(text(THE_OPERATORS_INSERT))
    with pytest.raises(IntegrityError):
        await panels.database.run(text(f"UPDATE marzban_instances SET {change}"))  # noqa: S608 - constants above


async def test_the_first_pass_seals_the_password_and_later_ones_open_it(panels: PanelRepository) -> None:
    await panels.database.run(text(THE_OPERATORS_INSERT))
    await asyncio.gather(*(panels.active() for _ in range(5)))
    sealed = await stored(panels)
    assert sealed.startswith("sealed:")
    assert "password" not in sealed
    assert [panel.password for panel in await panels.active()] == ["password"]
    assert await stored(panels) == sealed


async def test_a_password_changed_while_the_old_one_is_sealed_stands(panels: PanelRepository) -> None:
    await panels.database.run(text(THE_OPERATORS_INSERT))
    with capture_logs() as events:
        async with asyncio.TaskGroup() as group, panels.database.transaction() as operator:
            await operator.execute(text("UPDATE marzban_instances SET password = 'newer'"))
            group.create_task(panels.active())  # reads the old one and waits to seal it
            await blocked(panels.database)
    assert (await stored(panels), events) == ("newer", [])
    assert [panel.password for panel in await panels.active()] == ["newer"]


async def test_a_panel_sealed_with_another_key_is_left_out_with_an_event(panels: PanelRepository) -> None:
    stranger = PanelRepository(panels.database, panels.cache, MultiFernet([OTHER_KEY]))
    await stranger.add(access("s001"))
    await panels.add(access("s002"))
    with capture_logs() as events:
        assert [panel.instance_id for panel in await panels.active()] == ["s002"]
        assert await panels.get("s001") is None
    assert [(event["event"], event["instance_id"]) for event in events] == [("panel_password_unreadable", "s001")] * 2


async def test_a_new_first_key_still_opens_what_the_old_one_sealed(panels: PanelRepository) -> None:
    await panels.add(access("s001"))
    rotated = PanelRepository(panels.database, panels.cache, MultiFernet([OTHER_KEY, KEY]))
    assert [panel.password for panel in await rotated.active()] == [SECRET]


async def test_passwords_stand_in_no_repr_and_no_log(panels: PanelRepository) -> None:
    with capture_logs() as events:
        await panels.database.run(text(THE_OPERATORS_INSERT))
        await panels.add(access("s003"))
        shown = repr(await panels.active()) + repr(await panels.listing()) + repr(events)
    assert SECRET not in shown
    assert "'password'" not in shown


async def test_a_panel_is_added_once_and_at_an_address_of_its_own(panels: PanelRepository) -> None:
    assert await panels.add(access("s001"))
    assert not await panels.add(access("s001"))
    assert not await panels.add(PanelAccess("s009", "Copy", "https://s001", "admin", "x", 100, frozenset()))
    assert len(await panels.active()) == 1


async def test_a_panel_taken_out_of_service_is_found_but_not_chosen(panels: PanelRepository) -> None:
    await panels.add(access("s001"))
    assert await panels.switch("s001", active=False)
    assert await panels.active() == []
    assert await panels.get("s001") == access("s001")
    assert not await panels.switch("nowhere", active=True)


async def test_the_listing_says_of_each_panel_its_own_state_even_beside_an_unreadable_one(
    panels: PanelRepository,
) -> None:
    stranger = PanelRepository(panels.database, panels.cache, MultiFernet([OTHER_KEY]))
    await stranger.add(access("s001"))
    await panels.add(access("s002"))
    await panels.add(access("s003"))
    await panels.switch("s002", active=False)
    assert [(panel.instance_id, active) for panel, active in await panels.listing()] == [
        ("s002", False),
        ("s003", True),
    ]


async def test_a_change_of_the_table_forgets_the_measured_choice(panels: PanelRepository) -> None:
    for change in (panels.add(access("s001")), panels.switch("s001", active=False)):
        await panels.set_cache("servers:best", "measured", 120)
        await change
        assert await panels.get_cached("servers:best") is None


async def standing(panels: PanelRepository, since: datetime) -> dict[str, tuple[bool, int, int | None, int]]:
    rows = await panels.occupancy(since)
    return {row.instance_id: (row.is_active, row.priority, row.capacity, row.pending) for row in rows}


async def test_pending_are_those_on_their_way_and_those_made_since_the_measurement(
    panels: PanelRepository, cache: Cache
) -> None:
    books = Books(panels.database, cache)
    await panels.add(access("s001"))
    await panels.add(access("s002"))
    await books.arrive(*range(1, 7))
    jobs = {}
    for tg_id in range(1, 7):
        await books.configs.request(tg_id, "wish", None, NOW)
    for job in await books.provisioning.claim_due(NOW, 30, 10):
        jobs[job.owner] = job
        if job.owner != 1:
            assert await books.provisioning.assign(job, "s001" if job.owner < 6 else "s002")
    measured = NOW + timedelta(minutes=1)
    await books.provisioning.created(jobs[2], "https://s001/sub/2", "vless://2", measured - timedelta(seconds=1))
    await books.provisioning.created(jobs[3], "https://s001/sub/3", "vless://3", measured)
    await books.provisioning.created(jobs[4], "https://s001/sub/4", "vless://4", measured + timedelta(seconds=1))
    assert await standing(panels, measured) == {"s001": (True, 100, None, 3), "s002": (True, 100, None, 1)}
    await books.configs.request_deletion(4, jobs[4].config_id, measured)
    assert await standing(panels, measured) == {"s001": (True, 100, None, 2), "s002": (True, 100, None, 1)}


async def test_who_moves_to_a_panel_is_pending_there_from_the_moment_it_is_aimed_at(
    panels: PanelRepository, cache: Cache
) -> None:
    books, moves = Books(panels.database, cache), MoveRepository(panels.database)
    for name in ("s001", "s002"):
        await panels.add(access(name))
    await books.arrive(1)
    await books.configs.request(1, "wish", None, NOW)
    (job,) = await books.provisioning.claim_due(NOW, 30, 1)
    assert await books.provisioning.assign(job, "s001")
    await books.provisioning.created(replace(job, instance_id="s001"), "https://s001/sub/1", "vless://1", NOW)
    since = NOW + timedelta(minutes=1)
    await panels.switch("s001", active=False, keeps=False)
    await moves.plan(since, None, 10)
    (move,) = await moves.claim(since, None, 30, 10)
    assert await pending(panels, since) == {"s001": 0, "s002": 0}
    assert await moves.aim(move, "s002")
    assert await pending(panels, since) == {"s001": 0, "s002": 1}
    await moves.switch(replace(move, target="s002"), "https://s002/sub/1", "vless://2", since, since)
    assert await pending(panels, since) == {"s001": 0, "s002": 1}


async def pending(panels: PanelRepository, since: datetime) -> dict[str, int]:
    return {row.instance_id: row.pending for row in await panels.occupancy(since)}


async def test_capacity_and_priority_are_changed_apart_and_a_bound_is_taken_off(panels: PanelRepository) -> None:
    await panels.database.run(text(THE_OPERATORS_INSERT))
    assert await standing(panels, NOW) == {"s002": (True, 90, None, 0)}
    assert await panels.tune("s002", None, 500)
    assert await panels.tune("s002", 7, None)
    await panels.switch("s002", active=False)
    assert await standing(panels, NOW) == {"s002": (False, 7, 500, 0)}
    assert await panels.tune("s002", 0, 0)
    assert await standing(panels, NOW) == {"s002": (False, 0, None, 0)}
    assert not await panels.tune("nowhere", 1, 1)


@pytest.mark.parametrize("capacity", [0, -1])
async def test_no_panel_has_a_capacity_of_nobody(panels: PanelRepository, capacity: int) -> None:
    await panels.add(access("s001"))
    with pytest.raises(IntegrityError, match="capacity_positive"):
        await panels.database.run(text(f"UPDATE marzban_instances SET capacity = {capacity}"))  # noqa: S608 - a number
