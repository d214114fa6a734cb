"""A screen as a value, and its way into the chat: edited in place where Telegram allows it. Knows no page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import AnswerCallbackQuery, EditMessageText
from aiogram.types import BufferedInputFile, InputMediaPhoto, Message

from app.failpoints import failpoint

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import CallbackQuery, InlineKeyboardMarkup

# Telegram's free effect 🎉; it knows effects by number only.
CELEBRATION = "5046509860389126442"


@dataclass(frozen=True, slots=True)
class Screen:
    """Text in HTML with buttons; a photo (PNG) has it as its caption. An effect plays with a new message only."""

    text: str
    keyboard: InlineKeyboardMarkup | None = None
    photo: bytes | None = None
    effect: str | None = None


async def show(query: CallbackQuery, screen: Screen, toast: str | None = None) -> Message | None:
    """Answer the click and turn its message into `screen`, both at once; the message that shows it now."""
    bot = query.bot
    if bot is None:
        raise RuntimeError("the query is not bound to a bot")
    # The answer goes on its way beside the screen; a gather over both would make a task of either.
    answering = asyncio.gather(_answered(bot, query, toast))
    try:
        shown = await _replace(bot, query, screen)
        failpoint("screen.shown")
    except BaseException:
        answering.cancel()
        raise
    await answering
    return shown


async def send(bot: Bot, chat_id: int, screen: Screen) -> Message:
    """The screen as a new message; an effect that Telegram no longer knows is left out."""
    try:
        return await _sent(bot, chat_id, screen)
    except TelegramBadRequest as problem:
        if screen.effect is None or "EFFECT" not in problem.message.upper():
            raise
        return await _sent(bot, chat_id, replace(screen, effect=None))


async def _sent(bot: Bot, chat_id: int, screen: Screen) -> Message:
    if screen.photo is None:
        sent = await bot.send_message(
            chat_id, screen.text, reply_markup=screen.keyboard, message_effect_id=screen.effect
        )
    else:
        photo = BufferedInputFile(screen.photo, "qr.png")
        sent = await bot.send_photo(
            chat_id, photo, caption=screen.text, reply_markup=screen.keyboard, message_effect_id=screen.effect
        )
    failpoint("screen.sent")
    return sent


async def reply(message: Message, screen: Screen) -> Message:
    """The screen as a new message in the chat that a message came from."""
    sent = await message.answer(screen.text, reply_markup=screen.keyboard)
    failpoint("screen.sent")
    return sent


async def edit(bot: Bot, chat_id: int, message_id: int, screen: Screen) -> Message | bool:
    """Turn a message of any kind into a screen with a photo."""
    media = InputMediaPhoto(media=BufferedInputFile(screen.photo or b"", "qr.png"), caption=screen.text)
    return await bot.edit_message_media(
        media, chat_id=chat_id, message_id=message_id, reply_markup=screen.keyboard
    )


async def _answered(bot: Bot, query: CallbackQuery, toast: str | None) -> None:
    await bot(AnswerCallbackQuery(callback_query_id=query.id, text=toast))
    failpoint("screen.answered")


async def _replace(bot: Bot, query: CallbackQuery, screen: Screen) -> Message | None:
    message = query.message
    if not isinstance(message, Message):  # too old for Telegram to give it back: it can't be edited either
        return await send(bot, query.from_user.id, screen)
    try:
        if screen.photo is not None:
            return _message(await edit(bot, message.chat.id, message.message_id, screen), message)
        if message.photo is None:
            return _message(await bot(_edit_text(message, screen)), message)
    except TelegramBadRequest as problem:
        if "can't be edited" not in problem.message and "not found" not in problem.message:
            raise
        return await send(bot, message.chat.id, screen)
    return await _photo_to_text(bot, message, screen)


def _edit_text(message: Message, screen: Screen) -> EditMessageText:
    return EditMessageText(
        chat_id=message.chat.id, message_id=message.message_id, text=screen.text, reply_markup=screen.keyboard
    )


async def _photo_to_text(bot: Bot, message: Message, screen: Screen) -> Message:
    """A photo can't become text, so the text comes as a new message and the photo goes."""
    sent, _ = await asyncio.gather(send(bot, message.chat.id, screen), _deleted(bot, message))
    return sent


async def _deleted(bot: Bot, message: Message) -> None:
    await bot.delete_message(message.chat.id, message.message_id)
    failpoint("screen.deleted")


def _message(edited: Message | bool, before: Message) -> Message:
    return edited if isinstance(edited, Message) else before
