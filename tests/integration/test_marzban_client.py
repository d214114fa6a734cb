"""The client against the panel emulator over HTTP: what it asks, what it repeats, what it makes of failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.panels.clients import PanelClients
from app.panels.port import (
    AmbiguousOutcome,
    NewPanelUser,
    PanelAuthFailed,
    PanelInvalid,
    PanelUnavailable,
    PanelUserExists,
    PanelUserNotFound,
)
from app.repo.marzban_client import MarzbanClient
from sandbox.clock import SandboxClock
from sandbox.marzban import Panel
from tests.support.panels import PASSWORD, RunningPanel, marzban_of, repository, running

if TYPE_CHECKING:
    from app.utils.redis import Cache

END = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
USER = NewPanelUser("orbit_1", END, 5 * 2**30, "orbit:1")
CREATE = "POST /api/user"


@pytest.fixture
async def served() -> AsyncIterator[RunningPanel]:
    async with running(Panel(SandboxClock(), "s001", "admin", PASSWORD)) as panel:
        yield panel


@pytest.fixture
async def clients(cache: Cache, served: RunningPanel) -> AsyncIterator[PanelClients]:
    pool = PanelClients(repository(cache), served.panel.clock, timeout_seconds=2, allow_private=True)
    yield pool
    await pool.close()


@pytest.fixture
async def client(clients: PanelClients, served: RunningPanel) -> MarzbanClient:
    return marzban_of(clients, served.access())


async def test_a_user_is_made_with_all_inbounds_of_vless_and_vmess(client: MarzbanClient, served: RunningPanel) -> None:
    made = await client.create_user(USER)
    stored = served.panel.users["orbit_1"]
    assert set(stored.proxies) == {"vless", "vmess"}
    assert stored.proxies["vless"]["flow"] == "xtls-rprx-vision"
    assert stored.inbounds == {"vless": ["VLESS TCP REALITY"], "vmess": ["VMess Websocket"]}
    assert (stored.expire, stored.data_limit, stored.note) == (int(END.timestamp()), 5 * 2**30, "orbit:1")
    assert made.links[0].startswith("vless://")
    assert made.subscription_url.startswith(f"{served.server.url}/sub/")


async def test_a_renewal_moves_the_end_and_keeps_every_secret(client: MarzbanClient, served: RunningPanel) -> None:
    await client.create_user(USER)
    before = dict(served.panel.users["orbit_1"].proxies)
    moved = await client.set_expiry("orbit_1", END + timedelta(days=30))
    assert moved.expire == int((END + timedelta(days=30)).timestamp())
    assert served.panel.users["orbit_1"].proxies == before


async def test_a_missing_user_is_none_to_read_and_an_error_to_change(client: MarzbanClient) -> None:
    assert await client.get_user("orbit_9") is None
    with pytest.raises(PanelUserNotFound):
        await client.set_expiry("orbit_9", END)


async def test_deleting_twice_is_fine(client: MarzbanClient, served: RunningPanel) -> None:
    await client.create_user(USER)
    await client.delete_user("orbit_1")
    await client.delete_user("orbit_1")
    assert served.panel.users == {}


async def test_a_taken_name_is_told_apart(client: MarzbanClient) -> None:
    await client.create_user(USER)
    with pytest.raises(PanelUserExists):
        await client.create_user(USER)


@pytest.mark.parametrize("name", ["ab", "Orbit_1", "a/../b", "orbit-1", "x" * 33, ""])
async def test_a_name_that_panels_treat_differently_is_never_sent(
    client: MarzbanClient, served: RunningPanel, name: str
) -> None:
    with pytest.raises(PanelInvalid):
        await client.delete_user(name)
    assert served.calls == []


async def test_what_the_panel_refuses_names_its_field(client: MarzbanClient) -> None:
    with pytest.raises(PanelInvalid) as refusal:
        await client.create_user(NewPanelUser("orbit_1", END, 0, "x" * 501))
    assert set(refusal.value.fields) == {"note"}


async def test_a_panel_without_vless_and_vmess_gets_no_user(clients: PanelClients) -> None:
    async with running(Panel(SandboxClock(), "s002", "admin", PASSWORD, protocols=("trojan",))) as other:
        with pytest.raises(PanelInvalid):
            await marzban_of(clients, other.access()).create_user(USER)
        assert other.count(CREATE) == 0


async def test_load_figures_are_exact(client: MarzbanClient, served: RunningPanel) -> None:
    await client.create_user(USER)
    served.panel.nodes[2].usage_coefficient = 1.1
    served.panel.carry(served.panel.users["orbit_1"], "s001-1", 1000)
    now = served.panel.now()
    usages = {usage.node_name: usage for usage in await client.nodes_usage(now - timedelta(hours=3), now)}
    assert (usages["s001-1"].uplink, usages["s001-1"].downlink) == (200, 800)
    assert usages["Master"].node_id is None
    assert [node.usage_coefficient for node in await client.nodes()] == [Decimal("1.0"), Decimal("1.1")]
    assert (await client.system()).users_active == 1
    assert (await client.core()).started


async def test_a_read_is_repeated_until_the_panel_answers(client: MarzbanClient, served: RunningPanel) -> None:
    await served.fault("GET /api/core", "error")
    await served.fault("GET /api/core", "drop_before")
    assert (await client.core()).started
    assert served.count("GET /api/core") >= 3


async def test_a_read_gives_up_after_three_tries(client: MarzbanClient, served: RunningPanel) -> None:
    await served.fault("GET /api/core", "error", times=-1, status=502)
    with pytest.raises(PanelUnavailable):
        await client.core()
    assert served.count("GET /api/core") == 3


@pytest.mark.parametrize("fault", [{"action": "drop_after"}, {"action": "error"}, {"action": "error", "status": 503}])
async def test_a_creation_in_doubt_is_never_repeated(
    client: MarzbanClient, served: RunningPanel, fault: dict[str, object]
) -> None:
    await served.fault(CREATE, str(fault.pop("action")), times=-1, **fault)
    with pytest.raises(AmbiguousOutcome):
        await client.create_user(USER)
    assert served.count(CREATE) == 1


async def test_a_creation_that_hangs_is_in_doubt_after_the_timeout(clients: PanelClients, served: RunningPanel) -> None:
    await served.fault(CREATE, "hang")
    with pytest.raises(AmbiguousOutcome, match="timeout"):
        await marzban_of(clients, served.access()).create_user(USER)
    assert served.count(CREATE) == 1


async def test_a_panel_that_does_not_listen_has_surely_done_nothing(
    client: MarzbanClient, served: RunningPanel
) -> None:
    await client.core()
    await served.server.stop()
    with pytest.raises(PanelUnavailable):
        await client.create_user(USER)


async def test_an_address_that_is_none_is_unavailable(clients: PanelClients, served: RunningPanel) -> None:
    for rubbish in ("", "panel", "http://:8000", "http://host:99999/", "ftp://host/", "http://me:secret@host/"):
        with pytest.raises(PanelUnavailable) as refusal:
            await marzban_of(clients, served.access(base_url=rubbish)).set_expiry("orbit_1", END)
        assert "secret" not in str(refusal.value)


async def test_a_panel_of_an_env_admin_answers_500_to_a_deletion_that_worked(clients: PanelClients) -> None:
    async with running(Panel(SandboxClock(), "s002", "admin", PASSWORD, env_admin=True)) as other:
        client = marzban_of(clients, other.access())
        await client.create_user(USER)
        await client.delete_user("orbit_1")
        assert other.panel.users == {}


async def test_a_deletion_that_failed_stays_in_doubt(client: MarzbanClient, served: RunningPanel) -> None:
    await client.create_user(USER)
    await served.fault("DELETE", "error", times=-1)
    with pytest.raises(AmbiguousOutcome):
        await client.delete_user("orbit_1")


async def test_the_panel_goes_on_after_it_crashed_on_a_kept_connection(
    client: MarzbanClient, served: RunningPanel
) -> None:
    await served.fault("PUT", "error")
    await client.create_user(USER)
    with pytest.raises(AmbiguousOutcome):
        await client.set_expiry("orbit_1", END)
    assert (await client.set_expiry("orbit_1", END)).expire == int(END.timestamp())


async def test_no_more_than_six_requests_are_in_flight(client: MarzbanClient, served: RunningPanel) -> None:
    await served.fault("GET /api/core", "delay", times=-1, seconds=0.02)
    await asyncio.gather(*(client.core() for _ in range(40)))
    assert served.most_in_flight == 6


async def test_waiting_for_a_place_is_no_part_of_the_timeout(cache: Cache, served: RunningPanel) -> None:
    impatient = PanelClients(repository(cache), served.panel.clock, timeout_seconds=1, allow_private=True)
    client = marzban_of(impatient, served.access())
    await served.fault("PUT", "delay", times=-1, seconds=0.2)
    writes = (client.set_expiry("orbit_9", END) for _ in range(40))
    results = await asyncio.gather(*writes, return_exceptions=True)
    await impatient.close()
    assert {type(result) for result in results} == {PanelUserNotFound}


async def test_an_account_without_sudo_is_refused(clients: PanelClients, served: RunningPanel) -> None:
    served.panel.set_admin("helper", PASSWORD, is_sudo=False)
    with pytest.raises(PanelAuthFailed):
        await marzban_of(clients, served.access(username="helper")).nodes()


async def test_a_changed_row_is_used_at_once(clients: PanelClients, served: RunningPanel) -> None:
    with pytest.raises(PanelAuthFailed):
        await marzban_of(clients, served.access(password="wrong")).core()
    assert (await marzban_of(clients, served.access()).core()).started
    assert marzban_of(clients, served.access()) is marzban_of(clients, served.access())
