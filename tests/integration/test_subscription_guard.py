"""Who a subscription link lets in, and who learns nothing: owners, strangers, thieves of a dump, floods."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.domain.errors import NotFound
from app.repo.sublinks import SubLinkRepository
from tests.support.link_world import MAX, NINA, SEAL, LinkWorld, link_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.utils.redis import Cache


@pytest.fixture
async def world(database: Database, cache: Cache) -> AsyncIterator[LinkWorld]:
    async with link_world(database, cache) as opened:
        yield opened


@pytest.fixture
async def config_id(world: LinkWorld) -> int:
    return await world.customer()


@pytest.fixture
async def token(world: LinkWorld, config_id: int) -> str:
    return await world.token(config_id)


async def test_a_new_link_ends_the_old_one_and_gives_the_same(world: LinkWorld, config_id: int, token: str) -> None:
    before = await world.get(token)
    await world.configs.reissue_link(NINA, config_id)
    fresh = await world.token(config_id)
    assert fresh != token
    assert (await world.get(fresh)).body == before.body
    assert (await world.get(token)).status == 404


async def test_nobody_sees_or_renews_the_link_of_another(world: LinkWorld, config_id: int, token: str) -> None:
    await world.customer(MAX)
    with pytest.raises(NotFound):
        await world.links.url(MAX, config_id)
    with pytest.raises(NotFound):
        await world.configs.reissue_link(MAX, config_id)
    assert (await world.get(token)).status == 200


async def test_looks_at_once_issue_one_link(world: LinkWorld, config_id: int) -> None:
    assert len(set(await asyncio.gather(*(world.token(config_id) for _ in range(8))))) == 1


async def test_a_deleted_config_answers_as_an_unknown_link_does_and_leaves_nothing(
    world: LinkWorld, config_id: int, token: str
) -> None:
    await world.get(token)
    await world.configs.delete(NINA, config_id)
    deleting = await world.get(token)
    await world.work()
    deleted = await world.get(token)
    unknown = await world.get(secrets.token_urlsafe(16))
    for gone in (deleting, deleted):
        assert (gone.status, gone.body) == (404, unknown.body)
        assert gone.headers.keys() == unknown.headers.keys()
    assert await world.copies() == []
    assert await world.books.value("SELECT count(*) FROM subscription_links") == 0


async def test_a_thousand_hostile_tokens_open_nothing(world: LinkWorld, token: str) -> None:
    hostile = [secrets.token_urlsafe(16) for _ in range(900)]
    hostile += [token[:-1] + letter for letter in "AQgwBCDE_-" if letter != token[-1]]
    hostile += [token.swapcase(), token + "A", token[:-1], "%00" * 22, "..%2F" * 5, "'%20OR%20'1'='1", "a" * 5000]
    hostile += [f"%{number:02x}{token[1:]}" for number in range(128) if chr(number) != token[0]]
    assert len(set(hostile)) > 1000
    world.a.calls.clear()
    # From an address each, as a proxy on this machine tells it, so that the limit is not what keeps them out.
    for batch in range(0, len(hostile), 50):
        given = [
            world.get(bad, X_Forwarded_For=f"203.0.{batch // 50}.{number}")
            for number, bad in enumerate(hostile[batch : batch + 50])
        ]
        assert {answer.status for answer in await asyncio.gather(*given)} == {404}
    assert world.a.calls == []


async def test_one_link_that_is_asked_too_often_waits_and_others_do_not(world: LinkWorld, token: str) -> None:
    other = await world.token(await world.customer(MAX), MAX)
    asked = await asyncio.gather(*(world.get(token) for _ in range(40)))
    refused = [answer for answer in asked if answer.status == 429]
    assert 0 < len(refused) <= 10
    assert 1 <= int(refused[0].headers["retry-after"]) <= 2
    assert (await world.get(other)).status == 200


async def test_one_address_that_asks_too_often_waits(world: LinkWorld) -> None:
    asked = await asyncio.gather(*(world.get(secrets.token_urlsafe(16)) for _ in range(200)))
    assert {answer.status for answer in asked} == {404, 429}
    assert (await world.get(secrets.token_urlsafe(16), X_Forwarded_For="203.0.113.7")).status == 404


async def test_a_dump_of_the_database_opens_no_link(world: LinkWorld, config_id: int, token: str) -> None:
    row = await world.books.value("SELECT l::text FROM subscription_links l")
    assert token not in row
    stolen = SubLinkRepository(world.books.database, world.panels.cache, b"another key", SEAL)
    with pytest.raises(NotFound):
        await stolen.subscriber(token)
    assert (await world.store.subscriber(token)).config_id == config_id


async def test_a_link_sealed_by_a_lost_key_is_replaced_by_one_that_works(
    world: LinkWorld, config_id: int, token: str
) -> None:
    await world.books.rows("UPDATE subscription_links SET sealed_token = 'of another key', token_hash = 'of another'")
    fresh = await world.token(config_id)
    assert fresh != token
    assert (await world.get(fresh)).status == 200


async def test_no_line_of_the_log_holds_a_token_or_a_panels_link(
    world: LinkWorld, config_id: int, token: str
) -> None:
    panels_link = (await world.configs.get(NINA, config_id)).subscription_url or "missing"
    with capture_logs() as log:
        await world.get(token)
        await world.a.fault("/sub/", "error", times=1)
        await world.get(token)
        await world.page(token)
        await world.get(f"{token}/nothing")
    assert any(line["event"] == "subscription_not_fresh" for line in log)
    assert not [line for line in log if token in str(line) or panels_link.rpartition("/")[2] in str(line)]
