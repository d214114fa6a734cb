"""Every kind of panel does the same behind the port; `python -m tests.real_panel` asks it of a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from app.panels.clients import PanelClients
from app.panels.kinds import ADAPTERS
from app.panels.port import PanelAuthFailed
from app.repo.panel_sub import SubscriptionHttp
from app.services.records import PanelAccess, PanelKind
from sandbox import marzban, pasarguard
from sandbox.clock import SandboxClock
from sandbox.serve import Server
from tests.support.panel_scenarios import SCENARIOS, Ground, Scenario
from tests.support.panels import PASSWORD, repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from app.utils.redis import Cache

CLOCK = SandboxClock()
EMULATORS: dict[PanelKind, Callable[[], web.Application]] = {
    PanelKind.MARZBAN: lambda: marzban.create_app(marzban.Panel(CLOCK, "One", "admin", PASSWORD)),
    PanelKind.PASARGUARD: lambda: pasarguard.create_app(pasarguard.Panel(CLOCK, "One", "admin", PASSWORD)),
}


@pytest.fixture(params=PanelKind)
async def ground(request: pytest.FixtureRequest, cache: Cache) -> AsyncIterator[Ground]:
    async with AsyncExitStack() as stack:
        server = Server(EMULATORS[request.param]())
        url = await server.start()
        stack.push_async_callback(server.stop)
        access = PanelAccess("s001", "One", f"{url}/", "admin", PASSWORD, 100, frozenset(), kind=request.param)
        clients = PanelClients(repository(cache), CLOCK, 5, allow_private=True)
        stack.push_async_callback(clients.close)
        http = SubscriptionHttp(allow_private=True)
        stack.push_async_callback(http.close)
        yield Ground(clients.for_instance(access), access, http)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_a_panel_of_any_kind(ground: Ground, scenario: Scenario) -> None:
    await scenario(ground)


async def test_a_wrong_password_is_told_apart(ground: Ground, cache: Cache) -> None:
    clients = PanelClients(repository(cache), CLOCK, 5, allow_private=True)
    access = PanelAccess("s002", "", ground.access.base_url, "admin", "wrong", 1, frozenset(), kind=ground.access.kind)
    try:
        with pytest.raises(PanelAuthFailed):
            await clients.for_instance(access).delete_user("orbit_1")
    finally:
        await clients.close()


def test_every_kind_that_the_table_takes_has_an_adapter_and_an_emulator() -> None:
    assert set(ADAPTERS) == set(EMULATORS) == set(PanelKind)
