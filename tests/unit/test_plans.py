"""What is on sale, its version and its savings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import NotFound
from app.domain.money import Money
from app.domain.plans import Catalogue, Plan

MONTH = Plan("sub_1m", 30, Money.rub(129), 2)
QUARTER = Plan("sub_3m", 90, Money.rub(349), 3)
YEAR = Plan("sub_12m", 365, Money.rub(929), 5)
CATALOGUE = Catalogue([MONTH, QUARTER, YEAR])

PLANS = st.builds(
    Plan,
    key=st.text("abc123_", min_size=1, max_size=8),
    days=st.integers(1, 3660),
    price=st.integers(1, 10**9).map(Money),
    max_configs=st.integers(1, 50),
)


def test_plans_are_shown_in_the_order_of_the_file() -> None:
    assert list(CATALOGUE) == [MONTH, QUARTER, YEAR]


def test_a_plan_is_found_by_its_key() -> None:
    assert CATALOGUE.get("sub_3m") is QUARTER


@pytest.mark.parametrize("key", ["", "sub_2m", "SUB_1M", "sub_1m "])
def test_a_plan_that_is_not_on_sale_is_not_found(key: str) -> None:
    with pytest.raises(NotFound):
        CATALOGUE.get(key)


def test_savings_are_whole_percent_against_the_dearest_day() -> None:
    assert [CATALOGUE.savings_percent(plan) for plan in CATALOGUE] == [0, 9, 40]


@given(st.lists(PLANS, min_size=1, max_size=6))
def test_savings_are_never_negative_and_never_everything(plans: list[Plan]) -> None:
    catalogue = Catalogue(plans)
    assert all(0 <= catalogue.savings_percent(plan) <= 100 for plan in catalogue)


@given(PLANS)
def test_a_version_fits_a_button_and_stays_the_same_for_the_same_plan(plan: Plan) -> None:
    assert len(plan.version) == 4
    assert replace(plan).version == plan.version


@pytest.mark.parametrize("change", [{"days": 31}, {"price": Money.rub(130)}, {"max_configs": 3}])
def test_a_version_changes_with_what_is_sold(change: dict[str, int | Money]) -> None:
    assert replace(MONTH, **change).version != MONTH.version  # type: ignore[arg-type]  # each value has its field's type
