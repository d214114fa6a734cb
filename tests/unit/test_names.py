"""What is typed as a config's name becomes one line of what can be seen, or is refused; it does no harm anywhere."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.errors import InvalidName
from app.domain.names import MOST_MARKS, MOST_VISIBLE, clean_name, visible
from app.locales.locales import TRANSLATORS

FAMILY, FLAG, THUMB, HEART = "👨‍👩‍👧‍👦", "🇳🇱", "👍🏽", "❤️"
SPECIAL = "\u202e\u2066\u2069\u200f\n\r\t\0\u2028 <>&{}🇳🇱👍🏽\u200d\ufe0f\u0301"
HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from(SPECIAL)))


def name_of(typed: str) -> str | None:
    try:
        return clean_name(typed)
    except InvalidName:
        return None


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Мой \n\n телефон\t", "Мой телефон"),
        ("Mum\u202e\u2066\u200f", "Mum"),
        ("a\0b\x1b[31mc", "ab[31mc"),
        ("<b>Мама</b> & {name}", "<b>Мама</b> & {name}"),
        ("שלום", "שלום"),
        (f"{FAMILY}{FLAG}{THUMB}{HEART}", f"{FAMILY}{FLAG}{THUMB}{HEART}"),
        ("x" * MOST_VISIBLE, "x" * MOST_VISIBLE),
        (FAMILY * MOST_VISIBLE, FAMILY * MOST_VISIBLE),
        (FLAG * MOST_VISIBLE, FLAG * MOST_VISIBLE),
    ],
)
def test_what_people_type_is_kept_and_what_breaks_or_turns_a_line_is_not(typed: str, name: str) -> None:
    assert clean_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    ["", " \n\t", "\u200d\ufe0f", "\u3164\u2800", "\u0301\u0301", "x" * 33, "x" * 4096, "а" + "\u0301" * 400],
    ids=["nothing", "blanks", "joiners", "letters that are blank", "marks", "one too many", "a book", "a tower"],
)
def test_what_can_not_be_seen_or_is_too_much_is_refused(typed: str) -> None:
    with pytest.raises(InvalidName):
        clean_name(typed)


@pytest.mark.parametrize("sign", [FAMILY, FLAG, THUMB, HEART, "é", "й"])
def test_what_a_reader_counts_as_one_is_one(sign: str) -> None:
    assert visible(sign) == 1
    assert visible(sign * 5) == 5


@given(HOSTILE)
@example("\u202eevil\n" * 20)
def test_any_name_is_one_short_line_that_turns_nothing_and_is_clean_already(typed: str) -> None:
    name = name_of(typed)
    if name is None:
        return
    assert 0 < visible(name) <= MOST_VISIBLE
    assert len(name) <= MOST_VISIBLE * MOST_MARKS
    assert len(name.splitlines()) == 1
    assert not {unicodedata.category(letter) for letter in name} & {"Cc", "Cs", "Co", "Zl", "Zp"}
    turns = {"LRE", "RLE", "LRO", "RLO", "LRI", "RLI", "FSI"}
    assert not {unicodedata.bidirectional(letter) for letter in name} & turns
    assert clean_name(name) == name
    name.encode()


@given(HOSTILE)
def test_any_name_fits_on_a_button_and_into_a_text_in_every_language(typed: str) -> None:
    name = name_of(typed)
    for t in TRANSLATORS.values():
        if name is not None:
            assert "<" not in t("vpn.card", name=name)
            assert name.partition("\u200d")[0][:1] in t.plain("vpn.card", name=name)
