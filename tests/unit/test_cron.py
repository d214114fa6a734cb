"""A pace in seconds becomes a plan that comes at least so often, and not much more."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from croniter import croniter  # type: ignore[import-untyped]  # ships no types
from hypothesis import given
from hypothesis import strategies as st

from app.jobs.cron import DAY, cron

BEGIN = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)


def gaps(plan: str) -> list[float]:
    times = croniter(plan, BEGIN)
    runs = [times.get_next(float) for _ in range(60)]
    return [later - earlier for earlier, later in pairwise(runs)]


@given(st.integers(1, DAY))
def test_a_job_never_waits_longer_than_it_was_asked_to(seconds: int) -> None:
    assert max(gaps(cron(seconds))) <= seconds


@pytest.mark.parametrize("seconds", [1, 2, 5, 10, 20, 30, 60, 300, 3600, DAY])
def test_the_usual_paces_are_kept_to_the_second(seconds: int) -> None:
    assert set(gaps(cron(seconds))) == {seconds}
