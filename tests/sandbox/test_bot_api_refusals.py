"""What the Bot API emulator refuses, in Telegram's words."""

from collections.abc import AsyncIterator

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile

from sandbox.telegram.errors import NOT_MODIFIED, OLD_QUERY
from tests.sandbox.bot_api import NINA, STRANGER, Json, Stage, button, keyboard, png, stage


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as ready:
        yield ready


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"chat_id": NINA}, "message text is empty"),
        ({"chat_id": NINA, "text": ""}, "message text is empty"),
        ({"chat_id": NINA, "text": " \n "}, "text must be non-empty"),
        ({"chat_id": NINA, "text": "<b> </b>", "parse_mode": "HTML"}, "text must be non-empty"),
        ({"chat_id": NINA, "text": "x" * 4097}, "message is too long"),
        ({"chat_id": NINA, "text": "👋" * 2049}, "message is too long"),
        ({"chat_id": NINA, "text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": 999, "text": "x"}, "chat not found"),
        ({"chat_id": "@nina", "text": "x"}, "chat not found"),
        ({"chat_id": "9" * 5000, "text": "x"}, "chat not found"),
        ({"chat_id": NINA, "text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
        ({"chat_id": NINA, "text": "x", "business_connection_id": "b"}, "business connection not found"),
        ({"chat_id": NINA, "text": "x", "message_thread_id": 7}, "message thread not found"),
        (
            {"chat_id": NINA, "text": "hello", "entities": [{"type": "bold", "offset": 0, "length": 100}]},
            "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 100",
        ),
        (
            {"chat_id": NINA, "text": "hello", "entities": [{"type": "loud", "offset": 0, "length": 1}]},
            "can't parse MessageEntity: Unsupported type specified",
        ),
    ],
)
async def test_a_message_is_refused(scene: Stage, params: Json, words: str) -> None:
    assert await scene.refusal("sendMessage", **params) == f"Bad Request: {words}"


async def test_limits_count_utf16_units_after_parsing(scene: Stage) -> None:
    assert (await scene.call("sendMessage", chat_id=NINA, text=f"<b>{'x' * 4096}</b>", parse_mode="HTML"))["ok"]
    assert (await scene.call("sendMessage", chat_id=NINA, text="👋" * 2048))["ok"]


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        (
            {"callback_data": ""},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        ({"callback_data": "я" * 33}, "BUTTON_DATA_INVALID"),
        ({"copy_text": {"text": ""}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"copy_text": {"text": "x" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"pay": True}, "BUTTON_TYPE_INVALID"),
        ({"callback_data": "x", "style": "loud"}, "BUTTON_STYLE_INVALID"),
        ({"url": "not-a-url"}, "inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL"),
        (
            {"url": "ftp://example.com"},
            "inline keyboard button URL 'ftp://example.com' is invalid: Unsupported URL protocol",
        ),
        (
            {"url": "vless://id@host.com"},
            "inline keyboard button URL 'vless://id@host.com' is invalid: Unsupported URL protocol",
        ),
        (
            {"web_app": {"url": "http://example.com"}},
            "inline keyboard button Web App URL 'http://example.com' is invalid: Only HTTPS links are allowed",
        ),
    ],
)
async def test_a_button_is_refused(scene: Stage, action: Json, words: str) -> None:
    markup = keyboard([{"text": "b", **action}])
    assert await scene.refusal("sendMessage", chat_id=NINA, text="x", reply_markup=markup) == f"Bad Request: {words}"


@pytest.mark.parametrize(
    "url",
    ["https://t.me/x", "t.me/x", "tg://resolve?domain=x", "ton://transfer/UQ?amount=1", "http://127.0.0.1:8080/s"],
)
async def test_a_link_telegram_opens_is_taken(scene: Stage, url: str) -> None:
    markup = keyboard([{"text": "b", "url": url}], [button(data="x" * 64)])
    assert (await scene.call("sendMessage", chat_id=NINA, text="x", reply_markup=markup))["ok"]


async def test_people_out_of_reach_are_forbidden(scene: Stage) -> None:
    await scene.act("block", person=NINA, blocked=True)
    blocked = await scene.call("sendMessage", chat_id=NINA, text="x")
    assert (blocked["error_code"], blocked["description"]) == (403, "Forbidden: bot was blocked by the user")
    stranger = await scene.call("sendMessage", chat_id=STRANGER, text="x")
    assert stranger["description"] == "Forbidden: bot can't initiate conversation with a user"


async def test_an_edit_that_changes_nothing_is_refused(scene: Stage) -> None:
    markup = keyboard([button()])
    sent = (await scene.call("sendMessage", chat_id=NINA, text="<b>x</b>", parse_mode="HTML", reply_markup=markup))[
        "result"
    ]
    same: Json = {"chat_id": NINA, "message_id": sent["message_id"], "reply_markup": markup}
    expected = f"Bad Request: {NOT_MODIFIED}"
    bold = [{"type": "bold", "offset": 0, "length": 1}]
    assert await scene.refusal("editMessageText", text="<strong>x</strong>", parse_mode="HTML", **same) == expected
    assert await scene.refusal("editMessageText", text="x", entities=bold, **same) == expected
    assert await scene.refusal("editMessageReplyMarkup", **same) == expected
    assert (await scene.call("editMessageText", text="x", **same))["ok"]


async def test_only_the_bots_own_messages_of_the_right_kind_are_edited(scene: Stage) -> None:
    mine = (await scene.act("message", person=NINA, text="mine"))["id"]
    plain = (await scene.bot.send_message(NINA, "plain")).message_id
    photo = (await scene.bot.send_photo(NINA, BufferedInputFile(png(), "a.png"))).message_id
    pressed = {"keyboard": [[{"text": "A"}]]}
    fixed = (await scene.call("sendMessage", chat_id=NINA, text="x", reply_markup=pressed))["result"]["message_id"]
    for number, words in (
        (999, "message to edit not found"),
        (mine, "message can't be edited"),
        (fixed, "message can't be edited"),
        (photo, "there is no text in the message to edit"),
        (None, "message identifier is not specified"),
    ):
        refused = await scene.refusal("editMessageText", chat_id=NINA, message_id=number, text="new")
        assert refused == f"Bad Request: {words}"
    refused = await scene.refusal("editMessageCaption", chat_id=NINA, message_id=plain, caption="new")
    assert refused == "Bad Request: there is no caption in the message to edit"


async def test_deleting_has_its_limits(scene: Stage) -> None:
    old = (await scene.bot.send_message(NINA, "old")).message_id
    assert (
        await scene.refusal("deleteMessage", chat_id=NINA, message_id=999) == "Bad Request: message to delete not found"
    )
    scene.clock.advance(48 * 3600 + 60)
    refused = await scene.refusal("deleteMessage", chat_id=NINA, message_id=old)
    assert refused == "Bad Request: message can't be deleted for everyone"


async def test_a_query_is_answered_once_and_briefly(scene: Stage) -> None:
    sent = await scene.call("sendMessage", chat_id=NINA, text="x", reply_markup=keyboard([button()]))
    click = await scene.act("click", person=NINA, message_id=sent["result"]["message_id"], row=0, column=0)
    query = click["query_id"]
    assert await scene.refusal("answerCallbackQuery", callback_query_id="1") == f"Bad Request: {OLD_QUERY}"
    long = await scene.refusal("answerCallbackQuery", callback_query_id=query, text="x" * 201)
    assert long == "Bad Request: MESSAGE_TOO_LONG"
    assert (await scene.call("answerCallbackQuery", callback_query_id=query))["ok"]
    assert await scene.refusal("answerCallbackQuery", callback_query_id=query) == f"Bad Request: {OLD_QUERY}"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"not an image", "IMAGE_PROCESS_FAILED"),
        (png()[:-20], "IMAGE_PROCESS_FAILED"),
        (b"\xff\xd8\xff\xd9", "IMAGE_PROCESS_FAILED"),
        (png(100, 2), "PHOTO_INVALID_DIMENSIONS"),
        (b"\x89PNG" + b"0" * (10 * 1024 * 1024), "too big for a photo"),
    ],
)
async def test_a_file_that_is_no_photo_is_refused(scene: Stage, body: bytes, words: str) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        await scene.bot.send_photo(NINA, BufferedInputFile(body, "a.png"))


async def test_a_photo_without_a_source_or_with_a_long_caption_is_refused(scene: Stage) -> None:
    assert "there is no photo in the request" in await scene.refusal("sendPhoto", chat_id=NINA)
    assert "wrong file identifier" in await scene.refusal("sendPhoto", chat_id=NINA, photo="nothing")
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await scene.bot.send_photo(NINA, BufferedInputFile(png(), "a.png"), caption="x" * 1025)


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendChatAction", {"chat_id": NINA, "action": "dance"}, "wrong parameter action in request"),
        ("setMyCommands", {"commands": [{"command": "Start", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        (
            "setMyCommands",
            {"commands": [{"command": "a", "description": "x" * 257}]},
            "BOT_COMMAND_DESCRIPTION_INVALID",
        ),
        ("setMyShortDescription", {"short_description": "x" * 121}, "at most 120"),
        ("setMyName", {"name": "x", "language_code": "english"}, "invalid language code specified"),
        ("getFile", {"file_id": "x"}, "invalid file_id"),
        ("getChat", {"chat_id": 5}, "chat not found"),
        ("editMessageText", {"inline_message_id": "x", "text": "x"}, "MESSAGE_ID_INVALID"),
    ],
)
async def test_other_calls_are_refused(scene: Stage, method: str, params: Json, words: str) -> None:
    assert words in await scene.refusal(method, **params)
