"""What is on sale, its version and its savings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import NotFound
from app.domain.money import Money
from app.domain.plans import Catalogue, Plan
from app.domain.promo import for_less

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


def test_savings_are_whole_percent_against_as_many_days_of_the_shortest_plan() -> None:
    assert [CATALOGUE.savings_percent(plan) for plan in CATALOGUE] == [0, 9, 40]
    assert CATALOGUE.best is YEAR


def test_a_longer_plan_that_costs_more_a_day_spares_nothing_and_is_not_the_best() -> None:
    catalogue = Catalogue([MONTH, replace(QUARTER, price=Money.rub(400))])
    assert [catalogue.savings_percent(plan) for plan in catalogue] == [0, 0]
    assert catalogue.best is None


@given(st.lists(PLANS, min_size=1, max_size=6, unique_by=lambda plan: plan.key), st.integers(0, 99))
def test_who_has_a_discount_spares_as_much_as_is_claimed_of_the_prices_shown(plans: list[Plan], off: int) -> None:
    shown = for_less(Catalogue(plans), off)
    month = min(shown, key=lambda plan: plan.days)
    for plan in shown:
        by_months = month.price.kopecks * plan.days
        spared = by_months - plan.price.kopecks * month.days
        assert 100 * max(0, spared) >= shown.savings_percent(plan) * by_months


def test_a_month_of_a_plan_is_told_in_whole_rubles_and_never_too_low() -> None:
    assert [plan.a_month for plan in CATALOGUE] == [Money.rub(129), Money.rub(117), Money.rub(77)]


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
