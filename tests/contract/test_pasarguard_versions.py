"""The PasarGuard adapter against answers that a running panel gave, recorded on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.panels.port import NewPanelUser, Panel, PanelNode
from app.services.records import PanelKind
from tests.support.recorded import Recording, played, refused, versions

if TYPE_CHECKING:
    from app.utils.redis import Cache

ANSWERS = "pasarguard_answers"
END = datetime.fromtimestamp(1893553445, UTC)
USER = NewPanelUser("orbit_1", END, 5 * 2**30, "orbit:1", device_limit=2)


@pytest.fixture(params=versions(ANSWERS))
async def recording(request: pytest.FixtureRequest) -> Recording:
    return Recording(ANSWERS, request.param)


@pytest.fixture
async def panel(recording: Recording, cache: Cache) -> AsyncIterator[Panel]:
    async with played(recording, PanelKind.PASARGUARD, cache) as opened:
        yield opened


async def test_users_are_read(panel: Panel, recording: Recording) -> None:
    made, found = await panel.create_user(USER), await panel.get_user("orbit_1")
    assert found is not None
    assert [link.partition("://")[0] for link in made.links] == ["vless", "vmess"]
    for user in (made, found, await panel.set_expiry("orbit_1", END), await panel.reset_usage("orbit_1")):
        facts = (user.username, user.expire, user.data_limit, user.used_traffic, user.note, user.is_enabled)
        assert facts == ("orbit_1", 1893553445, 5 * 2**30, 0, "orbit:1", True)
    assert "/sub/" in made.subscription_url
    recording.chosen = "disabled"
    assert not (await panel.set_enabled("orbit_1", enabled=False)).is_enabled


async def test_lists_are_read(panel: Panel) -> None:
    page = await panel.users(0, 2)
    (listed,) = page.users
    assert (page.total, listed.username, listed.expire, listed.note) == (1, "orbit_1", 1893553445, "orbit:1")
    assert await panel.named_users(["orbit_1"]) == page.users


async def test_how_the_panel_is_and_what_it_carries_is_read(panel: Panel, recording: Recording) -> None:
    load = await panel.load(END - timedelta(hours=3), END)
    assert (load.health.product, load.health.users_active) == (f"PasarGuard {recording.version}", 1)
    assert load.health.nodes == (PanelNode(1, "de-1", is_connected=False, usage_coefficient=Decimal("1.5")),)
    assert load.bytes_of == {1: 6000}


async def test_refusals_are_told_apart(panel: Panel, recording: Recording) -> None:
    assert "note" in await refused(panel, recording, USER)
