"""A subscription link over HTTP: what apps get through it, from whom, and what nobody gets."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from aiohttp import web
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.cli.doctor import links
from app.domain.errors import StorageUnavailable
from app.utils.redis import Cache
from sandbox.marzban import lifecycle
from sandbox.serve import Server
from tests.support.cable import Cable
from tests.support.link_world import ADDRESS, MAX, NINA, LinkWorld, link_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from app.repo.db import Database
    from app.services.subscription_records import Subscriber

DAY = 86_400
AGENTS = {
    "v2rayNG/1.10.2": ("v2rayng", "text/plain", "dmxlc3M6Ly"),
    "Happ/3.1.0": ("happ", "text/plain", "dmxlc3M6Ly"),
    "Streisand/1.6.20": ("streisand", "text/plain", "dmxlc3M6Ly"),
    "v2raytun/ios": ("v2raytun", "text/plain", "dmxlc3M6Ly"),
    "clash-verge/v2.0": ("clash-meta", "text/yaml", "proxies:"),
    "Stash/2.7": ("clash", "text/yaml", "proxies:"),
    "SFA/1.11": ("sing-box", "application/json", '"outbounds"'),
    "HiddifyNext/2.5": ("sing-box", "application/json", '"outbounds"'),
    "": ("other", "text/plain", "dmxlc3M6Ly"),
}


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


def links_in(body: str) -> list[str]:
    return base64.b64decode(body).decode().splitlines()


async def test_each_app_gets_what_the_panel_has_for_it_and_a_copy_of_each_kind_is_kept(
    world: LinkWorld, token: str
) -> None:
    (user,) = world.a.panel.users.values()
    for agent, (_, media_type, mark) in AGENTS.items():
        given = await world.get(token, agent)
        assert (given.status, given.media_type) == (200, media_type), agent
        assert mark in given.body, agent
        assert user.sub_last_user_agent == agent
    assert await world.copies() == sorted({(kind, "a") for kind, _, _ in AGENTS.values()})


async def test_what_apps_read_is_passed_on_and_the_panel_is_not_named(world: LinkWorld, token: str) -> None:
    given = await world.get(token)
    (user,) = world.a.panel.users.values()
    assert given.headers["subscription-userinfo"] == f"upload=0; download=0; total=0; expire={user.expire}"
    assert given.headers["profile-update-interval"] == "12"
    assert given.headers["support-url"] == "https://t.me/"
    assert base64.b64decode(given.headers["profile-title"].removeprefix("base64:")).decode() == user.username
    assert user.username in given.headers["content-disposition"]
    assert given.headers["profile-web-page-url"] == f"{ADDRESS}/sub/{token}"
    assert given.headers["cache-control"] == "private, no-cache"
    assert str(world.a.server.port) not in str(given.headers)


async def test_a_format_can_be_named_in_the_path_and_no_other_door_of_the_panel_is_opened(
    world: LinkWorld, token: str
) -> None:
    forms = ["clash", "clash-meta", "outline", "sing-box", "v2ray", "v2ray-json"]
    world.a.calls.clear()
    for form in forms:
        assert (await world.get(f"{token}/{form}")).status == 200
    assert [call.rpartition("/")[2] for call in world.a.calls] == forms
    assert await world.copies() == [(f"format:{form}", "a") for form in forms]
    for other in ("info", "usage", "nothing", "..%2Fapi", "v2ray%00"):
        assert (await world.get(f"{token}/{other}")).status == 404
    assert len(world.a.calls) == len(forms)


async def test_a_copy_that_says_the_same_is_not_written_again(world: LinkWorld, token: str) -> None:
    written = "SELECT xmin::text FROM subscription_copies"
    await world.get(token)
    first = await world.books.value(written)
    await world.get(token)
    assert await world.books.value(written) == first
    world.clock.advance(3601)
    await world.get(token)
    assert await world.books.value(written) != first


async def test_what_has_not_changed_is_not_sent_again(world: LinkWorld, token: str) -> None:
    first = await world.get(token)
    again = await world.get(token, If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, "")
    head = await world.get(token, method="HEAD")
    assert (head.status, head.body, head.headers["etag"]) == (200, "", first.headers["etag"])


async def test_while_the_panel_is_down_every_app_gets_the_last_copy_of_its_own_kind(
    world: LinkWorld, token: str
) -> None:
    before = {agent: await world.get(token, agent) for agent in ("Happ/3.1.0", "SFA/1.11", "clash-verge/v2")}
    world.a.panel.up = False
    for agent, fresh in before.items():
        copy = await world.get(token, agent)
        assert (copy.status, copy.body, copy.media_type) == (200, fresh.body, fresh.media_type)
        assert copy.headers["subscription-userinfo"] == fresh.headers["subscription-userinfo"]


async def test_an_app_that_never_asked_gets_the_bare_key_while_the_panel_is_down(
    world: LinkWorld, token: str, config_id: int
) -> None:
    world.a.panel.up = False
    given = await world.get(token)
    assert links_in(given.body) == [(await world.configs.get(NINA, config_id)).link]
    assert (await world.get(token, "clash-verge/v2")).status == 503


async def test_a_panel_that_hangs_is_not_waited_for_and_after_five_failures_not_asked(
    world: LinkWorld, token: str
) -> None:
    fresh = await world.get(token)
    await world.a.fault("/sub/", "hang", times=5)
    for given in await asyncio.gather(*(world.get(token) for _ in range(5))):
        assert (given.status, given.body) == (200, fresh.body)
    calls = len(world.a.calls)
    assert (await world.get(token)).status == 200
    assert len(world.a.calls) == calls
    world.clock.advance(16)
    assert (await world.get(token)).status == 200
    assert len(world.a.calls) == calls + 1


async def test_a_panel_whose_links_fail_still_takes_users(world: LinkWorld, token: str) -> None:
    await world.a.fault("/sub/", "error", times=-1)
    for _ in range(6):
        assert (await world.get(token)).status == 200
    await world.customer(MAX)
    assert len(world.a.panel.users) == 2


NO_PROFILES = {
    "a page": (200, "text/html", b"<h1>hosting</h1>"),
    "nothing": (200, "text/plain", b" "),
    "no text": (200, "text/plain", b"\xff\xfe"),
    "a nul": (200, "text/plain", b"a\0b"),
    "a redirect": (301, "text/plain", b"elsewhere"),
    "a refusal": (403, "text/plain", b"no"),
    "a gateway": (502, "text/html", b"bad gateway"),
    "too much": (200, "text/plain", b"x" * 1_048_577),
}


async def test_what_is_no_profile_never_replaces_a_good_copy(world: LinkWorld, token: str) -> None:
    fresh = await world.get(token)
    answers = list(NO_PROFILES.values())
    world.b.calls.clear()

    async def answer(_request: web.Request) -> web.Response:
        status, media_type, body = answers.pop(0)
        headers = {"Location": world.b.server.url, "Content-Type": media_type}
        return web.Response(status=status, body=body, headers=headers)

    async with in_front_of(world, "a", answer):
        for case in NO_PROFILES:
            world.clock.advance(16)  # whatever the breaker holds against the panel
            given = await world.get(token)
            assert (given.status, given.body) == (200, fresh.body), case
    assert (answers, world.b.calls) == ([], [])


async def test_headers_that_could_do_harm_stay_outside(world: LinkWorld, token: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        harmful = {
            "Set-Cookie": "session=1",
            "Access-Control-Allow-Origin": "*",
            "Content-Security-Policy": "default-src *",
            "profile-web-page-url": "https://panel.example/sub/secret",
            "profile-title": "x" * 2000,
            "announce": "hello",
            "content-encoding": "identity",
        }
        return web.Response(text="dmxlc3M6Ly94", headers=harmful)

    async with in_front_of(world, "a", answer):
        given = await world.get(token)
    names = {name.lower() for name in given.headers}
    assert not {"set-cookie", "access-control-allow-origin", "content-security-policy", "profile-title"} & names
    assert (given.body, given.headers["announce"]) == ("dmxlc3M6Ly94", "hello")
    assert given.headers["profile-web-page-url"] == f"{ADDRESS}/sub/{token}"


async def test_only_the_panel_itself_is_ever_asked_whatever_host_its_link_names(
    world: LinkWorld, token: str
) -> None:
    stranger = world.b.server.url
    world.b.calls.clear()
    await world.books.rows(
        "UPDATE configs SET subscription_url = :stranger || substring(subscription_url FROM '/sub/.*')",
        stranger=stranger,
    )
    assert (await world.get(token)).status == 200
    assert world.b.calls == []


async def test_a_link_that_was_renewed_on_the_panel_is_found_again(world: LinkWorld, token: str) -> None:
    (user,) = world.a.panel.users.values()
    before = links_in((await world.get(token)).body)
    lifecycle.revoke(world.a.panel, user)
    given = await world.get(token)
    assert given.status == 200
    assert links_in(given.body) != before
    assert user.proxies["vless"]["id"] in links_in(given.body)[0]


async def test_a_config_that_moves_keeps_its_link(world: LinkWorld, config_id: int, token: str) -> None:
    before = await world.get(token)
    await world.move(config_id, "b")
    world.a.panel.up = False
    given = await world.get(token)
    (user,) = world.b.panel.users.values()
    assert given.status == 200
    assert user.proxies["vless"]["id"] in links_in(given.body)[0]
    assert given.body != before.body
    assert await world.token(config_id) == token
    assert await world.copies() == [("v2rayng", "b")]


async def test_a_copy_of_the_old_panel_does_not_hide_the_key_of_the_new_one(
    world: LinkWorld, config_id: int, token: str
) -> None:
    await world.get(token)
    await world.move(config_id, "b")
    world.b.panel.up = False
    given = await world.get(token)
    assert links_in(given.body) == [(await world.configs.get(NINA, config_id)).link]


async def test_an_ended_subscription_says_so_in_every_format_and_the_panel_is_not_asked(
    world: LinkWorld, token: str
) -> None:
    world.clock.advance(8 * DAY)
    world.a.calls.clear()
    words = "Подписка закончилась"
    (link,) = links_in((await world.get(token)).body)
    assert words in unquote(link.partition("#")[2])
    assert words in (await world.get(token, "clash-verge/v2")).body
    sing_box = json.loads((await world.get(token, "SFA/1.11")).body)
    assert any(words in outbound["tag"] for outbound in sing_box["outbounds"])
    (xray,) = json.loads((await world.get(f"{token}/v2ray-json")).body)
    assert words in xray["remarks"]
    assert words in json.loads((await world.get(token, "Outline/1")).body)["tag"]
    given = await world.get(token, "Happ/3.1")
    assert "закончилась" in base64.b64decode(given.headers["profile-title"].removeprefix("base64:")).decode()
    assert given.headers["profile-update-interval"] == "1"
    assert world.a.calls == []
    assert await world.copies() == []


async def test_a_renewed_subscription_works_again_by_the_same_link(
    world: LinkWorld, config_id: int, token: str
) -> None:
    world.clock.advance(8 * DAY)
    await world.books.rows("UPDATE users SET subscription_end = :now", now=world.clock.now() + timedelta(days=30))
    await world.work()
    given = await world.get(token)
    assert links_in(given.body)[0].startswith("vless://")
    assert "127.0.0.1:1?" not in links_in(given.body)[0]
    assert await world.token(config_id) == token


async def test_while_the_database_is_away_apps_are_asked_to_come_again(
    world: LinkWorld, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_token: str, _mark: str | None) -> Subscriber:
        raise StorageUnavailable

    monkeypatch.setattr(world.store, "subscriber", away)
    given = await world.get(token)
    assert (given.status, given.headers["retry-after"]) == (503, "30")


async def test_a_redis_that_goes_away_closes_no_door(database: Database, redis: Redis) -> None:
    dial = partial(asyncio.open_unix_connection, redis.connection_pool.connection_kwargs["path"])
    async with Cable(dial) as cable:
        client = Redis(port=cable.port, decode_responses=True, retry=Retry(NoBackoff(), 0))
        async with client, link_world(database, Cache(client)) as world:
            token = await world.token(await world.customer())
            cable.pull()
            assert (await world.get(token)).status == 200
            assert (await world.page(token)).status == 200
            assert len(await world.copies()) == 1


async def test_the_doctor_knows_whether_links_lead_to_the_bot(world: LinkWorld) -> None:
    assert (await links(world.url, world.http)).is_well
    assert not (await links(world.a.server.url, world.http)).is_well


@asynccontextmanager
async def in_front_of(
    world: LinkWorld, panel: str, answer: Callable[[web.Request], Awaitable[web.Response]]
) -> AsyncIterator[None]:
    """Something else answers at the panel's address for a while."""
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    server = Server(app)
    await server.start()
    await world.books.rows(
        "UPDATE marzban_instances SET base_url = :url WHERE id = :panel", url=server.url, panel=panel
    )
    yield
    await server.stop()
