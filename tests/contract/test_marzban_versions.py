"""The client against answers that Marzban panels of several versions gave, recorded from running ones on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.panels.port import NewPanelUser, Panel, PanelNode, PanelUser
from app.services.records import PanelKind
from tests.support.recorded import Recording, played, refused, versions

if TYPE_CHECKING:
    from app.utils.redis import Cache

ANSWERS = "marzban_answers"
END = datetime.fromtimestamp(1893553445, UTC)
USER = NewPanelUser("orbit_1", END, 5 * 2**30, "orbit:1")


@pytest.fixture(params=versions(ANSWERS))
async def recording(request: pytest.FixtureRequest) -> Recording:
    return Recording(ANSWERS, request.param)


@pytest.fixture
async def panel(recording: Recording, cache: Cache) -> AsyncIterator[Panel]:
    async with played(recording, PanelKind.MARZBAN, cache) as opened:
        yield opened


def is_as_made(user: PanelUser) -> bool:
    """Whether this is the user of the recordings, with everything that is sold."""
    facts = (user.username, user.expire, user.data_limit, user.used_traffic, user.note)
    schemes = {link.partition("://")[0] for link in user.links}
    return facts == ("orbit_1", 1893553445, 5 * 2**30, 0, "orbit:1") and schemes == {"vless", "vmess"}


async def test_users_are_read(panel: Panel, recording: Recording) -> None:
    made, found = await panel.create_user(USER), await panel.get_user("orbit_1")
    moved, emptied = await panel.set_expiry("orbit_1", END), await panel.reset_usage("orbit_1")
    assert all(user is not None and is_as_made(user) for user in (made, found, moved, emptied))
    assert "/sub/" in made.subscription_url
    recording.chosen = "disabled"
    assert not (await panel.set_enabled("orbit_1", enabled=False)).is_enabled


async def test_lists_are_read(panel: Panel) -> None:
    page = await panel.users(0, 2)
    assert page.total == 1
    (listed,) = page.users
    assert (listed.username, listed.expire, listed.note) == ("orbit_1", 1893553445, "orbit:1")
    assert await panel.named_users(["orbit_1"]) == page.users


async def test_how_the_panel_is_and_what_it_carries_is_read(panel: Panel, recording: Recording) -> None:
    load = await panel.load(END - timedelta(hours=3), END)
    assert load.health.product == f"Marzban {recording.version}"
    assert load.health.is_serving
    assert load.health.nodes == (PanelNode(1, "de-1", is_connected=False),)
    assert load.bytes_of == {0: 0, 1: 0}


async def test_refusals_are_told_apart(panel: Panel, recording: Recording) -> None:
    assert {"note", "expire"} <= await refused(panel, recording, USER)
