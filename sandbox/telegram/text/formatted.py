"""Owns a text with its entities, counted in UTF-16 units as Telegram counts; must not parse markup."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiogram.types import MessageEntity

# Telegram drops carriage returns and the characters that reorder lines, and turns other control characters to spaces.
_CLEANED: dict[int, str | None] = dict.fromkeys(range(32), " ")
_CLEANED |= {10: "\n", 13: None} | dict.fromkeys(range(0x2028, 0x202F))


def utf16_length(text: str) -> int:
    """Return how many UTF-16 units the text takes."""
    return len(text.encode("utf-16-le")) // 2


def cleaned(text: str) -> str:
    """Return the text without the characters Telegram does not keep."""
    return text.translate(_CLEANED)


@dataclass(frozen=True, slots=True)
class Formatted:
    """Plain text and entities; offsets and lengths are UTF-16 units."""

    text: str = ""
    entities: tuple[MessageEntity, ...] = ()

    def length(self) -> int:
        """Return the length that limits apply to."""
        return utf16_length(self.text)

    def part(self, offset: int, length: int) -> str:
        """Return a stretch given in UTF-16 units."""
        units = self.text.encode("utf-16-le")
        return units[offset * 2 : (offset + length) * 2].decode("utf-16-le", "replace")


def ordered(entities: Iterable[MessageEntity]) -> tuple[MessageEntity, ...]:
    """Return the entities outermost first, as Telegram lists them."""
    return tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length, entity.type)))


def trimmed(whole: Formatted) -> Formatted:
    """Drop blank space at both ends, on the left only up to the first entity, and move the entities along."""
    first = min((entity.offset for entity in whole.entities), default=whole.length())
    lead = whole.part(0, first)
    skip = len(lead) - len(lead.lstrip(" \n"))
    text = whole.text[skip:].rstrip()
    end = utf16_length(text)
    kept = []
    for entity in whole.entities:
        offset = entity.offset - skip
        length = min(entity.length, end - offset)
        if length > 0:
            kept.append(entity.model_copy(update={"offset": offset, "length": length}))
    return Formatted(text, ordered(kept))
