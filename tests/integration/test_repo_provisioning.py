"""The queue of configs: one worker a job, and whatever changes under a worker's hands is carried out afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.services.records import ConfigJob, ConfigStatus, ConfigWork
from tests.support.books import MONTH, NOW, Books, blocked

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

SOON = NOW + timedelta(seconds=5)
URL, LINK = "https://panel/sub/1", "vless://1"


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(7)
    await books.fund(7, 1000)
    await books.rows("INSERT INTO marzban_instances (id, name, base_url, username, password) VALUES ('s1','','','','')")
    return books


async def wish(books: Books) -> int:
    return (await books.configs.request(7, "wish", 55, NOW)).id


async def claim(books: Books, *, at_seconds: int = 0) -> ConfigJob:
    (job,) = await books.provisioning.claim_due(NOW + timedelta(seconds=at_seconds), 30, 10)
    return job


async def nothing_due(books: Books, *, at_seconds: int = 10**6) -> bool:
    return await books.provisioning.claim_due(NOW + timedelta(seconds=at_seconds), 30, 10) == []


async def status(books: Books) -> str:
    value: str = await books.value("SELECT status FROM configs")
    return value


async def test_workers_that_claim_at_once_never_share_a_job(books: Books) -> None:
    await books.arrive(*range(100, 160))
    for tg_id in range(100, 160):
        await books.configs.request(tg_id, "wish", None, NOW)
    claimed = await asyncio.gather(*(books.provisioning.claim_due(NOW, 30, 7) for _ in range(12)))
    ids = [job.config_id for jobs in claimed for job in jobs]
    assert len(ids) == len(set(ids)) == 60


async def test_a_lease_that_runs_out_gives_the_job_to_another(books: Books) -> None:
    await wish(books)
    job = await claim(books)
    assert (job.work, job.attempts) == (ConfigWork.CREATE, 1)
    assert await nothing_due(books, at_seconds=29)
    assert (await claim(books, at_seconds=30)).attempts == 2


async def test_created_stores_the_links_and_promises_one_notice(books: Books) -> None:
    config_id = await wish(books)
    job = await claim(books)
    assert await books.provisioning.assign(job, "s1")
    for _ in range(2):
        await books.provisioning.created(job, URL, LINK, SOON)
    config = await books.configs.get(7, config_id)
    assert (config.status, config.instance_id, config.link) == (ConfigStatus.ACTIVE, "s1", LINK)
    assert await nothing_due(books)
    notices = await books.rows("SELECT kind, facts, message_id FROM notices WHERE kind = 'config_ready'")
    assert [tuple(row) for row in notices] == [("config_ready", {"config_id": str(config_id)}, 55)]


async def test_each_time_a_key_is_made_anew_its_owner_is_told_and_of_the_same_key_never(books: Books) -> None:
    await wish(books)
    job = await claim(books)
    assert await books.provisioning.assign(job, "s1")
    for second, link in enumerate(("vless://1@h?sid=a", "vless://2@h", "vless://2@h?sid=b", "vless://3@h")):
        await books.provisioning.created(job, URL, link, NOW + timedelta(seconds=second))
    assert await books.value("SELECT count(*) FROM notices WHERE kind = 'config_moved'") == 2


async def test_a_renewal_during_a_create_is_carried_to_the_panel_afterwards(books: Books) -> None:
    await wish(books)
    job = await claim(books)
    end = (await books.buy(7)).subscription_end
    await books.provisioning.created(job, URL, LINK, SOON)
    later = await claim(books, at_seconds=5)
    assert (later.work, later.expires_at) == (ConfigWork.SYNC, end)
    await books.provisioning.synced(later)
    assert await nothing_due(books)


async def test_a_deletion_during_a_create_is_carried_to_the_panel_afterwards(books: Books) -> None:
    config_id = await wish(books)
    job = await claim(books)
    await books.configs.request_deletion(7, config_id, NOW)
    await books.provisioning.created(job, URL, LINK, SOON)
    assert await status(books) == "deleting"
    later = await claim(books, at_seconds=5)
    assert later.work is ConfigWork.DELETE
    await books.provisioning.deleted(later, SOON)
    assert (await status(books), await nothing_due(books)) == ("deleted", True)
    assert await books.value("SELECT count(*) FROM notices WHERE kind = 'config_ready'") == 0


async def test_links_are_gone_from_what_is_deleted(books: Books) -> None:
    config_id = await wish(books)
    await books.provisioning.created(await claim(books), URL, LINK, NOW)
    await books.configs.request_deletion(7, config_id, NOW)
    await books.provisioning.deleted(await claim(books), SOON)
    ((link, url, deleted_at),) = await books.rows("SELECT link, subscription_url, deleted_at FROM configs")
    assert (link, url, deleted_at) == (None, None, SOON)


async def test_a_renewal_during_a_sync_keeps_the_job_due(books: Books) -> None:
    await wish(books)
    await books.provisioning.created(await claim(books), URL, LINK, NOW)
    first = (await books.buy(7)).subscription_end
    job = await claim(books)
    second = (await books.buy(7)).subscription_end
    await books.provisioning.synced(job)
    assert (job.expires_at, (await claim(books, at_seconds=31)).expires_at) == (first, second)


async def test_a_failure_of_an_older_wish_does_not_delay_a_newer_one(books: Books) -> None:
    config_id = await wish(books)
    job = await claim(books)
    await books.configs.request_deletion(7, config_id, SOON)
    await books.provisioning.retry(job, SOON, NOW + timedelta(hours=1), "panel is down")
    assert (await claim(books, at_seconds=5)).work is ConfigWork.DELETE


async def test_a_failure_puts_the_same_wish_off(books: Books) -> None:
    await wish(books)
    job = await claim(books)
    await books.provisioning.retry(job, SOON, NOW + timedelta(hours=1), "panel is down")
    assert await nothing_due(books, at_seconds=3599)
    assert (await claim(books, at_seconds=3600)).attempts == 2


async def test_a_worker_that_was_overtaken_assigns_nothing(books: Books) -> None:
    config_id = await wish(books)
    job = await claim(books)
    await books.configs.request_deletion(7, config_id, NOW)
    assert not await books.provisioning.assign(job, "s1")
    assert await books.value("SELECT instance_id FROM configs") is None


async def test_a_panel_that_is_given_up_is_remembered_and_the_next_gets_all_its_tries(books: Books) -> None:
    config_id = await wish(books)
    stale = await claim(books)
    assert await books.provisioning.assign(stale, "s1")
    job = await claim(books, at_seconds=30)
    assert await books.provisioning.give_up(job, NOW, SOON)
    assert not await books.provisioning.give_up(job, NOW, SOON)
    assert [tuple(row) for row in await books.rows("SELECT instance_id, attempts FROM configs")] == [(None, 0)]
    left = await books.rows("SELECT config_id, instance_id, next_attempt_at FROM config_leftovers")
    assert [tuple(row) for row in left] == [(config_id, "s1", SOON)]


async def test_who_waits_long_is_told_once(books: Books) -> None:
    await wish(books)
    for attempt in range(6):
        job = await claim(books, at_seconds=attempt * 60)
        at = NOW + timedelta(seconds=attempt * 60 + 60)
        await books.provisioning.retry(job, NOW, at, "panel is down")
    assert await books.value("SELECT count(*) FROM notices WHERE kind = 'config_delayed'") == 1


async def test_a_deleted_config_stays_deleted_whatever_a_slow_worker_says(books: Books) -> None:
    config_id = await wish(books)
    slow = await claim(books)
    await books.configs.request_deletion(7, config_id, NOW)
    await books.provisioning.deleted(await claim(books), NOW)
    await books.provisioning.created(slow, URL, LINK, SOON)
    await books.provisioning.retry(slow, SOON, SOON, "late")
    assert (await status(books), await nothing_due(books)) == ("deleted", True)
    assert await books.value("SELECT link FROM configs") is None


@pytest.mark.parametrize("made_first", [False, True])
async def test_a_user_that_comes_after_the_look_of_a_deletion_is_removed(books: Books, *, made_first: bool) -> None:
    config_id = await wish(books)
    slow = await claim(books)
    assert await books.provisioning.assign(slow, "s1")
    await books.configs.request_deletion(7, config_id, NOW)
    deletion = await claim(books)
    made = partial(books.provisioning.created, replace(slow, instance_id="s1"), URL, LINK, SOON)
    gone = partial(books.provisioning.deleted, deletion, SOON)
    for end in (made, gone) if made_first else (gone, made):
        await end()
    left = await books.rows("SELECT config_id, instance_id, next_attempt_at FROM config_leftovers")
    assert [tuple(row) for row in left] == [(config_id, "s1", SOON)]
    assert await status(books) == "deleted"


async def test_a_user_made_where_its_config_no_longer_is_is_removed(books: Books) -> None:
    await wish(books)
    slow = await claim(books)
    assert await books.provisioning.assign(slow, "s1")
    assert await books.provisioning.assign(slow, None)
    await books.provisioning.created(replace(slow, instance_id="s1"), URL, LINK, SOON)
    assert [tuple(row) for row in await books.rows("SELECT instance_id FROM config_leftovers")] == [("s1",)]
    assert await status(books) == "creating"


@pytest.mark.parametrize(("seconds", "waits"), [(10, 60), (90, 90)])
async def test_a_deletion_ends_the_grace_of_what_was_left_but_for_calls_under_way(
    books: Books, seconds: int, waits: int
) -> None:
    config_id = await wish(books)
    job = await claim(books)
    assert await books.provisioning.assign(job, "s1")
    assert await books.provisioning.give_up(replace(job, instance_id="s1"), NOW, NOW + timedelta(hours=24))
    await books.configs.request_deletion(7, config_id, NOW)
    await books.provisioning.deleted(job, NOW + timedelta(seconds=seconds))
    at = await books.value("SELECT next_attempt_at FROM config_leftovers")
    assert at == NOW + timedelta(seconds=waits)


async def test_a_purchase_and_a_worker_that_ends_do_not_wait_for_each_other_in_a_circle(books: Books) -> None:
    await wish(books)
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    before = await books.value(deadlocks)
    async with asyncio.TaskGroup() as group, books.database.transaction() as worker:
        await worker.execute(text("UPDATE configs SET attempts = 0"))
        purchase = group.create_task(books.buy(7, MONTH))
        await blocked(books.database)  # the purchase has the account and waits for its config
        await worker.execute(
            text(
                "INSERT INTO notices (key, recipient, kind, next_attempt_at, created_at)"
                " VALUES ('ready:1', 7, 'config_ready', now(), now())"
            )
        )
    assert purchase.result().plan_key == MONTH.key
    await books.rows("SELECT pg_stat_force_next_flush()")
    assert await books.value(deadlocks) == before
