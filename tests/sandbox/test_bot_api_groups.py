"""Groups with topics, channels and copies of messages in the Bot API emulator: what works, and what is refused."""

from collections.abc import AsyncIterator

import pytest
from aiogram.types import ReplyParameters

from tests.sandbox.bot_api import MAX, NINA, Json, Stage, stage

DESK, NEWS = -100500, -100501


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as ready:
        await ready.act("groups", id=DESK, title="Desk", members=[MAX])
        await ready.act("groups", id=NEWS, title="News", kind="channel", username="orbit_news", members=[MAX])
        yield ready


async def group(scene: Stage) -> Json:
    found: Json = (await scene.ask("groups"))[0]
    return found


async def test_a_message_of_any_kind_is_copied_into_a_topic_and_an_answer_back(scene: Stage) -> None:
    topic = await scene.bot.create_forum_topic(DESK, "Nina")
    for kind in ("text", "photo", "document", "voice"):
        said = await scene.act("message", person=NINA, text="help", kind=kind)
        await scene.bot.copy_message(DESK, NINA, said["id"], message_thread_id=topic.message_thread_id)
    shown = (await group(scene))["messages"]
    assert [m["thread"] for m in shown] == [topic.message_thread_id] * 5
    assert shown[0]["happening"] == "created"
    assert [(bool(m["photo"]), m["file"], m["text"]) for m in shown[1:]] == [
        (False, None, "help"), (True, None, "help"), (False, "document", "help"), (False, "voice", "help"),
    ]  # fmt: skip
    await scene.drained()
    await scene.act("group/message", group=DESK, person=MAX, text="hello", thread=topic.message_thread_id)
    (update,) = await scene.drained()
    message = update["message"]
    assert (message["message_thread_id"], message["is_topic_message"]) == (topic.message_thread_id, True)
    assert message["reply_to_message"]["forum_topic_created"]["name"] == "Nina"
    answer = ReplyParameters(message_id=said["id"])
    await scene.bot.copy_message(NINA, DESK, message["message_id"], reply_parameters=answer)
    assert (await scene.shown())["text"] == "hello"


async def test_a_topic_that_is_closed_by_a_member_is_told_and_one_that_is_deleted_is_gone(scene: Stage) -> None:
    thread = (await scene.bot.create_forum_topic(DESK, "Nina")).message_thread_id
    await scene.drained()
    await scene.act("group/topic", group=DESK, person=MAX, thread=thread, action="close")
    (update,) = await scene.drained()
    assert "forum_topic_closed" in update["message"]
    assert "TOPIC_NOT_MODIFIED" in await scene.refusal("closeForumTopic", chat_id=DESK, message_thread_id=thread)
    assert await scene.bot.reopen_forum_topic(DESK, thread)
    await scene.act("group/topic", group=DESK, person=MAX, thread=thread, action="delete")
    assert await scene.drained() == []
    for method in ("closeForumTopic", "reopenForumTopic"):
        assert "thread not found" in await scene.refusal(method, chat_id=DESK, message_thread_id=thread)
    words = await scene.refusal("sendMessage", chat_id=DESK, text="hi", message_thread_id=thread)
    assert "message thread not found" in words


async def test_what_the_bot_may_not_do_in_a_group_is_refused(scene: Stage) -> None:
    said = await scene.act("message", person=NINA, text="help")
    copy = {"from_chat_id": NINA, "message_id": said["id"]}
    assert "chat not found" in await scene.refusal("createForumTopic", chat_id=-5, name="x")
    assert "too long" in await scene.refusal("createForumTopic", chat_id=DESK, name="x" * 129)
    assert "to copy not found" in await scene.refusal("copyMessage", chat_id=DESK, **(copy | {"message_id": 10**6}))
    thread = (await scene.bot.create_forum_topic(DESK, "Nina")).message_thread_id
    service = {"from_chat_id": DESK, "message_id": thread}
    assert "can't be copied" in await scene.refusal("copyMessage", chat_id=NINA, **service)
    assert "replied not found" in await scene.refusal(
        "copyMessage", chat_id=DESK, **copy, reply_parameters={"message_id": 10**6}
    )
    await scene.act("groups", id=DESK, title="Desk", is_forum=False)
    assert "not a forum" in await scene.refusal("createForumTopic", chat_id=DESK, name="x")
    await scene.act("groups", id=DESK, title="Desk", bot="member")
    assert "not enough rights" in await scene.refusal("createForumTopic", chat_id=DESK, name="x")
    await scene.act("groups", id=DESK, title="Desk", bot="left")
    for method, params in (("copyMessage", copy), ("sendMessage", {"text": "hi"}), ("createForumTopic", {"name": "x"})):
        assert "not a member" in await scene.refusal(method, chat_id=DESK, **params)


async def test_who_is_in_a_channel_is_told_to_its_administrator_only(scene: Stage) -> None:
    assert (await scene.bot.get_chat_member("@orbit_news", MAX)).status == "member"
    assert (await scene.bot.get_chat_member(NEWS, NINA)).status == "left"
    await scene.act("group/join", group=NEWS, person=NINA, joined=True)
    assert (await scene.bot.get_chat_member(NEWS, NINA)).status == "member"
    assert (await scene.bot.get_chat_member(NEWS, scene.telegram.bot.id)).status == "administrator"
    assert (await scene.bot.get_chat("@orbit_news")).type == "channel"
    assert "PARTICIPANT" in await scene.refusal("getChatMember", chat_id=NEWS, user_id=9)
    await scene.act("groups", id=NEWS, title="News", kind="channel", username="orbit_news", bot="member")
    assert "inaccessible" in await scene.refusal("getChatMember", chat_id=NEWS, user_id=MAX)
