"""Owns the safe HTML a chat page shows for a formatted text; must not let through any markup that is not an entity."""

from html import escape

from aiogram.types import MessageEntity

from sandbox.telegram.text.formatted import Formatted

_TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}
_CLASSES = {
    "spoiler": "tg-spoiler",
    "bot_command": "tg-command",
    "mention": "tg-mention",
    "hashtag": "tg-hashtag",
    "custom_emoji": "tg-emoji",
}
_OPENED = ("http://", "https://", "tg://", "ton://")


_Span = tuple[int, int, MessageEntity]


def to_html(whole: Formatted) -> str:
    """Return HTML with every character escaped and tags for entities only; line breaks stay line breaks."""
    spans = [(entity.offset, entity.offset + entity.length, entity) for entity in whole.entities]
    return _stretch(whole, 0, whole.length(), spans)


def _stretch(whole: Formatted, begin: int, end: int, spans: list[_Span]) -> str:
    pieces: list[str] = []
    while spans:
        since, until, entity = spans[0]
        inner, spans = _split(spans[1:], until)
        opening, closing = _tags(entity, whole)
        pieces.append(escape(whole.part(begin, since - begin)))
        pieces.append(f"{opening}{_stretch(whole, since, until, inner)}{closing}")
        begin = until
    pieces.append(escape(whole.part(begin, end - begin)))
    return "".join(pieces)


def _split(spans: list[_Span], border: int) -> tuple[list[_Span], list[_Span]]:
    # What reaches over the border is cut there, so that tags nest even where entities overlap.
    inner = [(since, min(until, border), entity) for since, until, entity in spans if since < border]
    after = [(max(since, border), until, entity) for since, until, entity in spans if until > border]
    return inner, sorted(after, key=lambda span: (span[0], -span[1]))


def _tags(entity: MessageEntity, whole: Formatted) -> tuple[str, str]:
    if entity.type in {"text_link", "url"}:
        return _link(entity.url or whole.part(entity.offset, entity.length))
    if tag := _TAGS.get(entity.type):
        expandable = " expandable" if entity.type == "expandable_blockquote" else ""
        return f"<{tag}{expandable}>", f"</{tag}>"
    if css := _CLASSES.get(entity.type):
        return f'<span class="{css}">', "</span>"
    return "", ""


def _link(url: str) -> tuple[str, str]:
    target = url if "://" in url else f"http://{url}"
    if not target.lower().startswith(_OPENED):
        return "", ""
    return f'<a href="{escape(target)}" target="_blank" rel="noopener noreferrer">', "</a>"
