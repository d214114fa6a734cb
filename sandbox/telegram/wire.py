"""Owns the aiogram types the bot receives, built from what is stored; must not change anything stored."""

from datetime import UTC, datetime

from aiogram.types import Chat, Invoice, Message, PhotoSize, TelegramObject, User

from sandbox.telegram.people import Person, StoredMessage
from sandbox.telegram.photos import Photo
from sandbox.telegram.stars import CURRENCY, StarsInvoice


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


def message(bot: User, person: Person, stored: StoredMessage, *, quoting: bool = True) -> Message:
    """Return a stored message, with the one it replies to unless quoting is off."""
    content = stored.content
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
    if content.invoice:
        fields = {"invoice": invoice(content.invoice)}
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
            "link_preview_options": content.preview,
            "effect_id": content.effect,
            **fields,
        }
    )
