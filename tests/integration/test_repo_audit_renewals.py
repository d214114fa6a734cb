"""The audit bites on what renewed itself, too: whatever is changed by hand behind its back is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.test_repo_audit import Change, missed_changes, missed_removals
from tests.support.renewal_world import DAY, TRIAL_END, RenewalWorld

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

BY_ITSELF = "intent LIKE 'renew:%'"
TOLD = "kind = 'renewed'"
CHANGES = [
    Change("purchases", "intent", "'renew:9:' || split_part(intent, ':', 3)", BY_ITSELF),
    Change("purchases", "intent", "intent || '0'", BY_ITSELF),
    Change("purchases", "intent", "replace(intent, '0', 'x')", BY_ITSELF),
    Change("purchases", "intent", "'by hand'", BY_ITSELF),
    Change("purchases", "created_at", "created_at - interval '1 hour'", BY_ITSELF),
    Change("purchases", "created_at", "created_at + interval '5 days'", BY_ITSELF),
    Change("purchases", "user_id", "9", BY_ITSELF),
    Change("purchases", "subscription_end", "subscription_end + interval '1 hour'", BY_ITSELF),
    Change("purchases", "days", "days + 1", BY_ITSELF),
    Change("notices", "recipient", "9", TOLD),
    Change("notices", "kind", "'gift_redeemed'", TOLD),
    Change("notices", "key", "key || '0'", TOLD),
]


@pytest.fixture
async def world(database: Database, cache: Cache) -> RenewalWorld:
    """One renewal before the end, and one after it."""
    world = RenewalWorld(database, cache)
    await world.arrive_in_english(7, 9)
    await world.fund(7, 130)
    await world.agrees()
    for day in (-1, 29, 30):
        await world.pass_to(TRIAL_END + day * DAY)
    await world.fund(7, 200)
    await world.pass_to(TRIAL_END + 31 * DAY)
    assert await world.renewed() == 2
    await world.are_right()
    return world


async def test_whatever_column_is_changed_in_whatever_row_is_noticed(world: RenewalWorld) -> None:
    assert await missed_changes(world, CHANGES) == {}


async def test_whatever_row_is_removed_is_noticed(world: RenewalWorld) -> None:
    assert await missed_removals(world, {"purchases": BY_ITSELF, "notices": TOLD}) == {}
