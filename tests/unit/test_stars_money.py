"""Stars: whole ones are asked for, rounded up, and what came is worth no kopeck more than it is."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import Money
from app.domain.stars import payload_for, payment_in, stars_for, worth_of

RATES = st.decimals("0.01", "100", places=4)


@pytest.mark.parametrize(
    ("rubles", "rate", "stars"), [("150", "1.35", 112), ("135", "1.35", 100), ("50", "1", 50), ("0.01", "1.5", 1)]
)
def test_an_amount_is_asked_for_in_whole_stars_rounded_up(rubles: str, rate: str, stars: int) -> None:
    assert stars_for(Money.rub(rubles), Decimal(rate)) == stars


@pytest.mark.parametrize(
    ("stars", "rate", "rubles"), [(112, "1.35", "151.20"), (1, "0.009", "0"), (3, "1.3333", "3.99")]
)
def test_stars_are_worth_their_rate_with_the_rest_of_a_kopeck_dropped(stars: int, rate: str, rubles: str) -> None:
    assert worth_of(stars, Decimal(rate)) == Money.rub(rubles)


@given(kopecks=st.integers(1, 10**9), rate=RATES)
def test_what_is_asked_for_covers_the_amount_and_one_star_less_does_not(kopecks: int, rate: Decimal) -> None:
    stars = stars_for(Money(kopecks), rate)
    asked = Fraction(kopecks, 100)
    assert (stars - 1) * Fraction(rate) < asked <= stars * Fraction(rate)


@given(stars=st.integers(1, 10**7), rate=RATES)
def test_worth_is_less_than_a_kopeck_below_the_exact_one_and_never_above(stars: int, rate: Decimal) -> None:
    exact = stars * Fraction(rate) * 100
    assert exact - 1 < worth_of(stars, rate).kopecks <= exact


@given(payment_id=st.integers(1, 2**63 - 1))
def test_a_payload_names_its_payment_and_nothing_around_it_does(payment_id: int) -> None:
    payload = payload_for(payment_id)
    assert payment_in(payload) == payment_id
    assert {payment_in(f" {payload}"), payment_in(f"{payload}\n"), payment_in(payload.upper())} == {None}
