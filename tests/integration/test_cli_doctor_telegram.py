"""What `./orbit doctor` says of the operators' group and the required channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.cli.doctor_telegram import required_channel, support_group
from sandbox.telegram.groups import Group
from tests.support.bot_world import SECRET_PART, bot_world, settings_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.cli.finding import Finding
    from tests.support.bot_world import BotWorld

DESK, NEWS = -100500, -100501


@pytest.fixture
async def world() -> AsyncIterator[BotWorld]:
    async with bot_world() as world:
        yield world


async def of_group(world: BotWorld, **group: object) -> Finding:
    world.telegram.groups.put(Group(DESK, "Desk", **group))  # type: ignore[arg-type]  # of the fields of a group
    return await support_group(settings_for(world.url), world.http, DESK)


async def of_channel(world: BotWorld, name: str = "@news", **channel: object) -> Finding:
    world.telegram.groups.put(Group(NEWS, "News", "channel", **channel))  # type: ignore[arg-type]  # the same
    return await required_channel(settings_for(world.url), world.http, name)


async def test_a_group_is_well_once_it_has_topics_and_an_administrator_and_no_address(world: BotWorld) -> None:
    assert (await of_group(world)).is_well
    everything = await of_group(world, is_forum=False, bot="member", username="desk")
    assert not everything.is_well
    for words in ("no topics", "no administrator", "public"):
        assert words in everything.said
    gone = await of_group(world, bot="left")
    assert (gone.is_well, "not a member" in gone.said) == (False, True)


async def test_a_channel_is_well_once_the_bot_can_see_its_members_and_lead_people_there(world: BotWorld) -> None:
    assert (await of_channel(world, username="news")).is_well
    for found in (
        await of_channel(world, username="another"),
        await of_channel(world, username="news", bot="member"),
        await of_channel(world, str(NEWS)),
    ):
        assert (found.is_well, "the gate stands open" in found.said) == (False, True)


async def test_silence_is_told_without_the_token(world: BotWorld) -> None:
    silent = await support_group(settings_for("http://127.0.0.1:9"), world.http, DESK)
    assert (silent.is_well, SECRET_PART in silent.said) == (False, False)
