"""Owns deleteMessage and deleteMessages; must not edit anything."""

from aiogram.methods import DeleteMessage, DeleteMessages

from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.reach import chat_of
from sandbox.telegram.methods.served import served
from sandbox.telegram.telegram import Telegram

DELETABLE_SECONDS = 48 * 3600
BATCH_LIMIT = 100


def delete_message(telegram: Telegram, request: DeleteMessage) -> bool:
    """Delete one message, 48 hours old at most."""
    person = chat_of(telegram, request.chat_id)
    stored = person.messages.get(request.message_id)
    if stored is None:
        raise bad_request("message to delete not found")
    if telegram.now() - stored.sent_at > DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    telegram.delete(person, stored.id)
    return True


def delete_messages(telegram: Telegram, request: DeleteMessages) -> bool:
    """Delete up to 100 messages; those not found are passed over."""
    person = chat_of(telegram, request.chat_id)
    if not 1 <= len(request.message_ids) <= BATCH_LIMIT:
        raise bad_request("message identifiers are not specified" if not request.message_ids else "too many messages")
    found = [person.messages[number] for number in request.message_ids if number in person.messages]
    if any(telegram.now() - stored.sent_at > DELETABLE_SECONDS for stored in found):
        raise bad_request("message can't be deleted for everyone")
    for stored in {stored.id: stored for stored in found}.values():
        telegram.delete(person, stored.id)
    return True


METHODS = (served(DeleteMessage, delete_message), served(DeleteMessages, delete_messages))
