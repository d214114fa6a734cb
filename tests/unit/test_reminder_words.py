"""Which word is right on which occasion: at most one, and none that came too early or too late."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from app.domain.reminders import OF_MONEY, Standing, Step, Word, word
from tests.support.books import NOW as END

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
PLAIN = Standing(END, is_trial=False, is_reachable=True, wants_reminders=True)
BY_ITSELF = Standing(END, is_trial=False, is_reachable=True, wants_reminders=True, renews=True)
EVERY_STANDING = [
    Standing(END, trial, reachable, wants, renews, lacks, changed)
    for trial, reachable, wants, renews, lacks, changed in product((False, True), repeat=6)
]


@pytest.mark.parametrize(
    ("step", "came", "gone", "said"),
    [
        (Step.SOON, -3 * DAY, -DAY, Word.ENDS_SOON),
        (Step.LAST, -DAY, 0 * DAY, Word.ENDS_TOMORROW),
        (Step.ENDED, 0 * DAY, 3 * DAY, Word.ENDED),
        (Step.MISSED, 3 * DAY, 6 * DAY, Word.MISSED),
    ],
)
def test_an_occasion_is_worth_a_word_from_its_moment_to_before_its_end(
    step: Step, came: timedelta, gone: timedelta, said: Word
) -> None:
    times = (came - SECOND, came, gone - SECOND, gone)
    assert [word(step, END, PLAIN, END + time) for time in times] == [None, said, said, None]


def test_another_end_leaves_nothing_to_say() -> None:
    assert word(Step.SOON, END + SECOND, PLAIN, END - 2 * DAY) is None


def test_nobody_who_can_or_may_not_be_reached_is_written_to() -> None:
    for standing, step, days in product(EVERY_STANDING, Step, range(-3, 6)):
        if not standing.is_reachable:
            assert word(step, END, standing, END + days * DAY) is None


def test_who_wants_no_reminders_hears_of_money_only() -> None:
    for standing, step, days in product(EVERY_STANDING, Step, range(-3, 6)):
        said = word(step, END, standing, END + days * DAY)
        assert said is None or standing.wants_reminders or said in OF_MONEY


def test_only_who_renews_hears_of_renewals_and_of_them_only_before_the_end() -> None:
    for standing, step, days in product(EVERY_STANDING, Step, range(-3, 0)):
        said = word(step, END, standing, END + days * DAY)
        assert said is None or (said in OF_MONEY) is standing.renews


def test_what_lacks_and_what_changed_is_said_as_it_is() -> None:
    short = Standing(END, False, True, True, renews=True, lacks=True)
    changed = Standing(END, False, True, True, renews=True, lacks=True, changed=True)
    assert word(Step.SOON, END, BY_ITSELF, END - 3 * DAY) is Word.RENEWS_SOON
    assert word(Step.SOON, END, changed, END - 3 * DAY) is Word.RENEWAL_CHANGED
    assert word(Step.UNRENEWED, END, short, END - DAY) is Word.RENEWAL_SHORT
    assert word(Step.UNRENEWED, END, changed, END - DAY) is Word.RENEWAL_CHANGED
    # Money came in, and nobody renewed yet: that is about to be, and told by itself.
    assert word(Step.UNRENEWED, END, BY_ITSELF, END - DAY) is None
    assert word(Step.ENDED, END, short, END) is Word.ENDED_SHORT
    assert word(Step.ENDED, END, changed, END) is Word.ENDED
