"""Bugs in the choice of the panel that gets the next user."""

from __future__ import annotations

from tests.planted.plant import Edit, Plant

BOARD, CHOICE, SCORES = "app/panels/board.py", "app/panels/choice.py", "app/domain/scores.py"

TEST_BOARD = "tests/unit/test_panel_board.py"
TEST_BURST = "tests/integration/test_panel_burst.py"
TEST_CHOICE = "tests/integration/test_panels_choice.py"

ALL_FAIR = "test_two_replicas_level_a_burst_and_fill_no_panel_over_its_capacity"

CHOICES = (
    Plant(
        "place-not-counted",
        "all who choose before the next measurement go to one panel",
        (f"{TEST_CHOICE}::test_places_taken_at_the_same_moment_are_spread",),
        edits=(Edit(BOARD, "            candidate.take()\n", "            candidate.take(0)\n"),),
    ),
    Plant(
        "other-replicas-not-counted",
        "two replicas send their bursts to the same panel",
        (f"{TEST_BURST}::{ALL_FAIR}",),
        edits=(Edit(BOARD, "candidate.take(row.pending + taken)", "candidate.take(taken)"),),
    ),
    Plant(
        "made-users-not-counted",
        "a user who was made since the measurement weighs nothing until the next one",
        (f"{TEST_BURST}::{ALL_FAIR}",),
        edits=(Edit("app/repo/panels.py", "(status = 'active' AND made_at >= :since)", "false"),),
    ),
    Plant(
        "places-forgotten-at-a-look",
        "a place that is not written down yet is given to the next one as well",
        (f"{TEST_CHOICE}::test_a_place_is_counted_once_whether_the_rows_know_of_it_or_not",),
        edits=(Edit(CHOICE, "self._taken -= written", "self._taken.clear()"),),
    ),
    Plant(
        "full-panel-chosen",
        "a panel at its capacity takes users",
        (f"{TEST_BOARD}::test_nobody_is_chosen_who_is_off_unmeasured_failed_or_full",),
        edits=(
            Edit(
                SCORES,
                "if not each.is_full and each.instance_id not in exclude",
                "if each.instance_id not in exclude",
            ),
        ),
    ),
    Plant(
        "stale-table-believed",
        "with the job dead, users go to a panel that filled or died hours ago",
        (f"{TEST_CHOICE}::test_a_snapshot_serves_without_redis_until_it_is_stale",),
        edits=(Edit(CHOICE, "and self._clock.now() < board.measured_at + STALE else None", "else None"),),
    ),
)
