"""Time that was bought: half-open ends, days added to what is left, days as people count them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.subscription import days_left, extended, is_active

NOW = datetime(2028, 2, 28, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is the next argument
ENDS = st.none() | INSTANTS


@pytest.mark.parametrize(
    ("end", "active"), [(None, False), (NOW - SECOND, False), (NOW, False), (NOW + timedelta(microseconds=1), True)]
)
def test_the_end_itself_is_outside(end: datetime | None, active: bool) -> None:
    assert is_active(end, NOW) is active


@pytest.mark.parametrize(
    ("end", "extended_to"),
    [
        (None, NOW + timedelta(days=30)),
        (NOW - timedelta(days=400), NOW + timedelta(days=30)),
        (NOW, NOW + timedelta(days=30)),
        (NOW + timedelta(days=7), NOW + timedelta(days=37)),
    ],
)
def test_days_are_added_to_what_is_left_and_never_to_what_is_over(
    end: datetime | None, extended_to: datetime
) -> None:
    assert extended(end, NOW, 30) == extended_to


def test_a_day_is_24_hours_over_a_leap_day_and_a_change_of_clocks() -> None:
    assert extended(None, NOW, 2) == datetime(2028, 3, 1, 12, tzinfo=UTC)
    assert extended(None, datetime(2027, 3, 27, 23, tzinfo=UTC), 7) - datetime(2027, 3, 27, 23, tzinfo=UTC) == (
        timedelta(hours=168)
    )


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=-3), 0),
        (timedelta(0), 0),
        (SECOND, 1),
        (timedelta(days=1) - SECOND, 1),
        (timedelta(days=1), 1),
        (timedelta(days=1) + SECOND, 2),
        (timedelta(days=7), 7),
    ],
)
def test_days_left_are_days_begun(left: timedelta, days: int) -> None:
    assert days_left(NOW + left, NOW) == days


def test_without_a_subscription_no_days_are_left() -> None:
    assert days_left(None, NOW) == 0


@given(ENDS, INSTANTS, st.integers(1, 3660))
def test_an_extension_is_active_and_takes_nothing_away(end: datetime | None, now: datetime, days: int) -> None:
    new_end = extended(end, now, days)
    assert is_active(new_end, now)
    assert new_end - now >= timedelta(days=days)
    assert end is None or new_end > end
    assert days_left(new_end, now) == days_left(end, now) + days


@given(ENDS, INSTANTS, st.integers(1, 1000), st.integers(1, 1000))
def test_two_purchases_give_the_days_of_both_in_either_order(
    end: datetime | None, now: datetime, first: int, second: int
) -> None:
    bought = extended(extended(end, now, first), now, second)
    assert bought == extended(extended(end, now, second), now, first) == extended(end, now, first + second)
