"""Comment codes survive what wallets and people do to them, and nothing else passes for one."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ton import COMMENT_ALPHABET, is_comment_code, new_comment, normalised_comment

CODES = st.text(COMMENT_ALPHABET, min_size=10, max_size=10)
BLANKS = [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\ufeff", "\ufe0f", "\x00"]
INVISIBLE = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\ufe0e", "\x00", "\x07", "\u202a", "\u3164"]


def _full_width(code: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) for char in code)


def _mistreated(code: str, chance: random.Random) -> str:
    text = chance.choice([code, code.lower(), code.title(), _full_width(code), _full_width(code.lower())])
    for _ in range(chance.randrange(4)):
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(INVISIBLE) + text[place:]
    before, after = ("".join(chance.choices(BLANKS, k=chance.randrange(4))) for _ in range(2))
    return unicodedata.normalize(chance.choice(["NFC", "NFD"]), before + text + after)


def test_five_hundred_mistreated_codes_are_all_recognised() -> None:
    chance = random.Random(20260901)
    for _ in range(500):
        code = new_comment(chance.randbytes(32))
        text = _mistreated(code, chance)
        assert normalised_comment(text) == normalised_comment(code), repr(text)
        assert is_comment_code(text)


@given(CODES, CODES)
def test_different_codes_never_share_a_normal_form(one: str, other: str) -> None:
    assert (normalised_comment(one) == normalised_comment(other)) == (one == other)


@given(st.text())
def test_the_normal_form_is_stable(text: str) -> None:
    once = normalised_comment(text)
    assert normalised_comment(once) == once


@given(CODES, st.text(min_size=1))
def test_a_code_with_visible_company_is_no_code(code: str, company: str) -> None:
    assert is_comment_code(code + company) == (normalised_comment(company) == "")


def test_words_are_kept_apart_by_one_space() -> None:
    assert normalised_comment("\u00a0Оплата \n\t ЗАКАЗА ") == "оплата заказа"


@given(st.binary(min_size=32, max_size=64))
def test_a_new_code_has_no_look_alikes_and_is_recognised(entropy: bytes) -> None:
    if sum(byte < 248 for byte in entropy) < 10:
        return
    code = new_comment(entropy)
    assert len(code) == 10
    assert not set(code) & set("0O1IL")
    assert is_comment_code(code)


def test_every_letter_of_the_alphabet_is_equally_likely() -> None:
    letters = "".join(new_comment(bytes([byte] * 10)) for byte in range(248))
    assert {letters.count(char) for char in COMMENT_ALPHABET} == {80}


def test_there_are_at_least_49_bits_in_a_code() -> None:
    assert len(COMMENT_ALPHABET) ** 10 > 2**49


def test_too_little_entropy_is_refused_rather_than_stretched() -> None:
    with pytest.raises(ValueError):
        new_comment(b"\xff" * 64)
