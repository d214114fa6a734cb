"""What a screen may look like, whichever it is: judged by what stands in the chat. Knows no screen by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.telegram.text.formatted import utf16_length

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

    from sandbox.telegram.people import StoredMessage
    from sandbox.telegram.text.formatted import Formatted

# What a phone of 390 points shows of a button before it cuts the words; of a row of three the page shows less.
LONGEST = {1: 38, 2: 18, 3: 11}
ALERT_LIMIT = 200
RAW_KEY = re.compile(r"(?<![\w./@:-])[a-z]{2,}\.[a-z][a-z0-9_]+(?![\w./-])")
PLACEHOLDER = re.compile(r"\{ ?\$?\w*[^}]*\}|\{\}")
TAG = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:lt|gt|amp|quot|#\d+);")
# Texts of these kinds are copied or opened, not read.
NOT_READ = {"code", "pre", "url", "text_link", "mention", "bot_command"}
TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SHORTEST = 5
NUMBER = re.compile(r"\d[\d\s.,:]*\w*")
OURS = {"https", "http", "tg", "ton"}


def faults_of(message: StoredMessage, foreign: tuple[str, ...] = ()) -> Iterator[str]:
    """What is wrong with a message of the bot; `foreign` are words that people brought in themselves."""
    yield from text_faults(without(read_part(message.content.text), foreign))
    if message.keyboard is None:
        yield "a dead end: no button"
        return
    for row in message.keyboard.inline_keyboard:
        for button in row:
            yield from button_faults(button, len(row), foreign)
    if not any(button.callback_data for row in message.keyboard.inline_keyboard for button in row):
        yield "a dead end: no button of ours"


def text_faults(text: str) -> Iterator[str]:
    """What no text may show: a key for a text, a place for a value, markup that was meant to be invisible."""
    for name, pattern in (("a raw key", RAW_KEY), ("a placeholder", PLACEHOLDER), ("visible markup", TAG)):
        if found := pattern.search(text):
            yield f"{name}: {found[0]!r} in {text!r}"


def button_faults(button: InlineKeyboardButton, of_row: int, foreign: tuple[str, ...] = ()) -> Iterator[str]:
    """What is wrong with one button in a row of so many."""
    own = without(button.text, foreign)
    yield from text_faults(own)
    if utf16_length(own) > LONGEST.get(of_row, 8):
        yield f"{button.text!r} is cut: {utf16_length(own)} of {LONGEST.get(of_row, 8)} characters"
    link = button.url or (button.web_app.url if button.web_app else None)
    if link is not None and (urlsplit(link).scheme not in OURS or " " in link):
        yield f"{button.text!r} opens {link!r}"


def without(text: str, foreign: tuple[str, ...]) -> str:
    """The text less what people brought in: as it was written, or cleaned, or the beginning of it."""
    words = sorted({variant for word in foreign for variant in (word, cleaned(word))}, key=len, reverse=True)
    for word in words:
        text = text.replace(word, "…")
    for word in words:
        size = len(word) if word[:SHORTEST] in text else 0
        while size > SHORTEST and word[:size] not in text:
            size -= 1
        if size >= SHORTEST:
            text = text.replace(word[:size], "…")
    return text


def cleaned(word: str) -> str:
    """The word less marks that turn the direction and doubled blanks."""
    return " ".join(TURNS.sub("", word).split())


def read_part(text: Formatted) -> str:
    """What is there to be read."""
    left = text
    words = left.text.encode("utf-16-le")
    for entity in sorted(text.entities, key=lambda entity: -entity.offset):
        if entity.type in NOT_READ:
            begin, end = entity.offset * 2, (entity.offset + entity.length) * 2
            words = words[:begin] + "…".encode("utf-16-le") + words[end:]
    return words.decode("utf-16-le", "replace")


Shape = tuple[str, tuple[tuple[str, ...], ...]]


def shape_of(message: StoredMessage, foreign: tuple[str, ...] = ()) -> Shape:
    """The same for messages that differ in numbers, dates, names and links only."""
    return plain(read_part(message.content.text), foreign), rows_of(message.keyboard, foreign)


def plain(text: str, foreign: tuple[str, ...] = ()) -> str:
    """A text less its numbers and the words that follow them."""
    return NUMBER.sub("0", without(text, foreign))


def rows_of(markup: InlineKeyboardMarkup | None, foreign: tuple[str, ...] = ()) -> tuple[tuple[str, ...], ...]:
    """The buttons row by row, each by what it is."""
    rows = markup.inline_keyboard if markup else []
    return tuple(tuple(button_shape(button, foreign) for button in row) for row in rows)


def button_shape(button: InlineKeyboardButton, foreign: tuple[str, ...] = ()) -> str:
    """A button by its words and by the kind of what it carries."""
    kind, _, fields = (button.callback_data or "-").partition(":")
    page = fields if fields.isalpha() else ""
    return f"{plain(button.text, foreign)} [{kind}:{page}]"
