"""Renewals and deletions reach the panel, repeat safely, and one bad job stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.panels.port import NewPanelUser
from app.panels.provisioning import Provisioner
from app.services.records import ConfigJob, ConfigWork
from tests.support.panels import Bed, JobQueue, Row, repository, two_panels

if TYPE_CHECKING:
    from app.utils.redis import Cache


@pytest.fixture
async def bed(cache: Cache) -> AsyncIterator[Bed]:
    async with two_panels(repository(cache), timeout_seconds=1) as ready:
        yield ready


@pytest.fixture
async def row(bed: Bed) -> Row:
    """A config that stands on panel a."""
    made = bed.queue.want(1)
    await bed.provisioner.run_once()
    assert made.instance_id == "a"
    return made


async def test_a_renewal_moves_the_end_on_the_panel_only(bed: Bed, row: Row) -> None:
    secrets = dict(bed.a.panel.users["orbit_1"].proxies)
    bed.queue.change(row, ConfigWork.SYNC, row.expires_at + timedelta(days=30))
    await bed.provisioner.run_once()
    user = bed.a.panel.users["orbit_1"]
    assert (user.expire, user.proxies) == (int(row.expires_at.timestamp()), secrets)
    assert (row.work, row.notices) == (None, 1)


@pytest.mark.parametrize("action", ["drop_after", "error", "hang", "garbage"])
async def test_a_renewal_in_doubt_is_repeated(bed: Bed, row: Row, action: str) -> None:
    await bed.a.fault("PUT", action)
    bed.queue.change(row, ConfigWork.SYNC, row.expires_at + timedelta(days=30))
    await bed.work_off()
    assert bed.a.panel.users["orbit_1"].expire == int(row.expires_at.timestamp())


async def test_a_renewal_waits_for_its_panel(bed: Bed, row: Row) -> None:
    bed.a.panel.up = False
    bed.queue.change(row, ConfigWork.SYNC, row.expires_at + timedelta(days=30))
    await bed.provisioner.run_once()
    assert (row.instance_id, row.work) == ("a", ConfigWork.SYNC)
    bed.a.panel.up = True
    await bed.work_off()
    assert bed.a.panel.users["orbit_1"].expire == int(row.expires_at.timestamp())
    assert bed.b.panel.users == {}


async def test_a_user_that_the_panel_lost_is_made_again_on_the_same_panel(bed: Bed, row: Row) -> None:
    bed.a.panel.users.clear()
    old_link = row.link
    bed.queue.change(row, ConfigWork.SYNC, row.expires_at + timedelta(days=30))
    await bed.work_off()
    assert bed.a.panel.users["orbit_1"].expire == int(row.expires_at.timestamp())
    assert (row.instance_id, bed.users()) == ("a", ["orbit_1"])
    assert row.link != old_link


async def test_a_deletion_removes_the_user(bed: Bed, row: Row) -> None:
    bed.queue.change(row, ConfigWork.DELETE)
    await bed.provisioner.run_once()
    assert (bed.users(), row.is_deleted, row.work) == ([], True, None)


@pytest.mark.parametrize("action", ["drop_after", "error", "hang", "garbage"])
async def test_a_deletion_in_doubt_ends_with_no_user(bed: Bed, row: Row, action: str) -> None:
    await bed.a.fault("DELETE", action)
    bed.queue.change(row, ConfigWork.DELETE)
    await bed.work_off()
    assert (bed.users(), row.is_deleted) == ([], True)


async def test_a_deletion_waits_for_its_panel(bed: Bed, row: Row) -> None:
    bed.a.panel.up = False
    bed.queue.change(row, ConfigWork.DELETE)
    await bed.provisioner.run_once()
    assert not row.is_deleted
    assert "correct horse" not in row.error
    bed.a.panel.up = True
    await bed.work_off()
    assert (bed.users(), row.is_deleted) == ([], True)


@pytest.mark.parametrize("work", [ConfigWork.SYNC, ConfigWork.DELETE])
async def test_a_change_waits_for_a_panel_whose_password_cannot_be_opened(bed: Bed, row: Row, work: ConfigWork) -> None:
    access = bed.panels.rows.pop("a")
    bed.queue.change(row, work, row.expires_at + timedelta(days=30))
    await bed.provisioner.run_once()
    assert (row.instance_id, row.work, row.error) == ("a", work, "its password can't be opened")
    assert (bed.users(), row.is_deleted) == (["orbit_1"], False)
    bed.panels.rows["a"] = access
    await bed.work_off()
    assert (row.instance_id, bed.b.panel.users) == ("a", {})
    assert row.is_deleted is (work is ConfigWork.DELETE) is (bed.users() == [])


async def test_a_config_that_never_reached_a_panel_is_deleted_at_once(bed: Bed) -> None:
    row = bed.queue.want(2, work=ConfigWork.DELETE)
    await bed.provisioner.run_once()
    assert row.is_deleted
    assert bed.a.calls == []


async def test_a_foreign_user_survives_the_deletion_of_a_config_of_that_name(bed: Bed) -> None:
    row = bed.queue.want(3, work=ConfigWork.DELETE, instance_id="a")
    foreign = NewPanelUser("orbit_3", bed.clock.now(), 0, "a friend's")
    await bed.clients.for_instance(bed.a.access()).create_user(foreign)
    await bed.provisioner.run_once()
    assert (row.is_deleted, bed.users()) == (True, ["orbit_3"])


async def test_waits_double_up_to_five_minutes(bed: Bed, row: Row) -> None:
    bed.a.panel.up = False
    bed.queue.change(row, ConfigWork.SYNC)
    waits = []
    for _ in range(12):
        await bed.provisioner.run_once()
        waits.append((row.due_at - bed.clock.now()).total_seconds())
        bed.clock.advance(waits[-1] + 0.001)
    for attempt, wait in enumerate(waits):
        assert 0.7 * min(2**attempt, 300) < wait < 1.3 * min(2**attempt, 300)


async def test_two_workers_do_each_job_once(bed: Bed) -> None:
    for number in range(1, 31):
        bed.queue.want(number)
    second = Provisioner(bed.queue, bed.panels, bed.gate, bed.choice, bed.clock)
    while sum(await asyncio.gather(bed.provisioner.run_once(), second.run_once())):
        pass
    assert len(bed.users()) == 30
    assert bed.a.count("POST /api/user") + bed.b.count("POST /api/user") == 30
    assert {row.notices for row in bed.queue.rows.values()} == {1}


class TornQueue(JobQueue):
    """Fails for one config as a broken database would, with a link in the error's text."""

    async def created(self, job: ConfigJob, subscription_url: str, link: str, now: datetime) -> None:
        if job.config_id == 1:
            raise RuntimeError(f"[parameters: {link}]")
        await super().created(job, subscription_url, link, now)

    async def retry(self, job: ConfigJob, now: datetime, at: datetime, error: str) -> None:
        if job.config_id == 2:
            raise ConnectionError
        await super().retry(job, now, at, error)


async def test_what_one_job_runs_into_stops_no_other_and_shows_no_link(bed: Bed) -> None:
    queue = TornQueue(bed.clock)
    torn = Provisioner(queue, bed.panels, bed.gate, bed.choice, bed.clock)
    queue.want(1)
    queue.want(2, work=ConfigWork.SYNC, username="Bad Name", instance_id="a")
    good = queue.want(3)
    with capture_logs() as lines:
        assert await torn.run_once() == 3
    assert good.notices == 1
    assert (queue.rows[1].error, queue.rows[1].work) == ("unexpected RuntimeError", ConfigWork.CREATE)
    assert {line["config_id"] for line in lines if line["log_level"] == "error"} == {1, 2}
    assert "vless://" not in str(lines)
