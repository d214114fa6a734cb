"""Where a row of the table may lead: no address of this machine or a private net, in whatever spelling."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from app.panels.clients import PanelClients
from app.panels.port import PanelUnavailable
from app.repo.panel_reach import REFUSED, AddressRefused, PublicResolver, is_public
from app.repo.panel_sub import SubscriptionHttp
from sandbox.clock import SandboxClock
from sandbox.marzban import Panel
from tests.support.panels import PASSWORD, RunningPanel, repository, running

if TYPE_CHECKING:
    from app.utils.redis import Cache

# Spellings of this machine that reach a server on its loopback address.
OURSELVES = [
    "127.0.0.1", "127.1", "127.0.0.2", "0.0.0.0", "0", "2130706433", "0x7f000001", "0x7f.1", "017700000001",  # noqa: S104 - called, not bound
    "localhost", "localhost.", "LOCALHOST", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::1]", "[::]",
]  # fmt: skip
HOSTILE = [
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "169.254.169.254", "169.254.0.1",
    "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "0.0.0.0", "127.0.0.1", "127.255.255.254", "::", "::1", "fe80::1",  # noqa: S104 - the same
    "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::",
    "2001:0:a00:1::", "not an address",
]  # fmt: skip
OPEN = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.fixture
async def served() -> AsyncIterator[RunningPanel]:
    async with running(Panel(SandboxClock(), "s001", "admin", PASSWORD)) as panel:
        yield panel


@pytest.mark.parametrize("address", HOSTILE)
def test_no_address_of_a_closed_net_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OPEN)
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


async def test_no_spelling_of_this_machine_is_called(cache: Cache, served: RunningPanel) -> None:
    clients = PanelClients(repository(cache), SandboxClock(), 2)
    try:
        for host in OURSELVES:
            access = served.access(instance_id=host, base_url=f"http://{host}:{served.server.port}/")
            with pytest.raises(PanelUnavailable):
                await clients.for_instance(access).delete_user("orbit_1")
    finally:
        await clients.close()
    assert served.calls == []


async def test_subscriptions_are_not_fetched_from_this_machine(served: RunningPanel) -> None:
    http = SubscriptionHttp()
    try:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            access = served.access(instance_id=host, base_url=f"http://{host}:{served.server.port}/")
            with pytest.raises(PanelUnavailable, match="PANELS_ALLOW_PRIVATE"):
                await http.get(access, "/sub/token", "v2rayNG/1", None)
    finally:
        await http.close()
    assert served.calls == []


class Names(AbstractResolver):
    """Answers every question with these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def test_a_name_is_judged_by_every_address_that_it_leads_to() -> None:
    found = await PublicResolver(Names("1.1.1.1", "2606:4700:4700::1111")).resolve("panel.example.com", 443)
    assert len(found) == 2
    with pytest.raises(AddressRefused, match=r"PANELS_ALLOW_PRIVATE"):
        await PublicResolver(Names("1.1.1.1", "169.254.169.254")).resolve("panel.example.com", 443)


async def test_a_name_that_leads_here_is_refused_in_words_that_name_the_setting(
    cache: Cache, served: RunningPanel
) -> None:
    clients = PanelClients(repository(cache), SandboxClock(), 2)
    access = served.access(base_url=f"http://localhost:{served.server.port}/")
    try:
        with pytest.raises(PanelUnavailable) as refused:
            await clients.for_instance(access).delete_user("orbit_1")
    finally:
        await clients.close()
    assert refused.value.reason == REFUSED
