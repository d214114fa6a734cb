from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from app.core.outgoing import PersonGone
from tests.support.bot_world import BotWorld, FakeTime, bot_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def world() -> AsyncIterator[BotWorld]:
    async with bot_world() as world:
        yield world


async def test_a_limit_is_waited_for_as_long_as_told(world: BotWorld) -> None:
    ann, time = await world.person(), FakeTime()
    await world.misbehaves("sendMessage", "rate_limit", times=2, seconds=7)
    await world.bot(time.policy()).send_message(ann, "hello")
    assert time.slept == [7, 7]
    assert await world.texts(ann) == ["hello"]


async def test_a_limit_holds_the_same_chat_back_and_lets_others_pass(world: BotWorld) -> None:
    ann, bob, time = await world.person("Ann"), await world.person("Bob"), FakeTime()
    bot = world.bot(time.policy())
    await world.misbehaves("sendMessage", "rate_limit", seconds=55)
    await world.misbehaves("sendMessage", "rate_limit", seconds=50)
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(ann, "one")
    assert time.slept == [55]
    await bot.send_message(bob, "to another chat")
    assert time.slept == [55]
    await bot.send_message(ann, "two")
    assert time.slept == [55, 50]


async def test_a_limit_that_names_no_chat_holds_everybody_back(world: BotWorld) -> None:
    ann, time = await world.person(), FakeTime()
    bot = world.bot(time.policy())
    await world.misbehaves("setMyCommands", "rate_limit", times=-1, seconds=40)
    with pytest.raises(TelegramRetryAfter):
        await bot.set_my_commands([])
    await bot.send_message(ann, "later")
    assert time.slept == [40, 40]


async def test_limits_of_three_chats_at_once_hold_everybody_back(world: BotWorld) -> None:
    people = [await world.person(str(number)) for number in range(4)]
    time = FakeTime()
    bot = world.bot(time.policy())
    await world.misbehaves("sendMessage", "rate_limit", times=3, seconds=61)
    for person in people[:3]:
        with pytest.raises(TelegramRetryAfter):
            await bot.send_message(person, "hello")
    with pytest.raises(TelegramRetryAfter) as refused:
        await bot.send_message(people[3], "hello")
    assert refused.value.retry_after == 61
    assert time.slept == []
    assert await world.calls("sendMessage") == 3


async def test_a_limit_longer_than_a_minute_goes_up_at_once(world: BotWorld) -> None:
    ann, time = await world.person(), FakeTime()
    await world.misbehaves("sendMessage", "rate_limit", seconds=61)
    with pytest.raises(TelegramRetryAfter):
        await world.bot(time.policy()).send_message(ann, "hello")
    assert time.slept == []


async def test_a_limit_that_comes_for_ever_is_given_up_after_three_repeats(world: BotWorld) -> None:
    ann, time = await world.person(), FakeTime()
    await world.misbehaves("sendMessage", "rate_limit", times=-1, seconds=2)
    with pytest.raises(TelegramRetryAfter):
        await world.bot(time.policy()).send_message(ann, "hello")
    assert await world.calls("sendMessage") == 4


async def test_a_message_whose_answer_was_lost_is_not_sent_twice(world: BotWorld) -> None:
    ann, time = await world.person(), FakeTime()
    await world.misbehaves("sendMessage", "drop_after")
    with pytest.raises(TelegramNetworkError):
        await world.bot(time.policy()).send_message(ann, "hello")
    assert await world.texts(ann) == ["hello"]
    assert await world.calls("sendMessage") == 1


@pytest.mark.parametrize("action", ["drop_after", "drop_before", "error", "garbage"])
async def test_an_edit_is_repeated_until_it_stands(world: BotWorld, action: str) -> None:
    ann, time = await world.person(), FakeTime()
    bot = world.bot(time.policy())
    sent = await bot.send_message(ann, "before")
    await world.misbehaves("editMessageText", action, times=2)
    await bot.edit_message_text("after", chat_id=ann, message_id=sent.message_id)
    assert await world.texts(ann) == ["after"]
    assert len(time.slept) in {1, 2}


async def test_a_lasting_failure_goes_up_after_three_repeats(world: BotWorld) -> None:
    time = FakeTime()
    await world.misbehaves("getMe", "error", times=-1, status=502)
    with pytest.raises(TelegramServerError):
        await world.bot(time.policy()).get_me()
    assert await world.calls("getMe") == 4


async def test_what_already_is_so_counts_as_done(world: BotWorld) -> None:
    ann, bot = await world.person(), world.bot()
    sent = await bot.send_message(ann, "same")
    await bot.edit_message_text("same", chat_id=ann, message_id=sent.message_id)
    assert await bot.delete_message(ann, sent.message_id)
    assert await bot.delete_message(ann, sent.message_id)
    assert await bot.answer_callback_query("12345")


async def test_a_click_is_answered_once_and_the_second_answer_is_no_error(world: BotWorld) -> None:
    ann, bot = await world.person(), world.bot()
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data="go")]])
    sent = await bot.send_message(ann, "menu", reply_markup=keyboard)
    query = (await world.sim("click", person=ann, message_id=sent.message_id, row=0, column=0))["query_id"]
    assert await bot.answer_callback_query(query, text="first")
    assert await bot.answer_callback_query(query, text="second")
    assert [answer["text"] for answer in await world.seen(f"answers?person={ann}&after=0")] == ["first"]


async def test_other_refusals_go_up_unchanged_and_are_not_repeated(world: BotWorld) -> None:
    ann = await world.person()
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await world.bot().edit_message_text("text", chat_id=ann, message_id=999)
    assert await world.calls("editMessageText") == 1


async def test_who_blocked_the_bot_is_told_on_and_the_error_goes_up(world: BotWorld) -> None:
    ann = await world.person()
    gone: list[int] = []

    async def remember(chat: int) -> None:
        gone.append(chat)

    await world.sim("block", person=ann, blocked=True)
    with pytest.raises(PersonGone) as refusal:
        await world.bot(FakeTime().policy(on_gone=remember)).send_message(ann, "hello")
    assert isinstance(refusal.value, TelegramForbiddenError)
    assert gone == [ann]


async def test_who_never_started_the_bot_is_gone_as_well(world: BotWorld) -> None:
    with pytest.raises(PersonGone):
        await world.bot().send_message(987654321, "hello")


async def test_while_a_chat_waits_for_its_limit_its_other_messages_wait_too(world: BotWorld) -> None:
    ann, time = await world.person(), FakeTime()
    bot = world.bot(time.policy())
    await world.misbehaves("sendMessage", "rate_limit", seconds=5, contains="one")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bot.send_message(ann, "one"))
        tasks.create_task(bot.send_message(ann, "two"))
    assert sorted(await world.texts(ann)) == ["one", "two"]
    assert time.moment >= 1005
