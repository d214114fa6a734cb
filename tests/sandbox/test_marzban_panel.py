"""The panel emulator over HTTP: login, rights, nodes, load, failure."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientError, ClientSession, ServerDisconnectedError

from sandbox.clock import SandboxClock
from sandbox.marzban import Panel, create_app
from sandbox.serve import Server
from tests.sandbox.panel_client import USER, Caller


@pytest.fixture
async def panel() -> Panel:
    return Panel(SandboxClock(), "Helsinki", "admin", "secret", token_minutes=60)


@pytest.fixture
async def api(panel: Panel) -> AsyncIterator[Caller]:
    server = Server(create_app(panel))
    async with ClientSession(await server.start()) as http:
        caller = Caller(http)
        await caller.login()
        yield caller
    await server.stop()


def claims(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    read: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


async def test_a_token_says_who_and_until_when(api: Caller, panel: Panel) -> None:
    said = claims(api.token)
    assert (said["sub"], said["access"]) == ("admin", "sudo")
    assert isinstance(said["exp"], int)
    assert isinstance(said["iat"], int)
    assert said["exp"] - said["iat"] == 3600


async def test_a_token_ends_by_the_sandbox_clock(api: Caller, panel: Panel) -> None:
    panel.clock.advance(3601)
    answer = await api.call("GET", "/api/system")
    assert (answer.status, answer.body) == (401, {"detail": "Could not validate credentials"})
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    await api.login()
    await api.ok("GET", "/api/system")


async def test_login_takes_a_form_only(api: Caller) -> None:
    answer = await api.call("POST", "/api/admin/token", {"username": "admin", "password": "secret"})
    assert answer.status == 422
    assert set(answer.body["detail"]) == {"username", "password"}


async def test_a_wrong_password_is_401_and_asks_for_a_bearer(api: Caller) -> None:
    answer = await api.login(password="wrong")
    assert (answer.status, answer.body) == (401, {"detail": "Incorrect username or password"})
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
async def test_no_token_and_a_forged_one_are_told_apart(api: Caller, token: str) -> None:
    api.token = token
    answer = await api.call("GET", "/api/system")
    expected = "Could not validate credentials" if token else "Not authenticated"
    assert (answer.status, answer.body) == (401, {"detail": expected})


async def test_a_changed_password_ends_the_tokens_of_before(api: Caller, panel: Panel) -> None:
    panel.clock.advance(2)
    await api.ok("POST", "/sim/admins", {"username": "admin", "password": "new"})
    assert (await api.call("GET", "/api/system")).status == 401
    assert (await api.login(password="new")).status == 200
    await api.ok("GET", "/api/system")


async def test_an_admin_without_sudo_sees_own_users_and_no_nodes(api: Caller) -> None:
    await api.ok("POST", "/api/user", USER)
    await api.ok("POST", "/sim/admins", {"username": "clerk", "password": "p", "is_sudo": False})
    clerk = Caller(api.http)
    await clerk.login("clerk", "p")
    for path in ("/api/nodes", "/api/nodes/usage", "/api/user/tg_1_1"):
        answer = await clerk.call("GET", path)
        assert (answer.status, answer.body) == (403, {"detail": "You're not allowed"})
    assert (await clerk.call("POST", "/api/user", USER)).status == 409
    assert (await clerk.ok("GET", "/api/users"))["total"] == 0
    assert (await clerk.ok("GET", "/api/inbounds")).keys() == {"vless", "vmess", "trojan", "shadowsocks"}


async def test_an_env_admins_deletion_crashes_though_the_user_is_gone() -> None:
    server = Server(create_app(Panel(SandboxClock(), "Env", "admin", "secret", env_admin=True)))
    async with ClientSession(await server.start()) as http:
        api = Caller(http)
        await api.login()
        assert (await api.ok("POST", "/api/user", USER))["admin"] is None
        assert (await api.call("DELETE", "/api/user/tg_1_1")).status == 500
        assert (await api.call("GET", "/api/user/tg_1_1")).status == 404
    await server.stop()


async def test_a_panel_has_two_nodes_of_its_own_name(api: Caller) -> None:
    nodes = await api.ok("GET", "/api/nodes")
    assert [node["name"] for node in nodes] == ["helsinki-1", "helsinki-2"]
    assert {node["status"] for node in nodes} == {"connected"}
    assert set(nodes[0]) == {
        "name", "address", "port", "api_port", "usage_coefficient", "id", "xray_version", "status", "message"
    }  # fmt: skip


async def test_a_new_node_loses_its_coefficient_and_a_change_sets_it(api: Caller) -> None:
    wish = {"name": "fi-3", "address": "198.51.100.9", "usage_coefficient": 2.5}
    node = await api.ok("POST", "/api/node", wish)
    assert node["usage_coefficient"] == 1.0
    path = f"/api/node/{node['id']}"
    assert (await api.ok("PUT", path, {"usage_coefficient": 2.5}))["usage_coefficient"] == 2.5
    assert (await api.ok("PUT", path, {"usage_coefficient": 0}))["usage_coefficient"] == 2.5
    assert (await api.call("POST", "/api/node", wish)).status == 409
    await api.ok("DELETE", path)
    assert (await api.call("GET", path)).status == 404


async def test_a_node_in_error_shows_why_and_users_are_made_all_the_same(api: Caller) -> None:
    await api.ok("POST", "/sim/nodes", {"name": "helsinki-1", "status": "error"})
    node = (await api.ok("GET", "/api/nodes"))[0]
    assert (node["status"], node["xray_version"]) == ("error", None)
    assert node["message"]
    await api.ok("POST", "/api/user", USER)


async def test_node_usage_is_raw_bytes_of_the_hours_asked_for(api: Caller, panel: Panel) -> None:
    await api.ok("POST", "/api/user", USER)
    await api.ok("POST", "/sim/nodes", {"name": "helsinki-2", "usage_coefficient": 3})
    await api.ok("POST", "/sim/traffic", {"username": "tg_1_1", "node": "helsinki-2", "bytes": 1000})
    panel.clock.advance(7200)
    await api.ok("POST", "/sim/traffic", {"username": "tg_1_1", "node": "Master", "bytes": 10})

    def total(answer: dict[str, list[dict[str, int]]]) -> list[int]:
        return [row["uplink"] + row["downlink"] for row in answer["usages"]]

    await api.login()
    usage = await api.ok("GET", "/api/nodes/usage")
    assert [row["node_name"] for row in usage["usages"]] == ["Master", "helsinki-1", "helsinki-2"]
    assert total(usage) == [10, 0, 1000]
    hour_ago = panel.clock.timestamp() - 3600
    start = panel.clock.now().fromtimestamp(hour_ago, panel.clock.now().tzinfo).replace(tzinfo=None).isoformat()
    assert total(await api.ok("GET", f"/api/nodes/usage?start={start}")) == [10, 0, 0]
    bad = await api.call("GET", "/api/nodes/usage?start=yesterday")
    assert (bad.status, bad.body) == (400, {"detail": "Invalid date range or format"})


async def test_the_system_counts_users_by_state_and_the_online_of_a_day(api: Caller, panel: Panel) -> None:
    await api.ok("POST", "/api/user", USER)
    await api.ok("POST", "/api/user", USER | {"username": "other", "expire": 1})
    await api.ok("POST", "/sim/traffic", {"username": "tg_1_1", "node": "Master", "bytes": 100})
    system = await api.ok("GET", "/api/system")
    assert system["version"] == "0.8.4"
    assert (system["total_user"], system["users_active"], system["users_expired"]) == (2, 1, 1)
    assert (system["online_users"], system["incoming_bandwidth"] + system["outgoing_bandwidth"]) == (1, 100)
    panel.clock.advance(86_401)
    await api.login()
    assert (await api.ok("GET", "/api/system"))["online_users"] == 0


async def test_inbounds_and_core_look_alive(api: Caller) -> None:
    [vless] = (await api.ok("GET", "/api/inbounds"))["vless"]
    assert vless == {"tag": "VLESS TCP REALITY", "protocol": "vless", "network": "tcp", "tls": "reality", "port": 443}
    assert (await api.ok("GET", "/api/core"))["started"] is True


async def test_a_slash_too_many_is_a_redirect(api: Caller) -> None:
    answer = await api.call("GET", "/api/nodes/")
    assert answer.status == 307
    assert answer.headers["Location"].endswith("/api/nodes")


async def test_unknown_paths_and_methods_have_details(api: Caller) -> None:
    missing = await api.call("GET", "/api/nothing")
    wrong = await api.call("DELETE", "/api/users")
    assert (missing.status, missing.body) == (404, {"detail": "Not Found"})
    assert (wrong.status, wrong.body) == (405, {"detail": "Method Not Allowed"})


async def test_a_panel_without_power_cuts_every_connection_but_the_sandboxs(api: Caller) -> None:
    await api.ok("POST", "/sim/power", {"up": False})
    with pytest.raises((ServerDisconnectedError, ClientError)):
        await api.call("GET", "/api/system")
    assert (await api.ok("GET", "/sim/state"))["up"] is False
    await api.ok("POST", "/sim/power", {"up": True})
    await api.ok("GET", "/api/system")


async def test_an_effect_stands_though_its_answer_was_lost(api: Caller) -> None:
    await api.ok("POST", "/sim/faults", {"match": "POST /api/user", "action": "drop_after"})
    with pytest.raises(ClientError):
        await api.call("POST", "/api/user", USER)
    assert (await api.call("POST", "/api/user", USER)).status == 409


async def test_a_gateways_error_is_a_page_and_the_panels_own_is_text(api: Caller) -> None:
    for status, kind in ((502, "text/html"), (500, "text/plain")):
        await api.ok("POST", "/sim/faults", {"match": "/api/system", "action": "error", "status": status})
        answer = await api.call("GET", "/api/system")
        assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (status, kind)


async def test_the_page_sees_users_and_nodes(api: Caller) -> None:
    await api.ok("POST", "/api/user", USER | {"note": "n"})
    state = await api.ok("GET", "/sim/state")
    assert state["name"] == "Helsinki"
    assert state["users"] == [
        {"username": "tg_1_1", "status": "active", "expire": None, "used_traffic": 0, "data_limit": None, "note": "n"}
    ]
    assert state["nodes"][0] == {"id": 1, "name": "helsinki-1", "status": "connected", "usage_coefficient": 1.0}
    assert (await api.call("POST", "/sim/traffic", {"username": "x", "node": "Master", "bytes": 1})).status == 400


async def test_many_logins_at_once_all_work(api: Caller) -> None:
    answers = await asyncio.gather(*(Caller(api.http).login() for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
