"""Configs of the single-server past: seen, deleted, moved to a panel under the same row and link; never made anew."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import NotFound
from app.repo.legacy import LegacyRepository
from app.repo.sublinks import SubLinkRepository
from app.services.legacy import Relocation
from app.services.records import ConfigWork
from tests.support.books import NOW, Books
from tests.support.half import HandClock
from tests.support.legacy import past_of

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

URL, LINK = "https://panel/sub/1", "vless://new"
HOUR = timedelta(hours=1)


class Past(Books):
    """Books with people whose configs are on a server of the past."""

    def __init__(self, database: Database, cache: Cache) -> None:
        super().__init__(database, cache)
        self.relocation = Relocation(LegacyRepository(database, cache), HandClock())

    async def moves(self, most: int = 1000, to: str | None = None) -> int:
        """What `./orbit servers move` does."""
        return await self.relocation.move(None, to, most)


@pytest.fixture
async def past(database: Database, cache: Cache) -> Past:
    past = Past(database, cache)
    await past.arrive(7, 8)
    await past.fund(7, 1000)
    await past_of(past, 7, 8)
    await past.rows("INSERT INTO marzban_instances (id, name, base_url, username, password) VALUES ('s1','','','','')")
    return past


async def test_it_is_seen_and_deleted_and_a_new_one_never_uses_the_server(past: Past) -> None:
    (card,) = await past.configs.of_owner(7)
    config = await past.configs.get(7, card.id)
    assert (config.link, config.instance_id, config.status) == ("vless://old", None, "active")
    await past.configs.request_deletion(7, card.id, NOW)
    (job,) = await past.provisioning.claim_due(NOW, 30, 10)
    assert (job.work, job.instance_id) == (ConfigWork.DELETE, None)
    await past.provisioning.deleted(job, NOW)
    new = await past.configs.request(7, "new", None, NOW)
    assert await past.value("SELECT server_id FROM configs WHERE id = :new", new=new.id) is None
    assert [config.id for config in await past.configs.of_owner(7)] == [new.id]


async def test_it_moves_to_a_panel_under_the_same_row_and_link_and_its_owner_is_told_once(
    past: Past, cache: Cache
) -> None:
    links = SubLinkRepository(past.database, cache, b"k", None)  # type: ignore[arg-type]  # nothing is sealed here
    (card,) = await past.configs.of_owner(7)
    await past.rows(
        "INSERT INTO subscription_links (config_id, token_hash, sealed_token, issued_at)"
        " VALUES (:config_id, :token_hash, '', now())", config_id=card.id, token_hash=links._hash("t"),
    )  # fmt: skip
    assert (await past.moves(), await past.moves()) == (2, 0)
    # Until a panel has followed, the old one serves.
    assert (await past.configs.get(7, card.id)).link == "vless://old"
    for job in await past.provisioning.claim_due(NOW, 30, 10):
        assert (job.work, job.username.startswith(f"o{job.owner}_")) == (ConfigWork.CREATE, True)
        assert await past.provisioning.assign(job, "s1")
        for _ in range(2):
            await past.provisioning.created(job, URL, LINK, NOW)
    config = await past.configs.get(7, card.id)
    assert (config.link, config.instance_id, config.id) == (LINK, "s1", card.id)
    assert (await links.subscriber("t")).subscription_url == URL
    notices = await past.rows("SELECT recipient, kind FROM notices WHERE kind LIKE 'config%' ORDER BY recipient")
    assert [tuple(row) for row in notices] == [(7, "config_moved"), (8, "config_moved")]
    await past.are_right()


async def test_a_new_wish_and_a_renewal_come_before_what_leaves_the_past(past: Past) -> None:
    later = NOW + timedelta(seconds=5)
    await past.arrive(9, 10)
    renewed = await past.configs.request(9, "old", None, NOW)
    (job,) = await past.provisioning.claim_due(NOW, 30, 1)
    assert await past.provisioning.assign(job, "s1")
    await past.provisioning.created(replace(job, instance_id="s1"), URL, LINK, NOW)
    await past.moves()
    await past.rows("UPDATE users SET subscription_end = subscription_end + interval '1 day' WHERE tg_id = 9")
    await past.rows("UPDATE configs SET next_attempt_at = :at WHERE id = :id", at=later, id=renewed.id)
    wished = await past.configs.request(10, "new", None, later)
    jobs = [(await past.provisioning.claim_due(later, 30, 1))[0] for _ in range(4)]
    assert [job.config_id for job in jobs[:2]] == [wished.id, renewed.id]
    assert {job.owner for job in jobs[2:]} == {7, 8}


async def test_it_goes_to_the_panel_that_is_named_and_to_none_that_is_not_there(past: Past) -> None:
    with pytest.raises(NotFound):
        await past.moves(to="s2")
    assert await past.moves(to="s1") == 2
    assert {job.instance_id for job in await past.provisioning.claim_due(NOW, 30, 10)} == {"s1"}


async def test_a_move_goes_on_where_another_was_cut_off_and_two_at_once_move_each_once(past: Past) -> None:
    await past.arrive(*range(100, 140))
    await past_of(past, *range(100, 140))
    assert await past.moves(most=5) == 5
    counts = await asyncio.gather(*(past.moves() for _ in range(4)))
    # What one of them holds the others leave to the next time.
    assert sum(counts) + await past.moves() == 37
    assert await past.value("SELECT count(*) FROM configs WHERE revision <> 2 OR server_id IS NOT NULL") == 0
    await past.are_right()


async def test_what_would_end_sooner_on_a_panel_stays_where_it_is(past: Past) -> None:
    await past.rows("UPDATE configs SET expires_at = expires_at + interval '30 days' WHERE user_id = 7")
    await past.rows("UPDATE users SET subscription_end = :now WHERE tg_id = 8", now=NOW)
    assert await past.moves() == 0
    ((_, _, _, configs, movable, moved, moving),) = [
        (s.id, s.name, s.base_url, s.configs, s.movable, s.moved, s.moving) for s in await past.relocation.servers()
    ]
    assert (configs, movable, moved, moving) == (2, 0, 0, 0)
    await past.buy(7)
    assert await past.moves() == 1


async def test_a_purchase_while_it_moves_is_followed_by_the_config(past: Past) -> None:
    async with asyncio.TaskGroup() as group:
        buying = group.create_task(past.buy(7))
        group.create_task(past.moves())
    await past.moves()
    (config,) = await past.configs.of_owner(7)
    assert (await past.configs.get(7, config.id)).expires_at == buying.result().subscription_end
    await past.are_right()
