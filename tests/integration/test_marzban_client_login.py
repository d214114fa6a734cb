"""The token: one login for all, shared through Redis, renewed when refused, never hammered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from app.panels.clients import PanelClients
from app.panels.port import NewPanelUser, PanelAuthFailed, PanelUnavailable
from sandbox.clock import SandboxClock
from sandbox.marzban import Panel
from tests.support.panels import PASSWORD, RunningPanel, marzban_of, repository, running

if TYPE_CHECKING:
    from app.utils.redis import Cache

LOGIN = "POST /api/admin/token"
TOKEN_KEY = "marzban:s001:token"


@pytest.fixture
async def served() -> AsyncIterator[RunningPanel]:
    async with running(Panel(SandboxClock(), "s001", "admin", PASSWORD, token_minutes=60)) as panel:
        yield panel


@pytest.fixture
async def clients(cache: Cache, served: RunningPanel) -> AsyncIterator[PanelClients]:
    pool = PanelClients(repository(cache), served.panel.clock, allow_private=True)
    yield pool
    await pool.close()


async def test_five_hundred_calls_at_once_log_in_once(clients: PanelClients, served: RunningPanel) -> None:
    client = marzban_of(clients, served.access())
    await asyncio.gather(*(client.core() for _ in range(500)))
    assert served.count(LOGIN) == 1


async def test_another_replica_takes_the_token_from_redis(
    clients: PanelClients, cache: Cache, served: RunningPanel
) -> None:
    await marzban_of(clients, served.access()).core()
    replica = PanelClients(repository(cache), served.panel.clock, allow_private=True)
    await marzban_of(replica, served.access()).core()
    await replica.close()
    assert served.count(LOGIN) == 1


async def test_the_token_is_kept_a_little_less_long_than_it_lives(
    clients: PanelClients, cache: Cache, served: RunningPanel
) -> None:
    await marzban_of(clients, served.access()).core()
    assert 3500 < await cache.client.ttl(TOKEN_KEY) <= 3540


async def test_a_token_without_end_is_kept_for_twenty_minutes(
    clients: PanelClients, cache: Cache, served: RunningPanel
) -> None:
    served.panel.token_minutes = 0
    await marzban_of(clients, served.access()).core()
    assert 1000 < await cache.client.ttl(TOKEN_KEY) <= 1200


async def test_a_token_that_lives_a_minute_serves_and_is_shared(
    clients: PanelClients, cache: Cache, served: RunningPanel
) -> None:
    served.panel.token_minutes = 1
    client = marzban_of(clients, served.access())
    for _ in range(5):
        await client.core()
    assert served.count(LOGIN) == 1
    assert 30 < await cache.client.ttl(TOKEN_KEY) <= 45


async def test_a_token_is_renewed_before_it_ends(clients: PanelClients, cache: Cache, served: RunningPanel) -> None:
    client = marzban_of(clients, served.access())
    await client.core()
    served.panel.clock.advance(3550)
    await cache.delete(TOKEN_KEY)
    await client.core()
    assert served.count(LOGIN) == 2
    assert served.count("GET /api/core") == 2


async def test_a_storm_of_refusals_costs_one_login(clients: PanelClients, served: RunningPanel) -> None:
    client = marzban_of(clients, served.access())
    await client.core()
    served.panel.clock.advance(5)
    served.panel.set_admin("admin", PASSWORD, is_sudo=True)
    results = await asyncio.gather(*(client.core() for _ in range(100)))
    assert all(core.started for core in results)
    assert served.count(LOGIN) == 2


async def test_a_write_with_a_refused_token_is_done_once_with_a_new_one(
    clients: PanelClients, served: RunningPanel
) -> None:
    client = marzban_of(clients, served.access())
    await client.core()
    await served.fault("POST /api/user", "error", status=401)
    made = await client.create_user(NewPanelUser("orbit_1", served.panel.now(), 0, "orbit:1"))
    assert made.username == "orbit_1"
    assert served.count("POST /api/user") == 2


async def test_a_wrong_password_is_tried_once_in_thirty_seconds(clients: PanelClients, served: RunningPanel) -> None:
    client = marzban_of(clients, served.access(password="wrong"))
    results = await asyncio.gather(*(client.core() for _ in range(50)), return_exceptions=True)
    assert {type(result) for result in results} == {PanelAuthFailed}
    with pytest.raises(PanelAuthFailed):
        await client.core()
    assert served.count(LOGIN) == 1
    served.panel.clock.advance(31)
    with pytest.raises(PanelAuthFailed):
        await client.core()
    assert served.count(LOGIN) == 2


async def test_a_panel_that_refuses_fresh_tokens_is_not_logged_in_to_again_and_again(
    clients: PanelClients, served: RunningPanel
) -> None:
    await served.fault("GET /api/core", "error", status=401, times=-1)
    client = marzban_of(clients, served.access())
    for _ in range(10):
        with pytest.raises(PanelAuthFailed):
            await client.core()
    assert served.count(LOGIN) == 2


async def test_a_failed_login_answers_all_who_waited_for_it(clients: PanelClients, served: RunningPanel) -> None:
    await served.fault("/api/admin/token", "error", times=-1, status=502)
    client = marzban_of(clients, served.access())
    writes = (client.set_expiry("orbit_1", served.panel.now()) for _ in range(50))
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert {type(result) for result in results} == {PanelUnavailable}
    assert served.count(LOGIN) == 1


async def test_a_login_given_up_by_its_caller_is_made_by_the_next(clients: PanelClients, served: RunningPanel) -> None:
    await served.fault("/api/admin/token", "hang")
    client = marzban_of(clients, served.access())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.core()
    assert (await client.core()).started
