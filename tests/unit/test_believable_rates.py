"""Which price is believed: no single source can set one, whatever it says and in whatever steps."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.rates import BIGGEST_JUMP, believable, storable

PRICES = st.decimals("0.000001", "999999", places=6)
HONEST = Decimal(220)


@given(PRICES, PRICES)
def test_one_alone_is_believed_within_a_fifth_of_the_last_and_at_once_where_there_is_none(
    price: Decimal, last: Decimal
) -> None:
    assert believable({"one": price}, None) == "one"
    assert (believable({"one": price}, last) == "one") == (abs(price - last) <= last * BIGGEST_JUMP)


@given(st.lists(PRICES, min_size=1, max_size=30))
def test_a_source_that_lies_never_moves_the_price_while_two_honest_ones_stand(lies: list[Decimal]) -> None:
    last: Decimal | None = None
    for lie in lies:
        prices = {"liar": lie, "public": HONEST, "other": HONEST + 1}
        source = believable(prices, last)
        assert source is not None
        last = prices[source]
        assert abs(last - HONEST) <= HONEST * Decimal("0.06")


@given(st.lists(PRICES, min_size=1, max_size=30))
def test_a_source_that_lies_never_creeps_away_while_one_honest_one_stands(lies: list[Decimal]) -> None:
    last = HONEST
    for lie in lies:
        prices = {"liar": lie, "public": HONEST}
        source = believable(prices, last)
        assert source is not None
        last = prices[source]
        assert abs(last - HONEST) <= HONEST * Decimal("0.06")


@pytest.mark.parametrize("price", [None, "NaN", "sNaN", "Infinity", "-Infinity", "0", "-1", "1e9", "0.0000004"])
def test_what_is_no_price_is_not_kept(price: str | None) -> None:
    assert storable(None if price is None else Decimal(price)) is None


def test_a_price_is_kept_to_a_millionth() -> None:
    assert storable(Decimal("219.12345649")) == Decimal("219.123456")
