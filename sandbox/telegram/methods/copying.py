"""Owns copyMessage, between people and groups; must not forward, which would name the sender."""

from aiogram.methods import CopyMessage
from aiogram.types import MessageId

from sandbox.telegram.errors import bad_request
from sandbox.telegram.groups import Group
from sandbox.telegram.methods.forum import refuse_stranger, thread_of
from sandbox.telegram.methods.reach import chat_of, recipient
from sandbox.telegram.methods.served import served
from sandbox.telegram.people import Content, Person
from sandbox.telegram.telegram import Telegram

# Parameters that would change the copy; the bot sends messages on as they are.
_UNCHANGED = ("caption", "caption_entities", "reply_markup", "direct_messages_topic_id", "suggested_post_parameters")


def copy_message(telegram: Telegram, request: CopyMessage) -> MessageId:
    """Put a copy of a message into a chat, without its sender's name."""
    for name in _UNCHANGED:
        if getattr(request, name) is not None:
            raise bad_request(f"the sandbox copies messages as they are, without {name}")
    content = _content(telegram, request)
    target = telegram.groups.find(request.chat_id)
    chat = target if target is not None else recipient(telegram, request.chat_id)
    asked = request.reply_parameters
    reply_to = asked.message_id if asked and asked.message_id in chat.messages else None
    if asked and reply_to is None and asked.allow_sending_without_reply is not True:
        raise bad_request("message to be replied not found")
    return MessageId(message_id=_put(telegram, chat, content, request.message_thread_id, reply_to))


def _put(telegram: Telegram, chat: Person | Group, content: Content, thread: int | None, reply_to: int | None) -> int:
    if isinstance(chat, Group):
        refuse_stranger(chat)
        thread_id = thread_of(chat, thread)
        return chat.post(content, telegram.now(), sender=None, thread_id=thread_id, reply_to=reply_to).id
    if thread is not None:
        raise bad_request("message thread not found")
    return telegram.post(chat, content, by_bot=True, reply_to=reply_to).id


def _content(telegram: Telegram, request: CopyMessage) -> Content:
    source = telegram.groups.find(request.from_chat_id)
    messages = source.messages if source is not None else chat_of(telegram, request.from_chat_id).messages
    stored = messages.get(request.message_id)
    if stored is None:
        raise bad_request("message to copy not found")
    if stored.content.is_service or stored.content.invoice is not None:
        raise bad_request("message can't be copied")
    return stored.content


METHODS = (served(CopyMessage, copy_message),)
