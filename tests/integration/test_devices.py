"""Devices at a subscription link: which are let in, how one too many is told, and who frees a place."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from sqlalchemy import event

from app.domain.errors import NotFound
from app.repo.marzban_client import MarzbanClient
from app.repo.panel_records import Capabilities
from app.repo.panel_sub import PanelProfile, SubscriptionHttp
from app.services.devices import NOTED_EVERY
from tests.support.link_world import MAX, NINA, RULES, Answer, LinkWorld, link_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.utils.redis import Cache

DAY = 86_400
HAPP = "Happ/3.1.0/ios"


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


async def asks(world: LinkWorld, path: str, hwid: str, agent: str = HAPP, **headers: str) -> Answer:
    return await world.get(path, agent, **{"x-hwid": hwid, **headers})


def is_refused(given: Answer) -> bool:
    assert given.status == 200
    return given.headers.get("x-hwid-max-devices-reached") == "true"


def said(given: Answer, header: str) -> str:
    return base64.b64decode(given.headers[header].removeprefix("base64:")).decode()


async def names(world: LinkWorld, config_id: int, owner: int = NINA) -> list[str]:
    return [card.model or card.app for card in (await world.devices.of(owner, config_id))[1]]


async def test_devices_are_let_in_up_to_the_limit_and_again_and_again(world: LinkWorld, token: str) -> None:
    for _ in range(2):
        for hwid in ("phone", "laptop"):
            given = await asks(world, token, hwid)
            assert not is_refused(given)
            assert given.headers["x-hwid-active"] == "true"
    assert is_refused(await asks(world, token, "a third"))
    assert not is_refused(await asks(world, token, "phone"))


@pytest.mark.parametrize("counts", [True, False])
async def test_only_a_panel_that_counts_devices_hears_how_one_names_itself(
    world: LinkWorld, token: str, monkeypatch: pytest.MonkeyPatch, *, counts: bool
) -> None:
    heard: list[object] = []
    get = SubscriptionHttp.get

    async def spied(self: SubscriptionHttp, *args: Any) -> PanelProfile:
        heard.append(args[4])
        return await get(self, *args)

    monkeypatch.setattr(SubscriptionHttp, "get", spied)
    monkeypatch.setattr(MarzbanClient, "capabilities", Capabilities(native_device_limit=counts))
    await asks(world, token, " phone", **{"x-device-model": "Pixel", "x-ver-os": "15", "x-other": "secret"})
    await world.get(token)
    assert heard == [{"x-hwid": "phone", "x-device-model": "Pixel", "x-ver-os": "15"} if counts else {}, {}]


async def test_one_too_many_is_told_in_every_format_and_never_asks_the_panel(
    world: LinkWorld, token: str, config_id: int
) -> None:
    for hwid in ("phone", "laptop"):
        await asks(world, token, hwid)
    world.a.calls.clear()
    words = "⛔ Занято: 2 устройства. Освободите место в боте"
    links = base64.b64decode((await asks(world, token, "third")).body).decode()
    assert words in unquote(links.partition("#")[2])
    assert words in (await asks(world, token, "third", "clash-verge/v2")).body
    assert words in json.loads((await asks(world, token, "third", "SFA/1.11")).body)["outbounds"][1]["tag"]
    assert json.loads((await asks(world, f"{token}/v2ray-json", "third")).body)[0]["remarks"] == words
    given = await asks(world, token, "third")
    assert given.headers["x-hwid-limit"] == "true"
    assert "Мой VPN → VPN 1 → Устройства" in said(given, "announce")
    # Happ shows no more of it.
    assert len(said(given, "announce")) <= 200
    assert said(given, "profile-title") == "OrbitVPN: мест больше нет"
    assert given.headers["support-url"] == "https://t.me/orbit_bot"
    assert world.a.calls == []
    assert len(await names(world, config_id)) == 2


async def test_an_english_customer_is_told_in_english(world: LinkWorld) -> None:
    token = await world.token(await world.customer(MAX, "en"), MAX)
    for hwid in ("phone", "laptop"):
        await asks(world, token, hwid)
    given = await asks(world, token, "third")
    assert "2 devices" in said(given, "announce")
    assert len(said(given, "announce")) <= 200


async def test_of_many_new_devices_at_once_as_many_get_in_as_there_are_places(world: LinkWorld, token: str) -> None:
    await asks(world, token, "first")
    given = await asyncio.gather(*(asks(world, token, f"device {number}") for number in range(8)))
    assert sum(not is_refused(each) for each in given) == 1
    assert await world.books.value("SELECT count(*) FROM devices") == RULES.most


async def test_one_new_device_that_asks_many_times_at_once_takes_one_place(world: LinkWorld, token: str) -> None:
    given = await asyncio.gather(*(asks(world, token, "phone") for _ in range(6)))
    assert not any(map(is_refused, given))
    assert await world.books.value("SELECT count(*) FROM devices") == 1


async def test_what_a_device_says_of_itself_is_shown_and_its_name_is_not_stored(
    world: LinkWorld, token: str, config_id: int
) -> None:
    facts = {"x-device-os": "Android", "x-ver-os": "15", "x-device-model": "Мой Pixel\t9 <b>"}
    assert not is_refused(await asks(world, token, "secret-hwid", "v2raytun/android", **facts))
    _, (card,) = await world.devices.of(NINA, config_id)
    assert (card.model, card.system, card.app, card.is_counted) == ("Мой Pixel9 <b>", "Android 15", "v2raytun", True)
    stored = await world.books.rows("SELECT d::text FROM devices d")
    assert "secret-hwid" not in str(stored)


async def test_words_of_a_device_are_bounded(world: LinkWorld, token: str, config_id: int) -> None:
    long = "x" * 4000
    facts = {"x-device-os": long, "x-ver-os": long, "x-device-model": long}
    assert not is_refused(await asks(world, token, long, f"Happ{long}/1", **facts))
    _, (card,) = await world.devices.of(NINA, config_id)
    assert max(len(card.model), len(card.app)) <= 48
    assert len(card.system) <= 97


async def test_apps_that_name_no_device_are_let_in_and_shown_but_take_no_place(
    world: LinkWorld, token: str, config_id: int
) -> None:
    for agent in ("v2rayNG/1.10.2", "Streisand/1.6", "HiddifyNext/2.5", "curl/8"):
        assert not is_refused(await world.get(token, agent))
    assert not is_refused(await asks(world, token, "  "))
    _, cards = await world.devices.of(NINA, config_id)
    assert {card.app for card in cards} == {"v2rayNG", "Streisand", "sing-box", "", "Happ"}
    assert not any(card.is_counted for card in cards)
    assert await world.devices.taken(config_id) == 0
    for hwid in ("phone", "laptop"):
        assert not is_refused(await asks(world, token, hwid))
    assert not is_refused(await world.get(token, "v2rayNG/1.10.2"))


async def test_where_devices_must_be_named_an_app_that_does_not_is_told_which_do(
    database: Database, cache: Cache
) -> None:
    async with link_world(database, cache, rules=replace(RULES, requires_hwid=True)) as world:
        token = await world.token(await world.customer())
        given = await world.get(token, "v2rayNG/1.10.2")
        assert given.headers["x-hwid-not-supported"] == "true"
        assert "Happ" in said(given, "announce")
        assert "x-hwid-limit" not in given.headers
        named = await asks(world, token, "phone")
        assert "x-hwid-not-supported" not in named.headers
        assert len(await world.copies()) == 1


async def test_a_person_with_a_browser_is_no_device(world: LinkWorld, token: str, config_id: int) -> None:
    page = await world.page(token)
    assert "Устройства: 0 из 2" in page.body
    assert await names(world, config_id) == []
    for hwid in ("phone", "laptop"):
        await asks(world, token, hwid)
    page = await world.page(token)
    assert "Устройства: 2 из 2" in page.body
    assert "Мест больше нет" in page.body


async def test_a_device_unseen_for_long_gives_its_place_free_and_one_in_use_keeps_it(
    world: LinkWorld, token: str, config_id: int
) -> None:
    await asks(world, token, "old", **{"x-device-model": "old"})
    await asks(world, token, "used", **{"x-device-model": "used"})
    await world.books.rows("UPDATE configs SET expires_at = expires_at + interval '90 days'")
    world.clock.advance(20 * DAY)
    await asks(world, token, "used", **{"x-device-model": "used"})
    assert is_refused(await asks(world, token, "new", **{"x-device-model": "new"}))
    world.clock.advance(11 * DAY)
    assert await names(world, config_id) == ["used"]
    assert not is_refused(await asks(world, token, "new", **{"x-device-model": "new"}))
    assert is_refused(await asks(world, token, "old"))
    assert await names(world, config_id) == ["used", "new"]


async def test_its_owner_frees_a_place_and_nobody_else(world: LinkWorld, token: str, config_id: int) -> None:
    others = await world.customer(MAX)
    for hwid in ("phone", "laptop"):
        await asks(world, token, hwid, **{"x-device-model": hwid})
    _, (phone, _) = await world.devices.of(NINA, config_id)
    with pytest.raises(NotFound):
        await world.devices.of(MAX, config_id)
    for owner, config in ((MAX, config_id), (MAX, others), (NINA, others)):
        with pytest.raises(NotFound):
            await world.devices.remove(owner, config, phone.id)
    await world.devices.remove(NINA, config_id, phone.id)
    with pytest.raises(NotFound):
        await world.devices.remove(NINA, config_id, phone.id)
    assert not is_refused(await asks(world, token, "tablet", **{"x-device-model": "tablet"}))
    assert is_refused(await asks(world, token, "phone"))
    assert await names(world, config_id) == ["laptop", "tablet"]


async def test_each_config_has_places_of_its_own_and_a_new_link_begins_with_all_free(
    world: LinkWorld, token: str, config_id: int
) -> None:
    others = await world.token(await world.customer(MAX), MAX)
    for path in (token, others):
        for hwid in ("phone", "laptop"):
            assert not is_refused(await asks(world, path, hwid))
    await world.configs.reissue_link(NINA, config_id)
    assert await names(world, config_id) == []
    assert not is_refused(await asks(world, await world.token(config_id), "third"))
    assert is_refused(await asks(world, others, "third"))


async def test_a_config_that_is_deleted_leaves_no_device(world: LinkWorld, token: str, config_id: int) -> None:
    await asks(world, token, "phone")
    await world.configs.delete(NINA, config_id)
    with pytest.raises(NotFound):
        await world.devices.of(NINA, config_id)
    await world.work()
    assert await world.books.value("SELECT count(*) FROM devices") == 0


async def test_a_lower_limit_keeps_those_in_and_lets_no_other_in(database: Database, cache: Cache) -> None:
    async with link_world(database, cache) as world:
        token = await world.token(await world.customer())
        for hwid in ("phone", "laptop"):
            await asks(world, token, hwid)
    async with link_world(database, cache, rules=replace(RULES, most=1)) as world:
        await world.books.rows("UPDATE devices SET seen_at = seen_at - interval '2 hours'")
        assert not is_refused(await asks(world, token, "phone"))
        assert is_refused(await asks(world, token, "third"))


async def test_a_known_device_costs_the_database_no_statement_more(
    world: LinkWorld, token: str, database: Database
) -> None:
    statements: list[str] = []

    def count(*args: Any) -> None:
        statements.append(args[2])

    await asks(world, token, "phone")
    event.listen(database._engine.sync_engine, "before_cursor_execute", count)
    try:
        await asks(world, token, "phone")
        usual = len(statements)
        statements.clear()
        world.clock.advance(int(NOTED_EVERY / timedelta(seconds=1)) + 1)
        await asks(world, token, "phone")
        noted = len(statements)
    finally:
        event.remove(database._engine.sync_engine, "before_cursor_execute", count)
    # Whose link it is, which panel, and the copy to keep.
    assert usual == 3
    assert noted == usual + 3
