"""Answers that no healthy panel gives: a server that says whatever the test wants, and what the client makes of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from app.panels.clients import PanelClients
from app.panels.port import NewPanelUser, PanelAuthFailed, PanelBadAnswer, PanelError, PanelUnavailable
from app.repo.marzban_client import MarzbanClient
from app.services.records import PanelAccess
from sandbox.clock import SandboxClock
from sandbox.serve import Server
from tests.support.panels import marzban_of, repository

if TYPE_CHECKING:
    from app.utils.redis import Cache

END = datetime(2030, 1, 1, tzinfo=UTC)
SECRETS = ("p4ssw0rd", "t0k3n", "vless://secret", "/sub/secret")
USER = {
    "username": "orbit_1",
    "status": "active",
    "expire": int(END.timestamp()),
    "used_traffic": 0,
    "links": ["vless://secret"],
    "subscription_url": "/sub/secret",
}
REALITY = {"vless": [{"tag": "V", "network": "tcp", "tls": "reality", "protocol": "vless", "port": 443}]}
WEBSOCKET = {"vless": [{"tag": "V", "network": "ws", "tls": "tls"}], "trojan": [{"tag": "T", "network": "", "tls": ""}]}
ECHOES = (
    (USER | {"used_traffic": "vless://secret", "status": None}, 200),
    ("vless://secret t0k3n", 200),
    ({"detail": "t0k3n"}, 403),
    ("p4ssw0rd", 500),
)


class Oracle:
    """Answers by path with what it was told; remembers the bodies it got."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[], web.Response]] = {}
        self.bodies: list[dict[str, object]] = []
        self.paths: list[str] = []

    def says(self, path: str, body: object, status: int = 200, **headers: str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers[path] = lambda: web.Response(text=text, status=status, headers=headers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        if request.content_type == "application/json" and request.can_read_body:
            self.bodies.append(await request.json())
        if request.path == "/api/admin/token" and request.path not in self.answers:
            return web.json_response({"access_token": "t0k3n", "token_type": "bearer"})
        return self.answers[request.path]()


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
async def client(oracle: Oracle, cache: Cache) -> AsyncIterator[MarzbanClient]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", oracle.handle)
    server = Server(app)
    url = await server.start()
    access = PanelAccess("s001", "One", url, "admin", "p4ssw0rd", 100, frozenset())
    clients = PanelClients(repository(cache), SandboxClock(), timeout_seconds=2, allow_private=True)
    yield marzban_of(clients, access)
    await clients.close()
    await server.stop()


@pytest.mark.parametrize("field", ["username", "status", "expire", "used_traffic", "links", "subscription_url"])
async def test_a_missing_field_of_a_user_is_named(client: MarzbanClient, oracle: Oracle, field: str) -> None:
    oracle.says("/api/user/orbit_1", {name: value for name, value in USER.items() if name != field})
    with pytest.raises(PanelBadAnswer, match=f"field {field} is missing"):
        await client.get_user("orbit_1")


async def test_a_missing_field_deep_inside_is_named_with_its_way(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/nodes", [{"id": 1, "name": "n", "usage_coefficient": 1.0}])
    with pytest.raises(PanelBadAnswer, match=r"field 0\.status is missing"):
        await client.nodes()


@pytest.mark.parametrize("garbage", ["", "null", "<html>", '{"started": "perhaps"}', "[1, 2", "[" * 100_000])
async def test_garbage_is_a_bad_answer(client: MarzbanClient, oracle: Oracle, garbage: str) -> None:
    oracle.says("/api/core", garbage)
    with pytest.raises(PanelBadAnswer):
        await client.core()


async def test_fields_that_newer_panels_add_are_ignored(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/user/orbit_1", USER | {"hwid_limit": {"deep": [1]}})
    user = await client.get_user("orbit_1")
    assert user is not None
    assert user.username == "orbit_1"


async def test_another_users_answer_is_not_taken(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/user/orbit_2", USER)
    with pytest.raises(PanelBadAnswer, match="username"):
        await client.get_user("orbit_2")


async def test_a_user_made_without_links_is_a_bad_answer(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/inbounds", REALITY)
    oracle.says("/api/user", USER | {"links": []})
    with pytest.raises(PanelBadAnswer, match="links"):
        await client.create_user(NewPanelUser("orbit_1", END, 0, "orbit:1"))


async def test_the_vision_flow_is_asked_for_on_reality_only(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/user", USER)
    for inbounds in (REALITY, WEBSOCKET):
        oracle.says("/api/inbounds", inbounds)
        await client.create_user(NewPanelUser("orbit_1", END, 0, "orbit:1"))
    assert [body["proxies"] for body in oracle.bodies] == [{"vless": {"flow": "xtls-rprx-vision"}}, {"vless": {}}]
    assert [body["inbounds"] for body in oracle.bodies] == [{}, {}]


async def test_a_renewal_sends_nothing_but_the_expiry(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/user/orbit_1", USER)
    await client.set_expiry("orbit_1", END)
    assert oracle.bodies == [{"expire": int(END.timestamp())}]


async def test_an_expiry_that_was_not_taken_over_is_a_bad_answer(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/user/orbit_1", USER | {"expire": None})
    with pytest.raises(PanelBadAnswer, match="expire"):
        await client.set_expiry("orbit_1", END)


async def test_an_absolute_subscription_address_stays(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/user/orbit_1", USER | {"subscription_url": "https://cdn.example.com/sub/x"})
    user = await client.get_user("orbit_1")
    assert user is not None
    assert user.subscription_url == "https://cdn.example.com/sub/x"


async def test_a_404_that_is_not_the_panels_own_says_nothing_of_a_user(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/user/orbit_1", "<h1>404 Not Found</h1>", status=404)
    with pytest.raises(PanelBadAnswer):
        await client.get_user("orbit_1")
    with pytest.raises(PanelBadAnswer):
        await client.delete_user("orbit_1")


async def test_a_redirect_is_not_followed(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/core", "", status=307, Location="/elsewhere")
    with pytest.raises(PanelBadAnswer):
        await client.core()
    assert "/elsewhere" not in oracle.paths


async def test_too_many_requests_did_nothing(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/user/orbit_1", {"detail": "slow down"}, status=429)
    with pytest.raises(PanelUnavailable):
        await client.set_expiry("orbit_1", END)


async def test_a_login_that_answers_no_token_is_a_bad_answer(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/admin/token", {"token": "t0k3n"})
    with pytest.raises(PanelBadAnswer, match="field access_token is missing"):
        await client.core()


async def test_no_secret_is_in_any_error_or_log_line(client: MarzbanClient, oracle: Oracle) -> None:
    texts = []
    with capture_logs() as lines:
        for body, status in ECHOES:
            oracle.says("/api/user/orbit_1", body, status=status)
            with pytest.raises(PanelError) as failure:
                await client.get_user("orbit_1")
            texts += [str(failure.value), repr(failure.value)]
        oracle.says("/api/admin/token", {"detail": "p4ssw0rd"}, status=401)
        oracle.says("/api/core", {"detail": "t0k3n"}, status=401)
        with pytest.raises(PanelAuthFailed) as refused:
            await client.core()
        texts += [str(refused.value), repr(refused.value), str(lines)]
    assert not [text for text in texts for secret in SECRETS if secret in text]


async def test_a_user_shows_no_link_when_printed(client: MarzbanClient, oracle: Oracle) -> None:
    oracle.says("/api/user/orbit_1", USER)
    shown = repr(await client.get_user("orbit_1"))
    assert "orbit_1" in shown
    assert not [secret for secret in SECRETS if secret in shown]
