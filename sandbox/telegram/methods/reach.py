"""Owns the question whom a call may reach; must not change any chat."""

import re

from pydantic import BaseModel

from sandbox.telegram.errors import bad_request, forbidden
from sandbox.telegram.people import Person
from sandbox.telegram.telegram import Telegram

_CHAT_ID = re.compile(r"-?[0-9]{1,19}")
# Nothing of these exists in a private chat of the sandbox, and a bot that sends them is mistaken.
_ABSENT = {
    "business_connection_id": "business connection not found",
    "message_thread_id": "message thread not found",
    "direct_messages_topic_id": "message thread not found",
    "suggested_post_parameters": "suggested posts can be sent only to channel direct messages",
    "inline_message_id": "MESSAGE_ID_INVALID",
}


def refuse_absent(request: BaseModel) -> None:
    """Refuse a call that names what private chats do not have."""
    for name, reason in _ABSENT.items():
        if getattr(request, name, None) is not None:
            raise bad_request(reason)


def chat_of(telegram: Telegram, chat_id: int | str | None) -> Person:
    """Return the person of a chat; ApiError 400 where there is none."""
    text = "" if chat_id is None else str(chat_id)
    if not text:
        raise bad_request("chat_id is empty")
    # A user name reaches channels only, so a private chat is always a number.
    person = telegram.people.find(int(text)) if _CHAT_ID.fullmatch(text) else None
    if person is None:
        raise bad_request("chat not found")
    return person


def recipient(telegram: Telegram, chat_id: int | str | None) -> Person:
    """Return the person of a chat the bot may write to; ApiError 403 where they did not begin or blocked the bot."""
    person = chat_of(telegram, chat_id)
    if person.blocked:
        raise forbidden("bot was blocked by the user")
    if not person.started:
        raise forbidden("bot can't initiate conversation with a user")
    return person
