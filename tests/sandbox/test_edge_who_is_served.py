"""Whom the bot serves: persons in private chats, neither banned nor gone; to all others it is silent or says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from app.core.actions import Menu
from app.locales.locales import translator
from sandbox.telegram import acts
from tests.support.rows import all_rows
from tests.support.shop_floor import NINA, newest, shown

if TYPE_CHECKING:
    from tests.support.shop_floor import ShopFloor

Json = dict[str, Any]

EN = translator("en")
BANNED = f"🚫 Access is closed\n\nReason: fraud\n\n{EN.plain('ban.mistake')}"
PERSON = {"id": NINA, "is_bot": False, "first_name": "Nina", "language_code": "en"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Friends"}
CHANNEL = {"id": -1002, "type": "channel", "title": "News"}
BOT = {"id": 77, "is_bot": True, "first_name": "Another bot"}
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
START = {"message_id": 5, "date": 1, "text": "/start", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]}
BUTTON = {"id": "1", "chat_instance": "1", "data": "m:home"}
MEMBER = {"user": {**BOT, "id": 1000001}, "status": "member"}
LEFT = {"user": {**BOT, "id": 1000001}, "status": "left"}
CHANGE = {"from": PERSON, "date": 1}
ELSEWHERE: dict[str, Json] = {
    "a command in a group": {"message": {**START, "chat": GROUP, "from": PERSON}},
    "a command of a group's anonymous admin": {
        "message": {**START, "chat": GROUP, "from": ANONYMOUS, "sender_chat": GROUP}
    },
    "a button in a group": {"callback_query": {**BUTTON, "from": PERSON, "message": {**START, "chat": GROUP}}},
    "a command in a channel": {"channel_post": {**START, "chat": CHANNEL, "sender_chat": CHANNEL}},
    "a channel's post in a group": {"message": {**START, "chat": GROUP, "sender_chat": CHANNEL}},
    "another bot": {"message": {**START, "chat": {"id": 77, "type": "private"}, "from": BOT}},
    "taken into a group": {
        "my_chat_member": {**CHANGE, "chat": GROUP, "old_chat_member": LEFT, "new_chat_member": MEMBER}
    },
    "thrown out of a channel": {
        "my_chat_member": {**CHANGE, "chat": CHANNEL, "old_chat_member": MEMBER, "new_chat_member": LEFT}
    },
    "an edited command": {"edited_message": {**START, "chat": {"id": NINA, "type": "private"}, "from": PERSON}},
    "an inline query": {"inline_query": {"id": "1", "from": PERSON, "query": "vpn", "offset": ""}},
}


@pytest.mark.parametrize("kind", ELSEWHERE)
async def test_what_comes_from_elsewhere_gets_no_answer_and_changes_nothing(floor: ShopFloor, kind: str) -> None:
    await floor.customer()
    before, calls = await all_rows(floor.database), len(floor.telegram.history.calls(0))
    await (await floor.app.intake.accept({"update_id": 1, **ELSEWHERE[kind]}))
    assert len(floor.telegram.history.calls(0)) == calls
    assert await all_rows(floor.database) == before


async def test_who_is_banned_hears_so_everywhere_and_can_do_nothing_from_the_next_update_on(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.says(nina, "/menu")
    await floor.click(nina, "top:0")
    assert await floor.app.reception.bans.ban(NINA, "fraud", "olga")
    before = await all_rows(floor.database)
    await floor.says(nina, "400")
    assert shown(nina) == BANNED
    for said in ("/menu", "/start", "/help", "/language", "hello"):
        await floor.says(nina, said)
        assert shown(nina) == BANNED, said
        await floor.app.users.drop_account(NINA, parts=("profile",))  # the next one finds it in the database
    for data in ("m:home", "new:wish", "top:0", "pay:ton:15000", "plan:sub_1m", "lang:ru", "cfg:1", "junk"):
        assert (await floor.click(nina, data)).text is None
        assert shown(nina) == BANNED, data
    assert await all_rows(floor.database) == before


async def test_after_a_ban_is_lifted_everything_works_again(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.app.reception.bans.ban(NINA, "by mistake", "olga")
    await floor.says(nina, "/menu")
    await floor.app.reception.bans.lift(NINA)
    await floor.says(nina, "/menu")
    assert "OrbitVPN" in shown(nina)
    await floor.press(nina, EN.plain("menu.vpn"))
    assert EN.plain("vpn.empty") in shown(nina)


async def test_who_blocks_the_bot_is_gone_until_they_come_back(floor: ShopFloor) -> None:
    nina = await floor.customer()
    acts.block(floor.telegram, nina, blocked=True)
    await floor.deliver()
    assert await gone(floor)
    acts.block(floor.telegram, nina, blocked=False)
    await floor.deliver()
    assert not await gone(floor)


async def test_who_is_found_to_have_blocked_the_bot_is_gone_and_what_they_are_owed_stands(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.click(nina, "new:wish", newest(nina))
    nina.blocked = True  # and the update that tells of it never comes
    await floor.work()
    assert await gone(floor)
    await floor.start(nina)
    assert not await gone(floor)
    await floor.click(nina, Menu(page="vpn").pack())
    await floor.press(nina, "VPN 1")
    assert "/sub/" in newest(nina).content.text.text


async def gone(floor: ShopFloor) -> bool:
    (row,) = await floor.database.run(text("SELECT gone_at IS NOT NULL FROM users"))
    return bool(row[0])
