"""Owns the aiogram types the bot receives, built from what is stored; must not change anything stored."""

from datetime import UTC, datetime

from aiogram.types import Chat, Invoice, Message, PhotoSize, TelegramObject, User

from sandbox.telegram.groups import Group, GroupMessage
from sandbox.telegram.people import Attachment, Content, Person, StoredMessage
from sandbox.telegram.photos import Photo
from sandbox.telegram.stars import CURRENCY, StarsInvoice

# Who an administrator is that hides behind the group.
_ANONYMOUS = User(id=1087968824, is_bot=True, first_name="Group", username="GroupAnonymousBot")
_TOPIC_NEWS = {
    "created": "forum_topic_created",
    "closed": "forum_topic_closed",
    "reopened": "forum_topic_reopened",
}


def dumped(value: TelegramObject) -> dict[str, object]:
    """Return the JSON of a type as the Bot API writes it: unix dates, "from", nothing that is absent."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


def user(person: Person) -> User:
    """Return the person as a user."""
    return User(
        id=person.id,
        is_bot=False,
        first_name=person.first_name,
        username=person.username,
        language_code=person.language_code,
    )


def chat(person: Person) -> Chat:
    """Return the private chat with the person."""
    return Chat(id=person.id, type="private", first_name=person.first_name, username=person.username)


def photo_size(photo: Photo) -> PhotoSize:
    """Return the photo in its only size."""
    return PhotoSize(
        file_id=photo.file_id,
        file_unique_id=photo.unique_id,
        width=photo.width,
        height=photo.height,
        file_size=len(photo.body),
    )


def invoice(asked: StarsInvoice) -> Invoice:
    """Return the invoice of a message."""
    return Invoice(
        title=asked.title,
        description=asked.description,
        start_parameter=asked.start_parameter,
        currency=CURRENCY,
        total_amount=asked.stars,
    )


def group_chat(group: Group) -> Chat:
    """Return a group or channel as a chat."""
    is_forum = group.is_forum if group.kind == "supergroup" else None
    return Chat(id=group.id, type=group.kind, title=group.title, username=group.username, is_forum=is_forum)


def group_message(bot: User, group: Group, stored: GroupMessage, *, quoting: bool = True) -> Message:
    """Return a message of a group, with the one it replies to unless quoting is off."""
    sender = bot if stored.sender is None else _ANONYMOUS if stored.is_anonymous else user(stored.sender)
    quoted = group.messages.get(stored.reply_to) if quoting and stored.reply_to else None
    fields = {_TOPIC_NEWS[stored.happening]: _news(stored)} if stored.happening else _said(stored.content)
    return Message.model_validate(
        {
            "message_id": stored.id,
            "date": datetime.fromtimestamp(stored.sent_at, UTC),
            "chat": group_chat(group),
            "from_user": sender,
            "sender_chat": group_chat(group) if stored.is_anonymous else None,
            "message_thread_id": stored.thread_id,
            "is_topic_message": stored.thread_id is not None or None,
            "reply_to_message": group_message(bot, group, quoted, quoting=False) if quoted else None,
            **fields,
        }
    )


def _news(stored: GroupMessage) -> dict[str, object]:
    return {"name": stored.content.text.text, "icon_color": 0} if stored.happening == "created" else {}


def message(bot: User, person: Person, stored: StoredMessage, *, quoting: bool = True) -> Message:
    """Return a stored message, with the one it replies to unless quoting is off."""
    quoted = person.messages.get(stored.reply_to) if quoting and stored.reply_to else None
    return Message.model_validate(
        {
            "message_id": stored.id,
            "date": datetime.fromtimestamp(stored.sent_at, UTC),
            "chat": chat(person),
            "from_user": bot if stored.by_bot else user(person),
            "edit_date": stored.edited_at,
            "reply_markup": stored.keyboard,
            "reply_to_message": message(bot, person, quoted, quoting=False) if quoted else None,
            "link_preview_options": stored.content.preview,
            "effect_id": stored.content.effect,
            **_said(stored.content),
        }
    )


def _said(content: Content) -> dict[str, object]:
    """Return the fields of a message that hold what it says."""
    entities = list(content.text.entities) or None
    fields: dict[str, object] = {"text": content.text.text, "entities": entities}
    if content.photo:
        fields = {
            "photo": [photo_size(content.photo)],
            "caption": content.text.text or None,
            "caption_entities": entities,
            "show_caption_above_media": content.caption_above or None,
            "has_media_spoiler": content.spoiler or None,
        }
    if content.attachment:
        fields = {
            content.attachment.kind: _file(content.attachment),
            "caption": content.text.text or None,
            "caption_entities": entities,
        }
    if content.invoice:
        fields = {"invoice": invoice(content.invoice)}
    return fields


def _file(attachment: Attachment) -> dict[str, object]:
    named = {"file_id": attachment.file_id, "file_unique_id": attachment.unique_id}
    return named | ({"duration": 3} if attachment.kind == "voice" else {"file_name": "file.txt"})
