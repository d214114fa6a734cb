"""The PasarGuard emulator over HTTP: what the real panel refuses, in its words."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from sandbox.clock import SandboxClock
from sandbox.pasarguard import Panel, create_app
from sandbox.serve import Server
from tests.sandbox.panel_client import Caller, Json

USER: Json = {"username": "tg_1_1", "group_ids": [1]}


@pytest.fixture
async def panel() -> Panel:
    return Panel(SandboxClock(), "Warsaw", "admin", "secret")


@pytest.fixture
async def api(panel: Panel) -> AsyncIterator[Caller]:
    server = Server(create_app(panel))
    async with ClientSession(await server.start()) as http:
        caller = Caller(http, server.port)
        await caller.login()
        yield caller
    await server.stop()


async def test_a_creation_answers_201_and_a_deletion_204_without_a_body(api: Caller) -> None:
    made = await api.call("POST", "/api/user", USER)
    assert (made.status, made.body["id"], made.body["status"], made.body["expire"]) == (201, 1, "active", None)
    assert "links" not in made.body
    gone = await api.call("DELETE", "/api/user/tg_1_1")
    assert (gone.status, gone.body) == (204, "")
    missing = await api.call("DELETE", "/api/user/tg_1_1")
    assert (missing.status, missing.body) == (404, {"detail": "User not found"})


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"group_ids": []}, 422, "group_ids"),
        ({"group_ids": [9]}, 404, ""),
        ({"username": "tg__1"}, 422, "username"),
        ({"username": "ab"}, 422, "username"),
        ({"note": "x" * 501}, 422, "note"),
        ({"status": "disabled"}, 422, "status"),
        ({"data_limit": -1}, 422, "data_limit"),
    ],
)
async def test_what_the_panel_refuses(api: Caller, change: Json, status: int, field: str) -> None:
    answer = await api.call("POST", "/api/user", USER | change)
    assert answer.status == status
    assert not field or list(answer.body["detail"]) == [field]


async def test_a_name_is_taken_once(api: Caller) -> None:
    await api.call("POST", "/api/user", USER)
    again = await api.call("POST", "/api/user", USER)
    assert (again.status, again.body) == (409, {"detail": "User already exists"})


@pytest.mark.parametrize(
    "expire", [1893553445, "2030-01-02T03:04:05Z", "2030-01-02T06:04:05+03:00", "2030-01-02T03:04:05"]
)
async def test_an_end_is_seconds_or_text_and_told_in_utc(api: Caller, expire: object) -> None:
    made = await api.call("POST", "/api/user", USER | {"expire": expire})
    assert made.body["expire"] == "2030-01-02T03:04:05Z"
    assert (await api.ok("PUT", "/api/user/tg_1_1", {"expire": 0}))["expire"] is None


async def test_who_is_enabled_again_is_what_they_are_by_now(api: Caller, panel: Panel) -> None:
    await api.call("POST", "/api/user", USER | {"expire": int(panel.clock.timestamp()) + 60})
    await api.ok("PUT", "/api/user/tg_1_1", {"status": "disabled"})
    panel.clock.advance(61)
    assert (await api.ok("PUT", "/api/user/tg_1_1", {"status": "active"}))["status"] == "expired"


async def test_proxy_settings_that_are_sent_replace_the_secrets(api: Caller, panel: Panel) -> None:
    await api.call("POST", "/api/user", USER)
    before = panel.users["tg_1_1"].secret
    await api.ok("PUT", "/api/user/tg_1_1", {"note": "only this"})
    assert panel.users["tg_1_1"].secret == before
    await api.ok("PUT", "/api/user/tg_1_1", {"proxy_settings": {}})
    assert panel.users["tg_1_1"].secret != before


async def test_nobody_comes_in_without_a_token(api: Caller) -> None:
    api.token = ""
    assert (await api.call("GET", "/api/users")).body == {"detail": "Not authenticated"}
    api.token = "a.b.c"
    assert (await api.call("GET", "/api/users")).status == 401


async def test_the_page_sees_users_and_nodes_and_changes_them(api: Caller) -> None:
    await api.call("POST", "/api/user", USER | {"expire": 1893553445})
    assert await api.ok("POST", "/sim/nodes", {"name": "warsaw-2", "status": "error"})
    assert (await api.ok("POST", "/sim/traffic", {"username": "tg_1_1", "node": "warsaw-1", "bytes": 5}))["status"]
    state = await api.ok("GET", "/sim/state")
    (user,) = state["users"]
    assert (user["username"], user["expire"], user["used_traffic"]) == ("tg_1_1", 1893553445, 5)
    assert [(node["name"], node["status"]) for node in state["nodes"]] == [
        ("warsaw-1", "connected"),
        ("warsaw-2", "error"),
    ]
    for wish in ({"username": "x", "node": "warsaw-1", "bytes": 1}, {"username": "tg_1_1", "node": "x", "bytes": 1}):
        assert (await api.call("POST", "/sim/traffic", wish)).status == 400
    await api.ok("POST", "/sim/power", {"up": False})
    assert (await api.ok("GET", "/sim/state"))["up"] is False
