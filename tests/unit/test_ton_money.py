"""Quotes and credits to the nanoton and kopeck, and the links that ask for them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.assets import Asset, format_units
from app.domain.money import Money
from app.domain.ton import TonAddress, credit_for, quoted_nano, ton_link, wallet_link

RATES = st.decimals("0.000001", "100000", places=6)
AMOUNTS = st.integers(1, 10_000_000).map(Money)
NANO = st.integers(0, 10**15)


@pytest.mark.parametrize(
    ("amount", "rate", "nano"),
    [
        ("400", "220", 1_819_000_000),
        ("220", "220", 1_000_000_000),
        ("220.01", "220", 1_001_000_000),
        ("0.01", "220", 1_000_000),
        ("100", "333.333333", 301_000_000),
    ],
)
def test_a_quote_is_rounded_up_to_a_thousandth_of_a_coin(amount: str, rate: str, nano: int) -> None:
    assert quoted_nano(Money.rub(amount), Decimal(rate)) == nano


@pytest.mark.parametrize(
    ("nano", "credit"),
    [
        (1_819_000_000, "400"),
        (1_818_000_000, "399.96"),
        (1_818_999_999, "400"),
        (1_000_000_000, "220"),
        (999_999_999, "219.99"),
        (45_454, "0"),
        (45_455, "0.01"),
        (5_000_000_000, "1099.82"),
        (0, "0"),
    ],
)
def test_a_transfer_is_credited_at_the_locked_rate_with_the_rest_of_a_kopeck_dropped(nano: int, credit: str) -> None:
    amount, rate = Money.rub(400), Decimal(220)
    assert credit_for(nano, quoted_nano(amount, rate), amount, rate) == Money.rub(credit)


@given(AMOUNTS, RATES)
def test_what_was_quoted_brings_exactly_the_amount_and_is_less_than_one_step_more(
    amount: Money, rate: Decimal
) -> None:
    nano = quoted_nano(amount, rate)
    assert nano % 1_000_000 == 0
    assert credit_for(nano, nano, amount, rate) == amount
    assert Fraction(nano - 1_000_000) * Fraction(rate) / 10**9 < Fraction(amount.kopecks, 100)


@given(NANO, AMOUNTS, RATES)
def test_a_credit_is_never_more_than_what_came_and_less_than_a_step_of_the_quote_and_a_kopeck_short_of_it(
    nano: int, amount: Money, rate: Decimal
) -> None:
    worth = Fraction(nano) * Fraction(rate) / 10**7
    credit = credit_for(nano, quoted_nano(amount, rate), amount, rate).kopecks
    step = Fraction(1_000_000) * Fraction(rate) / 10**7
    assert worth - step - 1 < credit <= worth


@given(NANO, NANO, AMOUNTS, RATES)
def test_more_coins_are_never_worth_less(one: int, other: int, amount: Money, rate: Decimal) -> None:
    quoted = quoted_nano(amount, rate)
    less, more = sorted((one, other))
    assert credit_for(less, quoted, amount, rate) <= credit_for(more, quoted, amount, rate)


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity"])
def test_a_rate_that_is_none_is_refused(rate: str) -> None:
    with pytest.raises(ValueError):
        quoted_nano(Money(1), Decimal(rate))
    with pytest.raises(ValueError):
        credit_for(1, 1, Money(1), Decimal(rate))


def test_a_negative_transfer_is_refused() -> None:
    with pytest.raises(ValueError):
        credit_for(-1, 1, Money(1), Decimal(1))


@pytest.mark.parametrize(
    ("nano", "coins"),
    [(1_819_000_000, "1.819"), (10**9, "1"), (0, "0"), (1, "0.000000001"), (10 * 10**9, "10"), (10**6, "0.001")],
)
def test_coins_are_written_without_idle_zeros(nano: int, coins: str) -> None:
    assert format_units(Asset.TON, nano) == coins


def test_links_carry_the_payable_address_the_amount_and_the_comment_percent_encoded() -> None:
    address = TonAddress.parse("EQDNzlh0XSZdb5_Qrlx5QjyZHVAO74v5oMeVVrtF_5Vt1u_o")
    tail = "transfer/UQDNzlh0XSZdb5_Qrlx5QjyZHVAO74v5oMeVVrtF_5Vt1rIt?amount=1819000000&text=A%20B%26%2F%2B"
    assert wallet_link(address, 1_819_000_000, "A B&/+") == f"https://app.keeperwallet.com/{tail}"
    assert ton_link(address, 1_819_000_000, "A B&/+") == f"ton://{tail}"
