"""How updates reach a polling bot: order, confirmation, kinds, long polls, conflicts."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram.exceptions import TelegramConflictError

from sandbox.telegram.errors import OTHER_POLLER, WEBHOOK_ACTIVE
from tests.sandbox.bot_api import MAX, NINA, TOKEN, Stage, stage


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as ready:
        yield ready


async def _write(scene: Stage, *texts: str) -> None:
    for text in texts:
        await scene.act("message", person=NINA, text=text)


async def test_updates_come_again_until_the_offset_passes_them(scene: Stage) -> None:
    await _write(scene, "a", "b", "c")
    first = (await scene.call("getUpdates", limit=2))["result"]
    assert [update["message"]["text"] for update in first] == ["a", "b"]
    assert first[1]["update_id"] == first[0]["update_id"] + 1
    rest = (await scene.call("getUpdates", offset=first[1]["update_id"]))["result"]
    assert [update["message"]["text"] for update in rest] == ["b", "c"]


async def test_a_negative_offset_keeps_the_newest_and_forgets_the_rest(scene: Stage) -> None:
    await _write(scene, "a", "b", "c")
    assert [u["message"]["text"] for u in (await scene.call("getUpdates", offset=-1))["result"]] == ["c"]
    assert len((await scene.call("getUpdates"))["result"]) == 1


async def test_a_long_poll_returns_with_the_first_update(scene: Stage) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(scene.bot.get_updates(timeout=30))
        group.create_task(_write(scene, "hello"))
    (update,) = poll.result()
    assert update.message is not None
    assert update.message.text == "hello"


async def test_a_long_poll_without_news_returns_nothing(scene: Stage) -> None:
    assert await scene.bot.get_updates(timeout=1) == []


async def test_of_two_pollers_the_older_is_told_of_the_conflict(scene: Stage) -> None:
    polls = [asyncio.ensure_future(scene.call("getUpdates", timeout=30)) for _ in range(2)]  # noqa: TID251 a test's own
    (ended,), (waiting,) = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
    assert (ended.result()["error_code"], ended.result()["description"]) == (409, f"Conflict: {OTHER_POLLER}")
    await _write(scene, "hello")
    assert (await waiting)["result"][0]["message"]["text"] == "hello"


async def test_polling_and_a_webhook_exclude_each_other(scene: Stage) -> None:
    await scene.bot.set_webhook("https://example.com/hook")
    with pytest.raises(TelegramConflictError, match=WEBHOOK_ACTIVE):
        await scene.bot.get_updates()
    await scene.bot.delete_webhook()
    assert await scene.bot.get_updates() == []


async def test_allowed_updates_stay_and_apply_when_the_update_is_made(scene: Stage) -> None:
    await _write(scene, "before")
    await scene.call("getUpdates", allowed_updates=["callback_query"])
    await _write(scene, "unasked")
    assert [u["message"]["text"] for u in await scene.drained()] == ["before"]
    await scene.call("getUpdates", allowed_updates=[])
    await _write(scene, "asked")
    assert [u["message"]["text"] for u in await scene.drained()] == ["asked"]
    assert "unknown kind" in await scene.refusal("getUpdates", allowed_updates=["mesage"])


async def test_blocking_and_starting_again_tell_the_bot(scene: Stage) -> None:
    await scene.act("block", person=NINA, blocked=True)
    await scene.act("start", person=NINA, payload="gift_1")
    blocked, unblocked, started = await scene.bot.get_updates()
    assert blocked.my_chat_member is not None
    assert blocked.my_chat_member.new_chat_member.status == "kicked"
    assert unblocked.my_chat_member is not None
    assert unblocked.my_chat_member.new_chat_member.status == "member"
    assert started.message is not None
    assert started.message.text == "/start gift_1"
    assert [e.type for e in started.message.entities or []] == ["bot_command"]


async def test_update_ids_go_on_after_a_reset(scene: Stage) -> None:
    await _write(scene, "a")
    before = (await scene.call("getUpdates"))["result"][-1]
    await scene.act("reset")
    assert (await scene.call("getUpdates"))["result"] == []
    await scene.act("people", id=MAX, first_name="Max")
    await scene.act("start", person=MAX)
    after = (await scene.call("getUpdates"))["result"][-1]
    assert after["update_id"] == before["update_id"] + 1
    assert after["message"]["message_id"] == before["message"]["message_id"] + 1


async def test_dropping_pending_updates_empties_the_queue(scene: Stage) -> None:
    await _write(scene, "a")
    await scene.bot.delete_webhook(drop_pending_updates=True)
    async with scene.http.get(f"/bot{TOKEN}/getUpdates") as response:
        assert await response.json() == {"ok": True, "result": []}
