"""The panel emulator over HTTP: what a customer's app gets by the subscription link."""

import base64
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from sandbox.clock import SandboxClock
from sandbox.marzban import Panel, create_app
from sandbox.serve import Server
from tests.sandbox.panel_client import USER, Caller, Json

WHOLE = USER | {"proxies": {name: {} for name in ("vless", "vmess", "trojan", "shadowsocks")}}


@pytest.fixture
async def panel() -> Panel:
    return Panel(SandboxClock(), "Frankfurt", "admin", "secret", token_minutes=0)


@pytest.fixture
async def api(panel: Panel) -> AsyncIterator[Caller]:
    server = Server(create_app(panel))
    async with ClientSession(await server.start()) as http:
        caller = Caller(http)
        await caller.login()
        yield caller
    await server.stop()


@pytest.fixture
async def user(api: Caller, panel: Panel) -> Json:
    expire = int(panel.clock.timestamp()) + 86_400
    made: Json = await api.ok("POST", "/api/user", WHOLE | {"expire": expire, "data_limit": 1000})
    return made


async def test_the_link_is_relative_and_another_one_at_every_read_and_all_work(api: Caller, user: Json) -> None:
    again = await api.ok("GET", "/api/user/tg_1_1")
    assert user["subscription_url"].startswith("/sub/")
    assert user["subscription_url"] != again["subscription_url"]
    for shown in (user, again):
        assert (await api.call("GET", shown["subscription_url"])).status == 200


async def test_an_app_gets_base64_of_the_links_and_headers(api: Caller, user: Json) -> None:
    answer = await api.call("GET", user["subscription_url"], User_Agent="v2rayNG/1.9")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert base64.b64decode(answer.body).decode().splitlines() == user["links"]
    info = answer.headers["subscription-userinfo"]
    assert info == f"upload=0; download=0; total=1000; expire={user['expire']}"
    assert answer.headers["profile-update-interval"] == "12"
    assert answer.headers["profile-title"].startswith("base64:")
    assert {"support-url", "content-disposition"} <= answer.headers.keys()
    shown = await api.ok("GET", "/api/user/tg_1_1")
    assert shown["sub_last_user_agent"] == "v2rayNG/1.9"
    assert shown["sub_updated_at"] is not None


@pytest.mark.parametrize("agent", ["clash-verge/v2", "mihomo/1.18", "Stash/2.7", "Clash/1.0"])
async def test_a_clash_app_gets_yaml(api: Caller, user: Json, agent: str) -> None:
    answer = await api.call("GET", user["subscription_url"], User_Agent=agent)
    assert answer.headers["Content-Type"].startswith("text/yaml")
    proxies = [json.loads(line[4:]) for line in answer.body.splitlines() if line.startswith('  - {"name": "')]
    assert {"vmess", "trojan", "ss"} <= {proxy["type"] for proxy in proxies}
    assert "MATCH,Proxy" in answer.body


@pytest.mark.parametrize("agent", ["SFA/1.9", "HiddifyNext/2.0", "Karing/1"])
async def test_a_sing_box_app_gets_json(api: Caller, user: Json, agent: str) -> None:
    profile = await api.ok("GET", user["subscription_url"], User_Agent=agent)
    kinds = [outbound["type"] for outbound in profile["outbounds"]]
    assert kinds[0] == "selector"
    assert {"vless", "vmess", "trojan", "shadowsocks", "direct"} <= set(kinds)


async def test_outline_gets_its_one_server(api: Caller, user: Json) -> None:
    profile = await api.ok("GET", user["subscription_url"], User_Agent="Outline/1")
    assert profile["password"] == user["proxies"]["shadowsocks"]["password"]


async def test_a_browser_gets_a_page(api: Caller, user: Json) -> None:
    answer = await api.call("GET", user["subscription_url"], Accept="text/html,*/*")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "tg_1_1" in answer.body


async def test_a_format_can_be_forced_by_the_path(api: Caller, user: Json) -> None:
    url = user["subscription_url"]
    assert "outbounds" in await api.ok("GET", f"{url}/sing-box")
    assert "proxies:" in await api.ok("GET", f"{url}/clash-meta")
    assert base64.b64decode(await api.ok("GET", f"{url}/v2ray"))
    assert (await api.call("GET", f"{url}/nothing")).status == 422
    assert (await api.call("GET", f"{url}/")).status == 200


async def test_info_shows_the_user_without_what_is_the_owners(api: Caller, user: Json) -> None:
    info = await api.ok("GET", user["subscription_url"] + "/info")
    assert (info["username"], info["data_limit"]) == ("tg_1_1", 1000)
    assert not {"note", "admin"} & info.keys()


async def test_an_expired_users_link_still_answers_and_tells_why(api: Caller, user: Json, panel: Panel) -> None:
    panel.clock.advance(90_000)
    [link] = base64.b64decode(await api.ok("GET", user["subscription_url"])).decode().splitlines()
    assert link.endswith("#expired")


async def test_forged_and_orphaned_links_are_404(api: Caller, user: Json) -> None:
    url = user["subscription_url"]
    for bad in ("/sub/nonsense", url[:-1] + ("A" if url[-1] != "A" else "B")):
        assert (await api.call("GET", bad)).status == 404
    await api.ok("DELETE", "/api/user/tg_1_1")
    assert (await api.call("GET", url)).status == 404
    await api.ok("POST", "/api/user", WHOLE)
    assert (await api.call("GET", url)).status == 404
