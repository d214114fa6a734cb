"""Owns the parsing of Telegram's HTML, fault for fault in the words of the real server; must not render it."""

import re
from dataclasses import dataclass

from aiogram.types import MessageEntity

from sandbox.telegram.links import LinkError, checked
from sandbox.telegram.text.formatted import Formatted, ordered, utf16_length

_TYPES = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("span", "tg-spoiler"), "spoiler"),
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_ESCAPE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot)(?![a-zA-Z]));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_PLAIN = re.compile(r"[^&<\0]+")
_SPACE = re.compile(r"\s*")
_TAG_NAME = re.compile(r"[^\s>\0]*")
_ATTRIBUTE_NAME = re.compile(r"[^\s=>\0]*")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")


class MarkupError(ValueError):
    """Broken HTML; its text is Telegram's reason."""


@dataclass(slots=True)
class _Tag:
    name: str
    argument: str
    offset: int
    begin: int


def parse_html(source: str) -> Formatted:
    """Return the text and its entities; MarkupError says what Telegram would."""
    return _Parser(source).parse()


def _unescaped(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED[name]
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if code == 0 or code >= 0x10FFFF or 0xD800 <= code < 0xE000:
        return match[0]
    return chr(code)


class _Parser:
    def __init__(self, source: str) -> None:
        # A terminator that no text holds spares every check for the end.
        self._source = source.replace("\0", " ") + "\0"
        self._at = 0
        self._text: list[str] = []
        self._offset = 0
        self._open: list[_Tag] = []
        self._entities: list[MessageEntity] = []

    def parse(self) -> Formatted:
        while (char := self._source[self._at]) != "\0":
            if char == "&":
                escape = _ESCAPE.match(self._source, self._at)
                self._emit(_unescaped(escape) if escape else "&", len(escape[0]) if escape else 1)
            elif char != "<":
                plain = self._match(_PLAIN)
                self._emit(plain, 0)
            elif self._source[self._at + 1] == "/":
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return Formatted("".join(self._text), ordered(self._entities))

    def _emit(self, text: str, consumed: int) -> None:
        self._text.append(text)
        self._offset += utf16_length(text)
        self._at += consumed

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._source, self._at)
        found = match[0] if match else ""
        self._at += len(found)
        return found

    def _bytes(self, at: int) -> int:
        return len(self._source[:at].encode())

    def _start_tag(self) -> None:
        begin = self._at
        self._at += 1
        name = self._match(_TAG_NAME).lower()
        if self._source[self._at] == "\0":
            raise MarkupError(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        if name not in _TYPES:
            raise MarkupError(f'Unsupported start tag "{name}" at byte offset {self._bytes(begin)}')
        argument = ""
        self._match(_SPACE)
        while self._source[self._at] != ">":
            argument = self._attribute(name, begin) or argument
            self._match(_SPACE)
        if name == "span" and argument != "spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {self._bytes(begin)}')
        self._at += 1
        self._open.append(_Tag(name, argument, self._offset, len(self._text)))

    def _attribute(self, tag: str, begin: int) -> str:
        attribute = self._match(_ATTRIBUTE_NAME)
        if not attribute and self._source[self._at] != "\0":
            raise MarkupError(f'Empty attribute name in the tag "{tag}" at byte offset {self._bytes(begin)}')
        self._match(_SPACE)
        if self._source[self._at] == "=":
            self._at += 1
            self._match(_SPACE)
            value = self._attribute_value(tag, begin)
        else:
            value = ""
        if self._source[self._at] == "\0":
            raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {self._bytes(begin)}')
        return _argument(tag, attribute, value)

    def _attribute_value(self, tag: str, begin: int) -> str:
        quote = self._source[self._at]
        if quote == "\0":
            raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {self._bytes(begin)}')
        start = self._at
        if quote not in "'\"":
            token = self._match(_TOKEN).lower()
            if self._source[self._at] != ">" and not self._source[self._at].isspace():
                raise MarkupError(f"Unexpected end of name token at byte offset {self._bytes(start)}")
            return token
        end = self._source.find(quote, start + 1)
        if end < 0 or self._source[end + 1] == "\0":
            raise MarkupError(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        self._at = end + 1
        return _ESCAPE.sub(_unescaped, self._source[start + 1 : end])

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise MarkupError(f"Unexpected end tag at byte offset {self._bytes(begin)}")
        self._at += 2
        found = self._match(_TAG_NAME)
        self._match(_SPACE)
        if self._source[self._at] != ">":
            raise MarkupError(f"Unclosed end tag at byte offset {self._bytes(begin)}")
        self._at += 1
        tag = self._open.pop()
        if found not in {"", tag.name}:
            raise MarkupError(
                f'Unmatched end tag at byte offset {self._bytes(begin)}, expected "</{tag.name}>", found "</{found}>"'
            )
        if self._offset > tag.offset:
            self._close(tag)

    def _close(self, tag: _Tag) -> None:
        span: dict[str, object] = {"offset": tag.offset, "length": self._offset - tag.offset}
        kind = _TYPES[tag.name]
        if tag.name == "a":
            try:
                span["url"] = checked(tag.argument or "".join(self._text[tag.begin :]))
            except LinkError:
                return  # a bad link is shown as plain text by the real server as well
        elif tag.name == "tg-emoji":
            if not tag.argument.isdigit() or int(tag.argument) >= 2**63:
                raise MarkupError("Invalid custom emoji identifier specified")
            span["custom_emoji_id"] = tag.argument
        elif tag.name == "blockquote" and tag.argument:
            kind = "expandable_blockquote"
        elif tag.name in {"pre", "code"} and self._join_code(tag, span):
            return
        self._entities.append(MessageEntity.model_validate({"type": kind, **span}))

    def _join_code(self, tag: _Tag, span: dict[str, object]) -> bool:
        # <pre><code class="language-x"> is one block with a language.
        if tag.name == "code" and tag.argument and self._open and self._open[-1].name == "pre":
            self._open[-1].argument = tag.argument
            return True
        if tag.name == "pre" and tag.argument:
            span["language"] = tag.argument
        return False


def _argument(tag: str, attribute: str, value: str) -> str:
    match tag, attribute:
        case ("a", "href") | ("tg-emoji", "emoji-id"):
            return value
        case ("code", "class") if value.startswith("language-"):
            return value.removeprefix("language-")
        case ("span", "class") if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case ("blockquote", "expandable"):
            return "1"
    return ""
