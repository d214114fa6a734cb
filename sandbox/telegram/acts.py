"""Owns what a person does in Telegram: write, start, click, block; must not answer for the bot."""

import base64
import re
import secrets
from datetime import UTC, datetime
from typing import Literal

from aiogram.types import (
    CallbackQuery,
    ChatMemberBanned,
    ChatMemberMember,
    ChatMemberUpdated,
    InlineKeyboardButton,
)

from sandbox.telegram.people import Attachment, Content, Person, StoredMessage
from sandbox.telegram.telegram import Query, Telegram
from sandbox.telegram.text.formatted import Formatted
from sandbox.telegram.text.incoming import TEXT_LIMIT, typed_text
from sandbox.telegram.wire import chat, user

Kind = Literal["text", "photo", "document", "voice"]
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
)
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")


class ActError(ValueError):
    """Something the person's own Telegram would not let them do."""


def write(
    telegram: Telegram, person: Person, text: str, kind: Kind = "text", reply_to: int | None = None
) -> StoredMessage:
    """Send a text or a file to the bot; ActError where the bot is blocked or the text has no good length."""
    if person.blocked:
        raise ActError("the bot is blocked: start it again to write")
    typed = typed_text(text)
    shortest = 1 if kind == "text" else 0
    if not shortest <= typed.length() <= TEXT_LIMIT:
        raise ActError(f"a message has 1-{TEXT_LIMIT} characters, not {typed.length()}")
    person.started = True
    stored = telegram.post(person, _content(telegram, typed, kind), by_bot=False, reply_to=reply_to)
    telegram.updates.add("message", person.id, telegram.told(person, stored))
    return stored


def _content(telegram: Telegram, typed: Formatted, kind: Kind) -> Content:
    if kind == "text":
        return Content(typed)
    if kind == "photo":
        return Content(typed, telegram.photos.add(_PIXEL))
    file_id, unique_id = f"BQACAgIAAxk{secrets.token_urlsafe(32)}", secrets.token_hex(8)
    return Content(typed, attachment=Attachment(kind, file_id, unique_id))


def start(telegram: Telegram, person: Person, payload: str) -> StoredMessage:
    """Press Start, or follow a deep link with a payload; a blocked bot is unblocked by it."""
    if not _PAYLOAD.fullmatch(payload):
        raise ActError("a payload has at most 64 characters of A-Z, a-z, 0-9, _ and -")
    block(telegram, person, blocked=False)
    return write(telegram, person, f"/start {payload}".rstrip())


def button_at(person: Person, message_id: int, row: int, column: int) -> InlineKeyboardButton:
    """Return a button of a message; ActError where there is none."""
    stored = person.messages.get(message_id)
    if stored is None or stored.keyboard is None:
        raise ActError(f"message {message_id} has no buttons")
    rows = stored.keyboard.inline_keyboard
    if not (0 <= row < len(rows) and 0 <= column < len(rows[row])):
        raise ActError(f"message {message_id} has no button at row {row}, column {column}")
    return rows[row][column]


def click(telegram: Telegram, person: Person, message_id: int, data: str) -> Query:
    """Click a button that carries data; ActError where the bot is blocked."""
    if person.blocked:
        raise ActError("the bot is blocked: start it again to click")
    query = telegram.ask(person)
    event = CallbackQuery(
        id=query.id,
        from_user=user(person),
        chat_instance=str(-(10**18) - person.id),
        message=telegram.told(person, person.messages[message_id]),
        data=data,
    )
    telegram.updates.add("callback_query", person.id, event)
    return query


def block(telegram: Telegram, person: Person, *, blocked: bool) -> None:
    """Block or unblock the bot; nothing happens where that is so already."""
    if person.blocked == blocked:
        return
    person.blocked = blocked
    member = ChatMemberMember(user=telegram.bot)
    # A block has no end, which the Bot API writes as the date 0.
    banned = ChatMemberBanned(user=telegram.bot, until_date=datetime.fromtimestamp(0, UTC))
    event = ChatMemberUpdated(
        chat=chat(person),
        from_user=user(person),
        date=datetime.fromtimestamp(telegram.now(), UTC),
        old_chat_member=member if blocked else banned,
        new_chat_member=banned if blocked else member,
    )
    telegram.updates.add("my_chat_member", person.id, event)
