"""A panel that fails is spared for a while, and what one user has used is asked within a deadline."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from app.panels.breaker import Breaker
from app.panels.port import NewPanelUser, Panel, PanelUnavailable, PanelUserNotFound
from app.panels.usage import MarzbanUsage
from app.services.records import Usage
from sandbox.clock import SandboxClock
from tests.support.panels import Bed, repository, two_panels

if TYPE_CHECKING:
    from app.utils.redis import Cache


@pytest.fixture
async def bed(cache: Cache) -> AsyncIterator[Bed]:
    async with two_panels(repository(cache)) as ready:
        yield ready


async def renew(client: Panel) -> None:
    await client.set_expiry("orbit_1", SandboxClock().now())


async def fail(bed: Bed, times: int) -> None:
    for _ in range(times):
        with pytest.raises(PanelUnavailable):
            await bed.gate.call(bed.a.access(), renew)


async def test_after_five_failures_a_panel_is_not_called(bed: Bed) -> None:
    bed.a.panel.up = False
    await fail(bed, 5)
    calls = len(bed.a.calls)
    await fail(bed, 3)
    assert len(bed.a.calls) == calls


async def test_a_panel_that_came_back_is_used_after_fifteen_seconds(bed: Bed) -> None:
    bed.a.panel.up = False
    await fail(bed, 5)
    bed.a.panel.up = True
    await fail(bed, 1)
    bed.clock.advance(15)
    for _ in range(2):
        with pytest.raises(PanelUserNotFound):
            await bed.gate.call(bed.a.access(), renew)


async def test_a_refusal_is_no_failure(bed: Bed) -> None:
    for _ in range(10):
        with pytest.raises(PanelUserNotFound):
            await bed.gate.call(bed.a.access(), renew)


async def test_one_panels_failures_do_not_close_another(bed: Bed) -> None:
    bed.a.panel.up = False
    await fail(bed, 5)
    with pytest.raises(PanelUserNotFound):
        await bed.gate.call(bed.b.access(), renew)


def test_a_half_open_breaker_lets_one_call_try() -> None:
    clock = SandboxClock()
    breaker = Breaker(clock)
    for _ in range(5):
        breaker.failed()
    assert not breaker.admits()
    clock.advance(15)
    assert breaker.admits()
    assert not breaker.admits()
    breaker.failed()
    assert not breaker.admits()
    clock.advance(15)
    assert breaker.admits()
    breaker.abandoned()
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.admits()
    assert breaker.admits()


async def test_usage_tells_bytes_and_the_limit(bed: Bed) -> None:
    usage = MarzbanUsage(bed.panels, bed.gate)
    for name, limit in (("orbit_1", 1000), ("orbit_2", 0)):
        wanted = NewPanelUser(name, bed.clock.now(), limit, "orbit:1")
        await bed.clients.for_instance(bed.a.access()).create_user(wanted)
    bed.a.panel.carry(bed.a.panel.users["orbit_1"], "a-1", 700)
    assert await usage.usage("a", "orbit_1") == Usage(700, 1000)
    assert await usage.usage("a", "orbit_2") == Usage(0, None)


async def test_usage_is_unknown_where_the_panel_does_not_say(bed: Bed) -> None:
    usage = MarzbanUsage(bed.panels, bed.gate)
    assert await usage.usage("a", "orbit_9") is None
    assert await usage.usage("gone", "orbit_9") is None
    bed.a.panel.up = False
    assert await usage.usage("a", "orbit_9") is None
    await bed.b.fault("*", "hang", times=-1)
    assert await usage.usage("b", "orbit_9") is None
