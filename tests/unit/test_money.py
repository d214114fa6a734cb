"""Rubles as whole kopecks, and what people type as sums."""

from __future__ import annotations

import string
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.money import ZERO, Money, parse_amount

KOPECKS = st.integers(-(10**14), 10**14)
EVERYTHING = (Money(-(10**30)), Money(10**30))
HOSTILE = [
    "-1", "-0", "+1", "--1", "1-", "−1", "-0.01",
    "1e3", "1E+30", "1e309", "1e-2", "0x10", "0b1", "0o7",
    "NaN", "nan", "sNaN", "-sNaN", "Infinity", "inf", "-inf", "∞",
    "1_000", "1 000", "1\u00a0000", "1'000", "1,000,000", "1.000,50",
    "٤٠٠", "４００", "४००", "²", "½", "Ⅳ", "1．5", "1٫5", "四百",
    "1.", ".5", ",5", "1..5", "1,,5", "1.5.5", "1.555", "1,555",
    "", " ", "\n", "400\n", "\t400", "400\r", "400\x00", "\u200b400", "400\u200f", "\ufeff400",
    "12345678", "9" * 5000, "0" * 5000, "400₽", "400 руб", "$400", "400%", "True", "None", "{400}", "'400'",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_is_no_plain_sum_is_no_amount(typed: str) -> None:
    assert parse_amount(typed, *EVERYTHING) is None


@pytest.mark.parametrize(
    ("typed", "kopecks"),
    [
        ("400", 40_000),
        ("400.5", 40_050),
        ("400,50", 40_050),
        ("0", 0),
        ("0.01", 1),
        ("007", 700),
        ("9999999.99", 999_999_999),
        ("  400 ", 40_000),
        ("\u00a0400\u00a0", 40_000),
    ],
)
def test_a_plain_sum_is_read_to_the_kopeck(typed: str, kopecks: int) -> None:
    assert parse_amount(typed, *EVERYTHING) == Money(kopecks)


@given(st.text() | st.text(string.digits + ".,+-eE_ naifNAIF\u0664\uff14", max_size=12))
@example("0" * 100_000)
def test_any_text_is_an_amount_within_the_bounds_or_none_and_never_an_error(typed: str) -> None:
    minimum, maximum = Money.rub(50), Money.rub(100_000)
    amount = parse_amount(typed, minimum, maximum)
    assert amount is None or minimum <= amount <= maximum
    if amount is not None:
        assert Money.rub(typed.strip(" \u00a0").replace(",", ".")) == amount


@given(st.integers(0, 999_999_999), st.sampled_from(".,"), st.sampled_from(["", " ", "\u00a0"]))
def test_every_sum_that_can_be_written_is_read_back(kopecks: int, point: str, around: str) -> None:
    typed = f"{around}{kopecks // 100}{point}{kopecks % 100:02d}{around}"
    assert parse_amount(typed, ZERO, Money(10**9)) == Money(kopecks)


def test_the_bounds_themselves_are_allowed_and_a_kopeck_beyond_is_not() -> None:
    bounds = Money.rub(50), Money.rub(100)
    typed = ("49.99", "50", "100", "100.01")
    assert [parse_amount(each, *bounds) for each in typed] == [None, Money.rub(50), Money.rub(100), None]


@given(KOPECKS)
def test_rubles_and_back_lose_nothing(kopecks: int) -> None:
    money = Money(kopecks)
    assert Money.rub(money.decimal) == money
    assert Money.rub(str(money)) == money


@given(KOPECKS, KOPECKS)
def test_sums_are_exact(left: int, right: int) -> None:
    assert Money(left) + Money(right) == Money(left + right)
    assert Money(left) - Money(right) == Money(left) + -Money(right)


@pytest.mark.parametrize("amount", ["0.001", "129.999", "-0.005"])
def test_a_fraction_of_a_kopeck_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=amount):
        Money.rub(Decimal(amount))


@given(st.decimals("0", "1000000", places=6))
def test_rounding_down_never_gives_more_and_takes_less_than_a_kopeck(amount: Decimal) -> None:
    rounded = Money.rub_rounded_down(amount).decimal
    assert rounded <= amount < rounded + Decimal("0.01")


@pytest.mark.parametrize(
    ("kopecks", "shown"), [(0, "0"), (1, "0.01"), (10, "0.10"), (100, "1"), (-1, "-0.01"), (-12_950, "-129.50")]
)
def test_a_sum_shows_kopecks_only_where_there_are_some(kopecks: int, shown: str) -> None:
    assert str(Money(kopecks)) == shown
