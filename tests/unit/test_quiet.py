"""Quiet hours are those of Moscow, pass midnight, and end on the hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.quiet import QuietHours

NIGHT, NEVER = QuietHours.parse("23-9"), QuietHours()


def at(text: str) -> datetime:
    """An instant by the clock of Moscow."""
    return datetime.fromisoformat(f"2026-11-{text}+03:00")


@pytest.mark.parametrize(
    ("written", "moment", "is_quiet"),
    [
        ("23-9", "23T22:59:59", False),
        ("23-9", "23T23:00", True),
        ("23-9", "24T00:00", True),
        ("23-9", "24T08:59:59", True),
        ("23-9", "24T09:00", False),
        ("1-7", "24T00:59", False),
        ("1-7", "24T01:00", True),
        ("1-7", "24T07:00", False),
        ("8-8", "24T08:00", False),
    ],
)
def test_an_hour_is_quiet_from_the_first_to_before_the_last(written: str, moment: str, is_quiet: bool) -> None:
    assert QuietHours.parse(written).hold(at(moment)) is is_quiet


@pytest.mark.parametrize("moment", ["23T23:00", "23T23:59:59.5", "24T00:00", "24T08:59"])
def test_a_night_is_over_in_the_morning(moment: str) -> None:
    assert NIGHT.over(at(moment)) == at("24T09:00")
    assert NIGHT.over(at(moment).astimezone(UTC)) == at("24T09:00")


def test_by_day_and_where_nothing_is_set_nobody_waits() -> None:
    for hours in range(24):
        moment = at("24T00:30") + timedelta(hours=hours)
        assert NEVER.over(moment) == moment
        assert NIGHT.hold(moment) is (NIGHT.over(moment) > moment)
        assert not NIGHT.hold(NIGHT.over(moment))


@pytest.mark.parametrize("written", ["", "23", "23-", "-9", "24-9", "23-24", "9-23-5", "a-b", "23 - 9", "٢٣-٩"])
def test_what_is_no_pair_of_hours_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="two hours"):
        QuietHours.parse(written)
