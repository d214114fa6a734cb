"""The PasarGuard adapter against its emulator: what only this kind does, and what it must not be sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
import pytest

from app.panels.choice import PanelChoice
from app.panels.clients import PanelClients
from app.panels.gate import PanelGate
from app.panels.port import (
    AmbiguousOutcome,
    NewPanelUser,
    Panel,
    PanelBadAnswer,
    PanelInvalid,
    PanelUnavailable,
)
from app.panels.provisioning import Provisioner
from app.panels.subscription import PanelSubscriptions
from app.repo.panel_sub import SubscriptionHttp
from app.services.records import ConfigWork, PanelAccess, PanelKind
from app.services.subscription_records import Subscriber, Visit
from sandbox import pasarguard
from sandbox.clock import SandboxClock
from sandbox.pasarguard.model import User
from sandbox.serve import Server
from tests.support.panels import PASSWORD, JobQueue, PanelList, repository

if TYPE_CHECKING:
    from app.utils.redis import Cache

USER = NewPanelUser("orbit_1", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC), 5 * 2**30, "orbit:1", device_limit=2)


class Guarded:
    """An emulator, its row and its clients."""

    def __init__(self, clients: PanelClients, panel: pasarguard.Panel, url: str) -> None:
        self.clients = clients
        self.emulated = panel
        self.url = url

    def access(self, **profile: object) -> PanelAccess:
        """The row, with this access profile."""
        return PanelAccess(
            "s001", "One", f"{self.url}/", "admin", PASSWORD, 100, frozenset(),
            kind=PanelKind.PASARGUARD,
            access_profile=profile,
        )  # fmt: skip

    def panel(self, **profile: object) -> Panel:
        """The adapter."""
        return self.clients.for_instance(self.access(**profile))

    async def fault(self, match: str, action: str, **more: object) -> None:
        """Let the emulator misbehave; see sandbox/faults.py."""
        body = {"match": match, "action": action, **more}
        async with aiohttp.request("POST", f"{self.url}/sim/faults", json=body) as response:
            assert response.status == 200


@pytest.fixture
async def guarded(cache: Cache) -> AsyncIterator[Guarded]:
    async with AsyncExitStack() as stack:
        emulated = pasarguard.Panel(SandboxClock(), "One", "admin", PASSWORD)
        server = Server(pasarguard.create_app(emulated))
        url = await server.start()
        stack.push_async_callback(server.stop)
        clients = PanelClients(repository(cache), emulated.clock, 2, allow_private=True)
        stack.push_async_callback(clients.close)
        yield Guarded(clients, emulated, url)


async def test_a_user_gets_every_group_that_is_on_and_the_limit_of_devices(guarded: Guarded) -> None:
    guarded.emulated.groups[2].is_disabled = True
    made = await guarded.panel().create_user(USER)
    stored = guarded.emulated.users["orbit_1"]
    assert (stored.group_ids, stored.hwid_limit, stored.expire) == ([1], 2, USER.expires_at)
    assert made.remote_id == str(stored.id)
    assert [link.partition("://")[0] for link in made.links] == ["vless", "trojan"]


async def test_the_row_says_which_groups(guarded: Guarded) -> None:
    await guarded.panel(group_ids=[2]).create_user(USER)
    assert guarded.emulated.users["orbit_1"].group_ids == [2]


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        ({"group_ids": [2, 9]}, "group_ids"),
        ({"group_ids": []}, "group_ids"),
        ({"group_ids": "two"}, "access_profile"),
        ({"inbounds": {"vless": []}}, "access_profile"),
    ],
)
async def test_a_profile_that_this_panel_cannot_follow_makes_nobody(
    guarded: Guarded, profile: dict[str, object], field: str
) -> None:
    with pytest.raises(PanelInvalid) as refused:
        await guarded.panel(**profile).create_user(USER)
    assert set(refused.value.fields) == {field}
    assert guarded.emulated.users == {}


async def test_a_group_without_inbounds_is_noticed_before_a_customer_does(guarded: Guarded) -> None:
    for group in guarded.emulated.groups.values():
        group.inbound_tags = ()
    with pytest.raises(PanelBadAnswer, match="the subscription is empty"):
        await guarded.panel().create_user(USER)


async def test_a_lost_answer_leaves_a_doubt_that_a_look_settles(guarded: Guarded) -> None:
    await guarded.fault("POST /api/user", "drop_after")
    panel = guarded.panel()
    with pytest.raises(AmbiguousOutcome):
        await panel.create_user(USER)
    found = await panel.get_user("orbit_1")
    assert found is not None
    assert found.note == "orbit:1"


@pytest.mark.parametrize("status", [503, 401, 403, 422])
async def test_who_was_made_and_whose_links_cannot_be_had_is_in_doubt(guarded: Guarded, status: int) -> None:
    panel = guarded.panel()
    await guarded.fault("subscription/links", "error", status=status, times=3)
    with pytest.raises(AmbiguousOutcome, match="made, but no links"):
        await panel.create_user(USER)
    assert list(guarded.emulated.users) == ["orbit_1"]


async def test_who_goes_before_their_links_are_read_is_in_doubt_when_made_and_nobody_when_looked_at(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, numbered = guarded.panel(), guarded.emulated.numbered
    vanished: list[User] = []

    def gone(number: str) -> User:
        vanished.append(guarded.emulated.users.pop("orbit_1"))
        return numbered(number)

    monkeypatch.setattr(guarded.emulated, "numbered", gone)
    with pytest.raises(AmbiguousOutcome, match="made, but no links"):
        await panel.create_user(USER)
    guarded.emulated.users["orbit_1"] = vanished[0]
    assert await panel.get_user("orbit_1") is None
    assert len(vanished) == 2


async def test_devices_beyond_the_limit_are_refused_by_the_panel_itself(guarded: Guarded) -> None:
    made = await guarded.panel().create_user(USER)
    for device, status in (("one", 200), ("two", 200), ("three", 403), ("one", 200)):
        async with aiohttp.request("GET", made.subscription_url, headers={"X-HWID": device}) as answer:
            assert answer.status == status


async def test_what_the_shop_reads_takes_no_place_of_a_device(guarded: Guarded) -> None:
    guarded.emulated.hwid_forced = True
    panel = guarded.panel()
    await panel.create_user(USER)
    assert (await panel.get_user("orbit_1") or USER).username == "orbit_1"
    assert guarded.emulated.users["orbit_1"].devices == set()


async def test_load_is_told_by_node_and_in_whole_hours(guarded: Guarded) -> None:
    panel, emulated = guarded.panel(), guarded.emulated
    await panel.create_user(USER)
    emulated.carry(emulated.users["orbit_1"], 1, 3 * 2**30)
    emulated.carry(emulated.users["orbit_1"], 2, 2**30)
    emulated.nodes[2].status = "limited"
    now = emulated.clock.now()
    load = await panel.load(now - timedelta(hours=3), now)
    assert load.bytes_of == {1: 3 * 2**30, 2: 2**30}
    assert [(node.name, node.is_connected) for node in load.health.nodes] == [("one-1", True), ("one-2", False)]
    assert (load.health.product, load.health.users_active) == ("PasarGuard 5.2.1", 1)


async def test_a_database_that_rests_is_unavailable_to_read(guarded: Guarded) -> None:
    await guarded.fault("GET /api/users", "error", status=503, times=3)
    with pytest.raises(PanelUnavailable, match="status 503"):
        await guarded.panel().users(0, 10)


async def test_apps_get_their_profile_through_the_shop(guarded: Guarded) -> None:
    made = await guarded.panel().create_user(USER)
    http = SubscriptionHttp(allow_private=True)
    try:
        profile = await http.get(guarded.access(), made.subscription_url, "v2rayNG/1.9", None)
    finally:
        await http.close()
    assert profile.headers["subscription-userinfo"].startswith("upload=0; download=0; total=5368709120;")


async def test_the_panel_hears_of_devices_and_the_shop_decides_which_are_let_in(guarded: Guarded) -> None:
    guarded.emulated.hwid_forced = True
    made = await guarded.panel().create_user(USER)
    http = SubscriptionHttp(allow_private=True)
    source = PanelSubscriptions(PanelList(guarded.access()), guarded.clients, http, guarded.emulated.clock)
    who = Subscriber(1, 7, "ru", "VPN 1", USER.expires_at, "s001", "orbit_1", made.subscription_url, None)  # type: ignore[arg-type]

    async def gets(device: str) -> bool:
        visit = Visit("happ", "Happ/1", None, reads_links=True, device={"x-hwid": device} if device else {})
        return await source.fetch(who, visit) is not None

    try:
        assert [await gets(device) for device in ("one", "two", "three", "")] == [True, True, False, False]
        assert guarded.emulated.users["orbit_1"].devices == {"one", "two"}
        guarded.emulated.hwid_forced = False
        assert [await gets(device) for device in ("three", "")] == [True, True]
    finally:
        await http.close()


async def test_the_shop_provisions_on_it_as_on_any_panel(guarded: Guarded, cache: Cache) -> None:
    clock, queue = guarded.emulated.clock, JobQueue(guarded.emulated.clock)
    panels, gate = PanelList(guarded.access()), PanelGate(guarded.clients, clock)
    choice = PanelChoice(panels, gate, repository(cache), clock)
    provisioner = Provisioner(queue, panels, gate, choice, clock, device_limit=3)
    row = queue.want(1)
    await guarded.fault("POST /api/user", "drop_after")
    await provisioner.run_once()
    stored = guarded.emulated.users[row.username]
    assert (row.instance_id, row.work, stored.note, stored.expire) == ("s001", None, "orbit:1", row.expires_at)
    assert (row.link.partition("://")[0], stored.hwid_limit) == ("vless", 3)
    queue.change(row, ConfigWork.SYNC, row.expires_at + timedelta(days=30))
    await provisioner.run_once()
    assert guarded.emulated.users[row.username].expire == row.expires_at
    queue.change(row, ConfigWork.DELETE)
    await provisioner.run_once()
    assert (row.is_deleted, guarded.emulated.users) == (True, {})
