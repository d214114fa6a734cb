"""Every served method of the Bot API emulator, called by a real aiogram bot."""

from collections.abc import AsyncIterator

import aiogram.methods
import pytest
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    MenuButtonCommands,
    Message,
    ReplyParameters,
)

from sandbox.telegram.methods import SERVED
from tests.sandbox.bot_api import MAX, NINA, Stage, png, stage


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as ready:
        yield ready


def _keyboard(data: str = "go") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data=data)]])


def test_every_served_name_is_a_method_of_aiogram() -> None:
    for method in SERVED.values():
        declared = getattr(aiogram.methods, method.name[0].upper() + method.name[1:])
        assert method.request is declared
        assert str(vars(declared)["__api_method__"]) == method.name


async def test_a_sent_text_comes_back_as_text_and_entities(scene: Stage) -> None:
    sent = await scene.bot.send_message(
        NINA,
        "<b>Hi 👋</b> /help",
        parse_mode="HTML",
        reply_markup=_keyboard(),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    assert sent.text == "Hi 👋 /help"
    assert [(e.type, e.offset, e.length) for e in sent.entities or []] == [("bold", 0, 5), ("bot_command", 6, 5)]
    assert sent.from_user is not None
    assert sent.from_user.is_bot
    assert sent.link_preview_options is not None
    assert sent.link_preview_options.is_disabled is True
    shown = await scene.shown()
    assert shown["html"] == '<b>Hi 👋</b> <span class="tg-command">/help</span>'
    assert shown["buttons"] == [[{"text": "Go", "kind": "callback"}]]


async def test_newer_button_fields_pass_and_reach_the_page(scene: Stage) -> None:
    styled = InlineKeyboardButton.model_validate(
        {"text": "Pay", "callback_data": "pay", "style": "success", "icon_custom_emoji_id": "5368324170671202286"}
    )
    copied = InlineKeyboardButton(text="Copy", copy_text=CopyTextButton(text="key"))
    markup = InlineKeyboardMarkup(inline_keyboard=[[styled], [copied]])
    sent = await scene.bot.send_message(NINA, "pay", reply_markup=markup)
    assert sent.reply_markup is not None
    assert sent.reply_markup.model_dump() == markup.model_dump()
    assert (await scene.shown())["buttons"] == [
        [{"text": "Pay", "kind": "callback", "style": "success"}],
        [{"text": "Copy", "kind": "copy", "copy": "key"}],
    ]


async def test_a_reply_carries_the_message_it_replies_to(scene: Stage) -> None:
    first = await scene.bot.send_message(NINA, "first")
    second = await scene.bot.send_message(NINA, "second", reply_parameters=ReplyParameters(message_id=first.message_id))
    assert second.reply_to_message is not None
    assert second.reply_to_message.text == "first"


async def test_an_uploaded_photo_is_sent_again_by_its_file_id_and_downloaded(scene: Stage) -> None:
    first = await scene.bot.send_photo(
        NINA, BufferedInputFile(png(3, 4), "qr.png"), caption="<i>QR</i>", parse_mode="HTML"
    )
    assert first.photo is not None
    assert (first.photo[-1].width, first.photo[-1].height) == (3, 4)
    assert first.caption == "QR"
    again = await scene.bot.send_photo(MAX, first.photo[-1].file_id)
    assert again.photo == first.photo
    file = await scene.bot.get_file(first.photo[-1].file_id)
    assert file.file_path is not None
    body = await scene.bot.download_file(file.file_path)
    assert body is not None
    assert body.read() == png(3, 4)
    async with scene.http.get((await scene.shown(MAX))["photo"]) as response:
        assert response.content_type == "image/png"
        assert await response.read() == png(3, 4)


async def test_a_text_is_edited_and_loses_its_keyboard_unless_given(scene: Stage) -> None:
    sent = await scene.bot.send_message(NINA, "one", reply_markup=_keyboard())
    edited = await scene.bot.edit_message_text("two", chat_id=NINA, message_id=sent.message_id)
    assert isinstance(edited, Message)
    assert edited.edit_date is not None
    assert edited.reply_markup is None
    assert (await scene.shown())["edited"] is True


async def test_a_text_becomes_a_photo_and_its_caption_is_edited(scene: Stage) -> None:
    sent = await scene.bot.send_message(NINA, "wait")
    media = InputMediaPhoto(media=BufferedInputFile(png(), "qr.png"), caption="<b>here</b>", parse_mode="HTML")
    shown = await scene.bot.edit_message_media(media, chat_id=NINA, message_id=sent.message_id)
    assert isinstance(shown, Message)
    assert shown.text is None
    assert shown.photo
    assert shown.caption == "here"
    edited = await scene.bot.edit_message_caption(chat_id=NINA, message_id=sent.message_id, caption="there")
    assert isinstance(edited, Message)
    assert edited.photo == shown.photo
    by_id = InputMediaPhoto(media=shown.photo[-1].file_id)
    bare = await scene.bot.edit_message_media(by_id, chat_id=NINA, message_id=sent.message_id)
    assert isinstance(bare, Message)
    assert bare.caption is None


async def test_a_keyboard_is_edited_alone(scene: Stage) -> None:
    sent = await scene.bot.send_message(NINA, "menu", reply_markup=_keyboard("a"))
    await scene.bot.edit_message_reply_markup(chat_id=NINA, message_id=sent.message_id, reply_markup=_keyboard("b"))
    await scene.bot.edit_message_reply_markup(chat_id=NINA, message_id=sent.message_id)
    assert (await scene.shown())["buttons"] == []


async def test_messages_are_deleted_one_by_one_and_together(scene: Stage) -> None:
    ids = [(await scene.bot.send_message(NINA, str(n))).message_id for n in range(3)]
    before = len((await scene.ask("chat", person=NINA))["messages"])
    assert await scene.bot.delete_message(NINA, ids[0])
    assert await scene.bot.delete_messages(NINA, [*ids[1:], ids[1], 999_999])
    assert len((await scene.ask("chat", person=NINA))["messages"]) == before - 3


async def test_a_click_is_answered_once(scene: Stage) -> None:
    sent = await scene.bot.send_message(NINA, "menu", reply_markup=_keyboard())
    clicked = await scene.act("click", person=NINA, message_id=sent.message_id, row=0, column=0)
    (update,) = await scene.bot.get_updates()
    assert update.callback_query is not None
    assert update.callback_query.id == clicked["query_id"]
    assert update.callback_query.data == "go"
    assert isinstance(update.callback_query.message, Message)
    assert update.callback_query.message.reply_markup == sent.reply_markup
    assert await scene.bot.answer_callback_query(clicked["query_id"], text="done", show_alert=True)
    (answer,) = await scene.ask("answers", person=NINA)
    assert answer == {"n": 1, "query_id": clicked["query_id"], "text": "done", "alert": True, "url": None}
    assert await scene.ask("answers", person=NINA, after=1) == []


async def test_commands_are_kept_by_scope_and_language(scene: Stage) -> None:
    own = BotCommandScopeChat(chat_id=NINA)
    await scene.bot.set_my_commands([BotCommand(command="start", description="Begin")])
    await scene.bot.set_my_commands([BotCommand(command="audit", description="Look")], scope=own, language_code="en")
    assert [c.command for c in await scene.bot.get_my_commands()] == ["start"]
    assert [c.command for c in await scene.bot.get_my_commands(scope=own, language_code="en")] == ["audit"]
    await scene.bot.delete_my_commands()
    assert await scene.bot.get_my_commands() == []


async def test_name_descriptions_and_menu_button_are_kept(scene: Stage) -> None:
    await scene.bot.set_my_name("Orbit")
    await scene.bot.set_my_description("Описание", language_code="ru")
    await scene.bot.set_my_short_description("Short")
    await scene.bot.set_chat_menu_button(chat_id=NINA, menu_button=MenuButtonCommands())
    assert (await scene.bot.get_my_name(language_code="de")).name == "Orbit"
    assert (await scene.bot.get_my_description(language_code="ru")).description == "Описание"
    assert (await scene.bot.get_my_short_description()).short_description == "Short"
    assert (await scene.bot.get_chat_menu_button(chat_id=NINA)).type == "commands"
    assert (await scene.bot.get_chat_menu_button()).type == "default"


async def test_the_bot_and_its_people_are_looked_up(scene: Stage) -> None:
    assert (await scene.bot.get_me()).username == "orbit_sandbox_bot"
    chat = await scene.bot.get_chat(NINA)
    assert (chat.type, chat.first_name, chat.username) == ("private", "Nina", "nina")
    assert await scene.bot.send_chat_action(NINA, "typing")


async def test_the_webhook_is_set_told_and_deleted(scene: Stage) -> None:
    await scene.bot.set_webhook("https://example.com/hook", allowed_updates=["message"], max_connections=7)
    info = await scene.bot.get_webhook_info()
    assert (info.url, info.max_connections, info.allowed_updates) == ("https://example.com/hook", 7, ["message"])
    await scene.bot.delete_webhook()
    assert (await scene.bot.get_webhook_info()).url == ""
