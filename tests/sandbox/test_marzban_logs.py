"""The panel's logs over their sockets: who may read them, what comes first, and when they end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import pytest

from sandbox.clock import SandboxClock
from sandbox.marzban import Panel
from sandbox.marzban.asks import UserCreate
from sandbox.marzban.lifecycle import create
from tests.support.panels import PASSWORD, RunningPanel, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def panel() -> AsyncIterator[RunningPanel]:
    async with running(Panel(SandboxClock(), "a", "admin", PASSWORD)) as served:
        asked = UserCreate.model_validate({"username": "bob", "proxies": {"vless": {}}, "inbounds": {}})
        create(served.panel, asked, served.panel.admins["admin"])
        yield served


async def refused(panel: RunningPanel, path: str, token: str) -> int:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await http.ws_connect(f"{panel.server.url}{path}", headers={"Authorization": f"Bearer {token}"})
    return refusal.value.status


async def test_whoever_is_no_sudo_admin_and_a_node_that_is_away_are_refused_alike(panel: RunningPanel) -> None:
    panel.panel.set_admin("reseller", PASSWORD, is_sudo=False)
    sudo, reseller = (panel.panel.login(name, PASSWORD) for name in ("admin", "reseller"))
    panel.panel.nodes[2].status = "error"
    for path, token in (
        ("/api/core/logs", "forged"),
        ("/api/core/logs", reseller),
        ("/api/core/logs?interval=11", sudo),
        ("/api/core/logs?interval=often", sudo),
        ("/api/node/2/logs", sudo),
        ("/api/node/9/logs", sudo),
    ):
        assert await refused(panel, path, token) == 403


async def test_a_reader_begins_with_the_last_hundred_lines_and_reads_on(panel: RunningPanel) -> None:
    for number in range(120):
        panel.logs.connect("bob", 1, f"198.51.100.{number}")
    token = panel.panel.login("admin", PASSWORD)
    async with aiohttp.ClientSession() as http:
        body = {"username": "bob", "node": "a-1", "host": "203.0.113.5"}
        async with http.ws_connect(f"{panel.server.url}/api/node/1/logs?interval=0.05&token={token}") as socket:
            first, rest = [(await socket.receive_str(timeout=10)).splitlines() for _ in range(2)]
            assert (len(first), len(rest)) == (1, 99)
            assert "from 198.51.100.20:40000 accepted" in first[0]
            assert first[0].endswith("email: 1.bob")
            async with http.post(f"{panel.server.url}/sim/connections", json=body) as answer:
                assert answer.status == 200
            assert "203.0.113.5" in await socket.receive_str(timeout=10)
            panel.panel.users["bob"].status = "disabled"
            panel.logs.connect("bob", 1, "203.0.113.6")
            assert "rejected" in await socket.receive_str(timeout=10)
            panel.panel.nodes[1].status = "error"
            async with asyncio.timeout(10):
                assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        async with http.post(f"{panel.server.url}/sim/connections", json={**body, "node": "nowhere"}) as answer:
            assert answer.status == 400
