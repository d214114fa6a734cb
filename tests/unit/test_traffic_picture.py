"""The picture of traffic has round heights that hold every bar, today in a colour of its own, and labels that fit."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.core.screens.charts import BOTTOM, HEIGHT, RIGHT, TODAY, WIDTH, bars
from app.core.screens.traffic import drawn, height_step
from app.locales.locales import GIB, MIB, TRANSLATORS
from app.services.traffic import DAYS_SHOWN, Traffic

DAY = date(2026, 11, 28)
MOST = 50 * 1024 * GIB
A_DAY = st.integers(0, MOST)


def traffic(*days: int) -> Traffic:
    return Traffic(None, DAY, (0,) * (DAYS_SHOWN - len(days)) + days, None)


@given(st.integers(1, MOST))
def test_heights_are_few_round_numbers_that_reach_the_highest_bar(most: int) -> None:
    step = height_step(most)
    unit = GIB if most >= GIB else MIB
    assert step % unit == 0
    assert str(step // unit).rstrip("0") in {"1", "2", "5"}
    assert most <= 3 * step
    assert most > step * 3 // 10 or step == unit


@given(st.lists(A_DAY, min_size=DAYS_SHOWN, max_size=DAYS_SHOWN).filter(any))
def test_three_or_four_labels_stand_on_either_axis(days: list[int]) -> None:
    shown = drawn(TRANSLATORS["ru"], traffic(*days))
    assert 2 <= len(shown.heights) <= 4
    assert shown.heights[-1][0] >= max(days)
    assert [label for _, label in shown.days] == ["30 окт.", "8 нояб.", "18 нояб.", "сегодня"]


@pytest.mark.parametrize("language", TRANSLATORS)
@pytest.mark.parametrize("days", [(1,), (GIB, 0), (700 * MIB, 3 * MIB), tuple(range(GIB, 30 * GIB, GIB))], ids=len)
def test_the_picture_is_as_wide_as_a_phone_shows_and_today_stands_out(language: str, days: tuple[int, ...]) -> None:
    picture = Image.open(io.BytesIO(bars(drawn(TRANSLATORS[language], traffic(*days))))).convert("RGB")
    assert picture.size == (WIDTH, HEIGHT)
    foot_of_today = picture.getpixel((WIDTH - RIGHT - 14, HEIGHT - BOTTOM - 3))
    assert isinstance(foot_of_today, tuple)
    assert all(abs(a - b) < 12 for a, b in zip(foot_of_today, bytes.fromhex(TODAY[1:]), strict=True))
    # Nothing runs out of the picture: its edges are as dark as its ground.
    for edge in ((0, 0, 6, HEIGHT), (WIDTH - 6, 0, WIDTH, HEIGHT), (0, HEIGHT - 6, WIDTH, HEIGHT)):
        assert len(picture.crop(edge).getcolors() or [0, 0]) == 1


def test_the_sums_are_of_today_of_seven_days_and_of_all() -> None:
    shown = traffic(100, *range(1, 8))
    assert (shown.today, shown.week, shown.month) == (7, 28, 128)
