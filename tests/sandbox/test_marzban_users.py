"""The panel emulator over HTTP: users, and every trap a seller of subscriptions falls into."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, TCPConnector

from sandbox.clock import SandboxClock
from sandbox.marzban import Panel, create_app
from sandbox.serve import Server
from tests.sandbox.panel_client import USER, Caller, Json

DAY = 86_400


@pytest.fixture
async def panel() -> Panel:
    return Panel(SandboxClock(), "Frankfurt", "admin", "secret", token_minutes=0)


@pytest.fixture
async def api(panel: Panel) -> AsyncIterator[Caller]:
    server = Server(create_app(panel))
    # A crash of the panel spoils a connection kept alive; one test looks at that, the others take new ones.
    async with ClientSession(await server.start(), connector=TCPConnector(force_close=True)) as http:
        caller = Caller(http, server.port)
        await caller.login()
        yield caller
    await server.stop()


def in_days(panel: Panel, days: int) -> int:
    return int(panel.clock.timestamp()) + days * DAY


async def test_a_user_is_created_with_links_of_every_chosen_protocol(api: Caller, panel: Panel) -> None:
    wish = USER | {"expire": in_days(panel, 7), "data_limit": 5 * 2**30, "note": "order 42", "max_ips": 2}
    user = await api.ok("POST", "/api/user", wish)
    assert (user["status"], user["note"], user["used_traffic"]) == ("active", "order 42", 0)
    assert user["inbounds"] == {"vless": ["VLESS TCP REALITY"], "vmess": ["VMess Websocket"]}
    assert user["excluded_inbounds"] == {"vless": [], "vmess": []}
    assert user["admin"]["username"] == "admin"
    assert not user["created_at"].endswith("Z")
    vless = next(link for link in user["links"] if link.startswith("vless://"))
    assert f"{user['proxies']['vless']['id']}@203.0.113." in vless
    assert "security=reality" in vless
    vmess = next(link for link in user["links"] if link.startswith("vmess://"))
    assert json.loads(base64.b64decode(vmess.removeprefix("vmess://")))["id"] == user["proxies"]["vmess"]["id"]
    names = {link.rpartition("#")[2].split("%20")[0] for link in user["links"] if link.startswith("vless://")}
    assert names == {"Frankfurt", "frankfurt-1", "frankfurt-2"}


async def test_inbounds_left_out_give_a_user_without_links(api: Caller) -> None:
    user = await api.ok("POST", "/api/user", {"username": "abc", "proxies": {"vless": {}}})
    assert user["links"] == []
    assert user["excluded_inbounds"] == {"vless": ["VLESS TCP REALITY"]}


async def test_proxies_left_out_break_the_list_until_the_user_is_deleted(api: Caller) -> None:
    await api.ok("POST", "/api/user", USER)
    broken = await api.call("POST", "/api/user", {"username": "broken", "inbounds": {}})
    assert (broken.status, broken.body) == (500, "Internal Server Error")
    assert broken.headers["Content-Type"].startswith("text/plain")
    assert (await api.call("GET", "/api/users")).status == 500
    assert (await api.call("GET", "/api/user/broken")).status == 500
    assert (await api.call("POST", "/api/user", USER | {"username": "broken"})).status == 409
    await api.ok("DELETE", "/api/user/broken")
    assert (await api.ok("GET", "/api/users"))["total"] == 1


async def test_a_crash_closes_the_connection_it_did_not_announce_to_close(api: Caller) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    body = json.dumps({"username": "broken"})
    head = f"POST /api/user HTTP/1.1\r\nHost: panel\r\nAuthorization: Bearer {api.token}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 500")
    assert b"connection: close" not in answer.lower()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"proxies": {}}, "proxies"),
        ({"inbounds": {"vless": ["NOPE"]}}, "inbounds"),
        ({"note": "x" * 501}, "note"),
        ({"data_limit": "5"}, "data_limit"),
        ({"data_limit": -1}, "data_limit"),
        ({"username": "ab"}, "username"),
        ({"username": "a-b"}, "username"),
        ({"username": "a.bcd"}, "username"),
        ({"username": "x" * 33}, "username"),
        ({"username": None}, "username"),
        ({"status": "disabled"}, "status"),
        ({"status": "on_hold"}, "body"),
        ({"status": "on_hold", "on_hold_expire_duration": 60, "expire": 2_000_000_000}, "body"),
        ({"data_limit_reset_strategy": "never"}, "data_limit_reset_strategy"),
    ],
)
async def test_a_bad_field_is_named_in_the_panels_own_shape(api: Caller, change: Json, field: str) -> None:
    answer = await api.call("POST", "/api/user", USER | change)
    assert answer.status == 422
    assert list(answer.body["detail"]) == [field]
    assert isinstance(answer.body["detail"][field], str)


@pytest.mark.parametrize("username", ["abc-", "_abc", "123", "x" * 32, "abc." + "x" * 40, "tg_123456789_1"])
async def test_odd_names_pass_as_they_do_in_the_panel(api: Caller, username: str) -> None:
    assert (await api.ok("POST", "/api/user", USER | {"username": username}))["username"] == username


async def test_broken_json_is_refused_by_its_position(api: Caller) -> None:
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    async with api.http.post("/api/user", data=b"{nope", headers=headers) as answer:
        assert answer.status == 422
        assert await answer.json() == {"detail": {"1": "JSON decode error"}}


async def test_a_protocol_not_configured_is_disabled() -> None:
    server = Server(create_app(Panel(SandboxClock(), "Small", "admin", "secret", protocols=("vless",))))
    async with ClientSession(await server.start()) as http:
        api = Caller(http)
        await api.login()
        answer = await api.call("POST", "/api/user", USER)
    await server.stop()
    assert (answer.status, answer.body) == (400, {"detail": "Protocol vmess is disabled on your server"})


async def test_of_many_creations_at_once_one_wins_and_names_differ_by_case(api: Caller) -> None:
    answers = await asyncio.gather(*(api.call("POST", "/api/user", USER) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 9
    assert {"detail": "User already exists"} in [answer.body for answer in answers]
    await api.ok("POST", "/api/user", USER | {"username": "TG_1_1"})


@pytest.mark.parametrize("expire", [0, None])
async def test_no_expire_is_null_and_a_limit_is_cut_to_whole_bytes(api: Caller, expire: int | None) -> None:
    user = await api.ok("POST", "/api/user", USER | {"expire": expire, "data_limit": 10.9})
    assert (user["expire"], user["data_limit"]) == (None, 10)


async def test_an_expire_in_the_past_is_active_first_and_expired_at_the_next_look(api: Caller) -> None:
    assert (await api.ok("POST", "/api/user", USER | {"expire": -5}))["status"] == "active"
    assert (await api.ok("GET", "/api/user/tg_1_1"))["status"] == "expired"


async def test_time_makes_a_user_expire_and_a_renewal_brings_it_back_unchanged(api: Caller, panel: Panel) -> None:
    made = await api.ok("POST", "/api/user", USER | {"expire": in_days(panel, 1)})
    panel.clock.advance(2 * DAY)
    assert (await api.ok("GET", "/api/user/tg_1_1"))["status"] == "expired"
    assert (await api.ok("POST", "/api/user/tg_1_1/reset"))["status"] == "expired"
    renewed = await api.ok("PUT", "/api/user/tg_1_1", {"expire": in_days(panel, 30)})
    assert (renewed["status"], renewed["proxies"]) == ("active", made["proxies"])


async def test_null_changes_nothing_zero_lifts_and_an_empty_note_clears(api: Caller, panel: Panel) -> None:
    await api.ok("POST", "/api/user", USER | {"expire": in_days(panel, 1), "data_limit": 100, "note": "n"})
    same = await api.ok("PUT", "/api/user/tg_1_1", {"expire": None, "data_limit": None, "note": None})
    assert (same["data_limit"], same["note"]) == (100, "n")
    assert same["expire"] is not None
    free = await api.ok("PUT", "/api/user/tg_1_1", {"expire": 0, "data_limit": 0, "note": ""})
    assert (free["expire"], free["data_limit"], free["note"]) == (None, None, None)


async def test_proxies_sent_on_a_change_make_new_secrets_and_drop_the_others(api: Caller) -> None:
    made = await api.ok("POST", "/api/user", USER)
    changed = await api.ok("PUT", "/api/user/tg_1_1", {"proxies": {"vless": {}}})
    assert list(changed["proxies"]) == ["vless"]
    assert changed["proxies"]["vless"]["id"] != made["proxies"]["vless"]["id"]


async def test_a_disabled_user_stays_so_and_expired_can_not_be_set(api: Caller, panel: Panel) -> None:
    await api.ok("POST", "/api/user", USER)
    await api.ok("PUT", "/api/user/tg_1_1", {"status": "disabled"})
    assert (await api.ok("PUT", "/api/user/tg_1_1", {"expire": in_days(panel, 9)}))["status"] == "disabled"
    assert (await api.call("PUT", "/api/user/tg_1_1", {"status": "expired"})).status == 422
    assert (await api.ok("PUT", "/api/user/tg_1_1", {"status": "active"}))["status"] == "active"


async def test_traffic_limits_a_user_and_a_reset_frees_it_keeping_the_lifetime(api: Caller) -> None:
    await api.ok("POST", "/api/user", USER | {"data_limit": 1000})
    await api.ok("PUT", "/api/node/2", {"usage_coefficient": 2.0})
    await api.ok("POST", "/sim/traffic", {"username": "tg_1_1", "node": "frankfurt-2", "bytes": 600})
    user = await api.ok("GET", "/api/user/tg_1_1")
    assert (user["status"], user["used_traffic"]) == ("limited", 1200)
    assert user["online_at"] is not None
    usage = await api.ok("GET", "/api/user/tg_1_1/usage")
    assert usage["usages"] == [
        {"node_id": None, "node_name": "Master", "used_traffic": 0},
        {"node_id": 1, "node_name": "frankfurt-1", "used_traffic": 0},
        {"node_id": 2, "node_name": "frankfurt-2", "used_traffic": 1200},
    ]
    fresh = await api.ok("POST", "/api/user/tg_1_1/reset")
    assert (fresh["status"], fresh["used_traffic"], fresh["lifetime_used_traffic"]) == ("active", 0, 1200)
    assert sum(row["used_traffic"] for row in (await api.ok("GET", "/api/user/tg_1_1/usage"))["usages"]) == 0


async def test_a_monthly_limit_starts_anew_with_time(api: Caller, panel: Panel) -> None:
    await api.ok("POST", "/api/user", USER | {"data_limit": 10, "data_limit_reset_strategy": "month"})
    await api.ok("POST", "/sim/traffic", {"username": "tg_1_1", "node": "Master", "bytes": 10})
    assert (await api.ok("GET", "/api/user/tg_1_1"))["status"] == "limited"
    panel.clock.advance(30 * DAY + 1)
    assert (await api.ok("GET", "/api/user/tg_1_1"))["status"] == "active"


async def test_a_user_on_hold_starts_with_the_first_traffic(api: Caller, panel: Panel) -> None:
    held = await api.ok("POST", "/api/user", USER | {"status": "on_hold", "on_hold_expire_duration": DAY})
    assert (held["status"], held["expire"]) == ("on_hold", None)
    await api.ok("POST", "/sim/traffic", {"username": "tg_1_1", "node": "Master", "bytes": 1})
    user = await api.ok("GET", "/api/user/tg_1_1")
    assert user["status"] == "active"
    assert abs(user["expire"] - in_days(panel, 1)) < 60


async def test_a_second_deletion_and_a_missing_user_are_404(api: Caller) -> None:
    await api.ok("POST", "/api/user", USER)
    assert await api.ok("DELETE", "/api/user/tg_1_1") == {"detail": "User successfully deleted"}
    for method in ("DELETE", "GET"):
        answer = await api.call(method, "/api/user/tg_1_1")
        assert (answer.status, answer.body) == (404, {"detail": "User not found"})


async def test_users_are_searched_sorted_and_paged_and_a_limit_of_zero_is_none(api: Caller, panel: Panel) -> None:
    for number in range(5):
        wish = {"username": f"user_{number}", "note": f"Order {number}", "expire": in_days(panel, 10 - number)}
        await api.ok("POST", "/api/user", USER | wish)
    await api.ok("PUT", "/api/user/user_4", {"status": "disabled"})

    async def names(query: str) -> tuple[list[str], int]:
        answer = await api.ok("GET", f"/api/users?{query}")
        return [user["username"] for user in answer["users"]], answer["total"]

    assert await names("offset=1&limit=2") == (["user_1", "user_2"], 5)
    assert (await names("limit=0"))[1] == len((await names("limit=0"))[0]) == 5
    assert await names("search=oRDER%203") == (["user_3"], 1)
    assert await names("username=user_1&username=user_2") == (["user_1", "user_2"], 2)
    assert await names("limit=1&status=active") == (["user_0"], 4)
    assert (await names("sort=expire&limit=1"))[0] == ["user_4"]
    assert (await names("sort=-username&limit=1"))[0] == ["user_4"]
    assert (await api.call("GET", "/api/users?sort=nope")).status == 400


async def test_the_expired_are_listed_and_deleted_together(api: Caller, panel: Panel) -> None:
    await api.ok("POST", "/api/user", USER | {"expire": in_days(panel, 1)})
    await api.ok("POST", "/api/user", USER | {"username": "stays"})
    panel.clock.advance(2 * DAY)
    assert await api.ok("GET", "/api/users/expired") == ["tg_1_1"]
    assert await api.ok("DELETE", "/api/users/expired") == ["tg_1_1"]
    assert (await api.ok("GET", "/api/users"))["total"] == 1


async def test_revoking_gives_new_secrets_and_ends_the_old_links(api: Caller) -> None:
    made = await api.ok("POST", "/api/user", USER)
    revoked = await api.ok("POST", "/api/user/tg_1_1/revoke_sub")
    assert revoked["proxies"]["vmess"]["id"] != made["proxies"]["vmess"]["id"]
    assert (await api.call("GET", made["subscription_url"])).status == 404
    assert (await api.call("GET", revoked["subscription_url"])).status == 200
