"""What a config may be called: any writing and any emoji, nothing that breaks a line or turns its direction."""

from __future__ import annotations

import unicodedata

from app.domain.errors import InvalidName

MOST_VISIBLE = 32
# So many code points a visible character: what a family of four in one emoji takes, and more than any script needs.
MOST_MARKS = 8
JOINER, NON_JOINER, PICTURE = "\u200d", "\u200c", "\ufe0f"
KEPT = {JOINER, NON_JOINER}
# Letters and symbols by their category, and blank all the same.
BLANK = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}
SKIN = range(0x1F3FB, 0x1F400)
FLAGS = range(0x1F1E6, 0x1F200)


def clean_name(typed: str) -> str:
    """The name as it is kept; InvalidName where nothing of it can be seen, or too much."""
    name = " ".join("".join(_kept(letter) for letter in typed[: MOST_VISIBLE * MOST_MARKS + 1]).split())
    name = name.lstrip(f"{JOINER}{NON_JOINER}{PICTURE} ").rstrip(f"{JOINER}{NON_JOINER} ")
    if not 0 < visible(name) <= MOST_VISIBLE or len(name) > MOST_VISIBLE * MOST_MARKS:
        raise InvalidName(MOST_VISIBLE)
    if all(letter.isspace() or _is_mark(letter) for letter in name):
        raise InvalidName(MOST_VISIBLE)
    return name


def visible(name: str) -> int:
    """How many characters a reader counts: an emoji is one, however many code points make it."""
    count = marks = 0
    is_joined = is_half_flag = False
    for letter in name:
        is_flag = ord(letter) in FLAGS
        is_part = _is_mark(letter) or is_joined or (is_flag and is_half_flag)
        marks = marks + 1 if is_part else 0
        # What is piled higher than any writing needs counts like what it hides.
        if not is_part or marks >= MOST_MARKS:
            count += 1
        is_half_flag = is_flag and not is_half_flag
        is_joined = letter == JOINER
    return count


def _kept(letter: str) -> str:
    if letter in BLANK or letter.isspace():
        return " "
    category = unicodedata.category(letter)
    # Controls, marks of direction, surrogates and private signs; those that join the parts of an emoji stay.
    return "" if category in {"Cc", "Cf", "Cs", "Co"} and letter not in KEPT else letter


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in {"Mn", "Me"} or letter in KEPT or ord(letter) in SKIN
