"""Owns the entities Telegram finds by itself: commands, links, mentions, hashtags, addresses; must not parse markup."""

import re

from aiogram.types import MessageEntity

from sandbox.telegram.text.formatted import Formatted, ordered, utf16_length

_DOMAINS = "com|org|net|ru|me|io|app|dev|info|su|рф"
_FOUND = re.compile(
    r"(?P<email>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    rf"|(?P<url>(?:https?://[^\s<>\"«»]+|(?<![\w@./-])(?:[\w-]+\.)+(?:{_DOMAINS})(?![\w-])(?:[/?#][^\s<>\"«»]*)?))"
    r"|(?P<mention>(?<![\w@])@[A-Za-z0-9_]{3,32}(?!\w))"
    r"|(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>]))"
    r"|(?P<hashtag>(?<![\w#/])#(?=\w*[^\W\d])\w{1,256})",
    re.IGNORECASE,
)
_SEALED = {"code", "pre", "text_link", "text_mention", "url", "bot_command", "mention", "hashtag", "email"}
_TRAILING = ".,:;!?'\")]}"


def with_automatic(whole: Formatted) -> Formatted:
    """Return the text with the entities found added, outside links and code."""
    sealed = [(entity.offset, entity.offset + entity.length) for entity in whole.entities if entity.type in _SEALED]
    found = []
    for match in _FOUND.finditer(whole.text):
        kind = match.lastgroup or ""
        text = match[0].rstrip(_TRAILING) if kind == "url" else match[0]
        begin = utf16_length(whole.text[: match.start()])
        end = begin + utf16_length(text)
        if not any(begin < until and since < end for since, until in sealed):
            found.append(MessageEntity(type=kind, offset=begin, length=end - begin))
    return Formatted(whole.text, ordered((*whole.entities, *found))) if found else whole
