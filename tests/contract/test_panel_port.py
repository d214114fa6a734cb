"""Every kind of panel does the same behind the port; `python -m tests.real_panel` asks it of a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

import aiohttp
import pytest

from app.panels.clients import PanelClients
from app.panels.kinds import ADAPTERS
from app.panels.port import AmbiguousOutcome, PanelAuthFailed, PanelBadAnswer
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


@pytest.mark.parametrize(("match", "action"), [("POST /api/user", "drop_after"), ("subscription/links", "error")])
async def test_who_was_made_is_never_said_to_be_surely_not_made(ground: Ground, match: str, action: str) -> None:
    faults, wish = f"{ground.access.base_url}sim/faults", ground.wish()
    fault = {"match": match, "action": action, "status": 503, "times": -1}
    async with aiohttp.request("POST", faults, json=fault) as answer:
        assert answer.status == 200
    with suppress(AmbiguousOutcome, PanelBadAnswer):
        await ground.panel.create_user(wish)
    async with aiohttp.request("DELETE", faults) as answer:
        assert answer.status == 200
    found = await ground.panel.get_user(wish.username)
    assert found is not None
    assert found.note == wish.note


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
