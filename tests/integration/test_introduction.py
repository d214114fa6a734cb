"""What Telegram shows of the bot by itself, and what a person sees while something takes its time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from app.core.handlers import make_switchboard
from app.core.introduction import COMMANDS, Introduction
from app.core.patience import with_patience
from app.core.screens.screen import CELEBRATION, Screen, send
from app.locales.locales import TRANSLATORS
from tests.support.bot_world import BotWorld, bot_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SETTERS = ("setMyCommands", "setMyDescription", "setMyShortDescription")


@pytest.fixture
async def world() -> AsyncIterator[BotWorld]:
    async with bot_world() as world:
        yield world


async def until_the_chat_was_told(world: BotWorld) -> str:
    while not await world.calls("sendChatAction"):
        pass
    return "done"


async def test_every_language_gets_its_commands_and_descriptions_and_they_are_set_once(world: BotWorld) -> None:
    bot = world.bot()
    for _ in range(2):
        await Introduction(bot, 7).run_once()
    assert [await world.calls(method) for method in SETTERS] == [len(TRANSLATORS)] * 3
    russian, english = await bot.get_my_commands(), await bot.get_my_commands(language_code="en")
    assert [command.command for command in russian] == [command.command for command in english] == [*COMMANDS]
    assert (await bot.get_my_description()).description.count("7 дней бесплатно") == 1
    assert (await bot.get_my_description(language_code="en")).description.count("7 days free") == 1


async def test_a_release_that_says_something_else_replaces_it(world: BotWorld) -> None:
    bot = world.bot()
    await Introduction(bot, 7).run_once()
    await Introduction(bot, 3).run_once()
    assert [await world.calls(method) for method in SETTERS] == [2, 4, 2]


def test_every_command_that_is_shown_is_answered() -> None:
    assert set(COMMANDS) <= make_switchboard().commands


async def test_a_chat_shows_that_the_bot_is_at_it_until_the_work_is_done(world: BotWorld) -> None:
    ann, bot = await world.person(), world.bot()

    assert await with_patience(bot, ann, until_the_chat_was_told(world)) == "done"


async def test_what_is_quick_or_fails_says_so_by_itself(world: BotWorld) -> None:
    ann, bot = await world.person(), world.bot()

    async def fails() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await with_patience(bot, ann, fails())
    assert await with_patience(bot, ann, asyncio.sleep(0, "quick")) == "quick"
    assert await world.calls("sendChatAction") == 0


async def test_work_goes_on_where_the_chat_can_not_be_told(world: BotWorld) -> None:
    ann, bot = await world.person(), world.bot()
    await world.misbehaves("sendChatAction", "error", times=-1, status=400)
    assert await with_patience(bot, ann, until_the_chat_was_told(world)) == "done"


async def test_a_message_comes_without_its_effect_where_telegram_does_not_know_it(world: BotWorld) -> None:
    ann, bot = await world.person(), world.bot()
    assert (await send(bot, ann, Screen("paid", effect=CELEBRATION))).effect_id == CELEBRATION
    assert (await send(bot, ann, Screen("paid", effect="1"))).effect_id is None
    assert await world.texts(ann) == ["paid", "paid"]
