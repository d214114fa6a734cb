"""Owns the way from a request's text parameters to a formatted text within its limit; must not store anything."""

from collections.abc import Sequence

from aiogram.client.default import Default
from aiogram.enums import MessageEntityType
from aiogram.types import MessageEntity

from sandbox.telegram.errors import bad_request
from sandbox.telegram.links import LinkError, checked
from sandbox.telegram.text.automatic import with_automatic
from sandbox.telegram.text.formatted import Formatted, cleaned, ordered, trimmed
from sandbox.telegram.text.html import MarkupError, parse_html

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
_REQUIRED = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id"}
_KINDS = frozenset(kind.value for kind in MessageEntityType)


def message_text(text: str, parse_mode: str | Default | None, entities: Sequence[MessageEntity] | None) -> Formatted:
    """Return a message's text; ApiError 400 where it is empty, too long or badly marked up."""
    if not text:
        raise bad_request("message text is empty")
    whole = _formatted(text, parse_mode, entities)
    if not whole.text:
        raise bad_request("text must be non-empty")
    if whole.length() > TEXT_LIMIT:
        raise bad_request("message is too long")
    return whole


def caption(text: str | None, parse_mode: str | Default | None, entities: Sequence[MessageEntity] | None) -> Formatted:
    """Return a caption, perhaps empty; ApiError 400 where it is too long or badly marked up."""
    whole = _formatted(text or "", parse_mode, entities)
    if whole.length() > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return whole


def typed_text(text: str) -> Formatted:
    """Return what a person typed, as Telegram passes it on: no markup, entities found by themselves."""
    return with_automatic(trimmed(Formatted(cleaned(text))))


def _formatted(text: str, parse_mode: str | Default | None, entities: Sequence[MessageEntity] | None) -> Formatted:
    mode = "" if parse_mode is None or isinstance(parse_mode, Default) else parse_mode.lower()
    if mode == "html":
        try:
            whole = parse_html(cleaned(text))
        except MarkupError as error:
            raise bad_request(f"can't parse entities: {error}") from error
    elif mode in {"", "none"}:
        whole = _with_given(text, entities or ())
    else:
        raise bad_request("unsupported parse_mode")
    return with_automatic(trimmed(whole))


def _with_given(text: str, entities: Sequence[MessageEntity]) -> Formatted:
    whole = Formatted(text)
    end = whole.length()
    for entity in entities:
        _check(entity, end)
    # Given offsets count the characters that cleaning drops, so a text with entities is kept as it came.
    return Formatted(text, ordered(entities)) if entities else Formatted(cleaned(text))


def _check(entity: MessageEntity, end: int) -> None:
    if entity.type not in _KINDS:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    needed = _REQUIRED.get(entity.type)
    if needed and getattr(entity, needed) is None:
        raise bad_request(f"can't parse MessageEntity: Can't find field \"{needed}\"")
    if entity.offset < 0:
        raise bad_request(f"receive an entity with incorrect offset {entity.offset}")
    if entity.offset > end:
        raise bad_request(f"entity begins after the end of the text at UTF-16 offset {entity.offset}")
    until = entity.offset + entity.length
    if until > end:
        raise bad_request(
            f"entity beginning at UTF-16 offset {entity.offset} ends after the end of the text at UTF-16 offset {until}"
        )
    if entity.url is not None:
        try:
            checked(entity.url)
        except LinkError as error:
            raise bad_request(f"entity URL '{entity.url}' is invalid: {error}") from error
