"""Owns the four ways of editing a message; must not send or delete one."""

from dataclasses import replace

from aiogram.methods import EditMessageCaption, EditMessageMedia, EditMessageReplyMarkup, EditMessageText
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, InputMediaPhoto, Message

from sandbox.telegram.call import Call
from sandbox.telegram.errors import NOT_MODIFIED, bad_request
from sandbox.telegram.keyboards import checked_markup
from sandbox.telegram.methods.reach import recipient, refuse_absent
from sandbox.telegram.methods.sending import link_preview, photo_of
from sandbox.telegram.methods.served import served, served_by
from sandbox.telegram.people import Content, Person, StoredMessage
from sandbox.telegram.shape import attached
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.text.incoming import caption, message_text

Edit = EditMessageText | EditMessageCaption | EditMessageMedia | EditMessageReplyMarkup


def edit_text(telegram: Telegram, request: EditMessageText) -> Message:
    """Change the text and the keyboard; no keyboard given takes it away."""
    refuse_absent(request)
    content = Content(
        message_text(request.text, request.parse_mode, request.entities),
        preview=link_preview(request.link_preview_options, request.disable_web_page_preview),
    )
    person, stored = _target(telegram, request)
    if stored.content.photo:
        raise bad_request("there is no text in the message to edit")
    return _apply(telegram, person, stored, content, checked_markup(request.reply_markup))


def edit_caption(telegram: Telegram, request: EditMessageCaption) -> Message:
    """Change the caption and the keyboard."""
    refuse_absent(request)
    text = caption(request.caption, request.parse_mode, request.caption_entities)
    person, stored = _target(telegram, request)
    if not stored.content.photo:
        raise bad_request("there is no caption in the message to edit")
    content = replace(stored.content, text=text, caption_above=request.show_caption_above_media is True)
    return _apply(telegram, person, stored, content, checked_markup(request.reply_markup))


async def edit_media(telegram: Telegram, request: EditMessageMedia, call: Call) -> Message:
    """Put a photo in place of a photo or of a text."""
    refuse_absent(request)
    media = request.media
    if not isinstance(media, InputMediaPhoto):
        raise bad_request(f"the sandbox knows photos only, not media of type {media.type}")
    text = caption(media.caption, media.parse_mode, media.caption_entities)
    person, stored = _target(telegram, request)
    upload = attached(media.media, call)
    content = Content(
        text,
        photo_of(telegram, BufferedInputFile(upload.body, upload.name) if upload else media.media),
        caption_above=media.show_caption_above_media is True,
        spoiler=media.has_spoiler is True,
    )
    return _apply(telegram, person, stored, content, checked_markup(request.reply_markup))


def edit_reply_markup(telegram: Telegram, request: EditMessageReplyMarkup) -> Message:
    """Change the keyboard alone."""
    refuse_absent(request)
    person, stored = _target(telegram, request)
    return _apply(telegram, person, stored, stored.content, checked_markup(request.reply_markup))


def _target(telegram: Telegram, request: Edit) -> tuple[Person, StoredMessage]:
    person = recipient(telegram, request.chat_id)
    if request.message_id is None:
        raise bad_request("message identifier is not specified")
    stored = person.messages.get(request.message_id)
    if stored is None:
        raise bad_request("message to edit not found")
    if not stored.by_bot or stored.fixed:
        raise bad_request("message can't be edited")
    return person, stored


def _apply(
    telegram: Telegram,
    person: Person,
    stored: StoredMessage,
    content: Content,
    keyboard: InlineKeyboardMarkup | None,
) -> Message:
    if content == stored.content and keyboard == stored.keyboard:
        raise bad_request(NOT_MODIFIED)
    telegram.edit(person, stored, content, keyboard)
    return telegram.told(person, stored)


METHODS = (
    served(EditMessageText, edit_text),
    served(EditMessageCaption, edit_caption),
    served_by(EditMessageMedia, edit_media),
    served(EditMessageReplyMarkup, edit_reply_markup),
)
