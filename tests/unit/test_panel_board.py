"""Who takes the next user, of any panels in any state: properties of the choice from a snapshot."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.scores import near_bound
from app.panels.board import FAILED, FULL, OFF, UNMEASURED, Board
from app.panels.ranking import ranking
from app.panels.table import LeftOut, MeasuredPanel, PanelTable
from app.services.panel_records import PanelRow

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BURST = 1000

scores = st.decimals(0, 5000, places=2)
steps = st.decimals("0.05", 5, places=2)
panels = st.lists(st.tuples(scores, steps, st.integers(0, 300)), min_size=1, max_size=12)
states = st.lists(
    st.tuples(
        scores,
        st.integers(0, 3),  # priority
        st.none() | st.integers(1, 60),  # capacity
        st.integers(0, 50),  # users
        st.integers(0, 9),  # pending
        st.booleans(),  # active
        st.booleans(),  # measured
        st.booleans(),  # failed since
    ),
    max_size=10,
)


def measured(name: str, score: Decimal | str | int, step: Decimal | str = "1", users: int = 0) -> MeasuredPanel:
    return MeasuredPanel(instance_id=name, node="n", score=Decimal(score), step=Decimal(step), users=users)


def row(name: str, priority: int = 100, capacity: int | None = None, pending: int = 0, *, on: bool = True) -> PanelRow:
    return PanelRow(name, name, on, priority, capacity, pending)


def table(*found: MeasuredPanel, left_out: tuple[LeftOut, ...] = ()) -> PanelTable:
    return PanelTable(measured_at=NOW, panels=found, left_out=left_out)


def spread(board: Board, users: int) -> Counter[str]:
    """Where so many users go, one after another."""
    taken: Counter[str] = Counter()
    for _ in range(users):
        best = board.choose()
        if best is None:
            break
        board.take(best)
        taken[best] += 1
    return taken


def names(board: Board) -> list[str]:
    return [each.instance_id for each in board.ranked()]


@settings(max_examples=30)
@given(panels)
def test_a_burst_between_two_measurements_ends_level_within_one_step(found: list[tuple[Decimal, Decimal, int]]) -> None:
    known = [measured(f"s{number}", score, step) for number, (score, step, _) in enumerate(found)]
    board = Board(table(*known), [row(each.instance_id) for each in known], {}, ())
    taken = spread(board, BURST)
    assert taken.total() == BURST
    ends = {each.instance_id: each.score for each in board.ranked()}
    least = min(ends.values())
    for panel in known:
        if taken[panel.instance_id]:
            assert ends[panel.instance_id] <= least + panel.step


@settings(max_examples=30)
@given(panels)
def test_whatever_the_priorities_a_burst_ends_near_the_least_score(found: list[tuple[Decimal, Decimal, int]]) -> None:
    known = [measured(f"s{number}", score, step) for number, (score, step, _) in enumerate(found)]
    board = Board(table(*known), [row(f"s{number}", found[number][2]) for number in range(len(found))], {}, ())
    taken = spread(board, BURST)
    ends = {each.instance_id: each.score for each in board.ranked()}
    for panel in known:
        if taken[panel.instance_id]:
            assert ends[panel.instance_id] <= near_bound(min(ends.values())) + panel.step


@settings(max_examples=60)
@given(states)
def test_nobody_is_chosen_who_is_off_unmeasured_failed_or_full(found: list[tuple[object, ...]]) -> None:
    rows, known, failed, room = [], [], set(), {}
    for number, (score, priority, capacity, users, pending, is_on, is_measured, has_failed) in enumerate(found):
        name = f"s{number}"
        rows.append(PanelRow(name, name, is_on, priority, capacity, pending))  # type: ignore[arg-type]  # as drawn
        if is_measured:
            known.append(measured(name, score, users=users))  # type: ignore[arg-type]
        if has_failed:
            failed.add(name)
        if is_on and is_measured and not has_failed:
            room[name] = BURST if capacity is None else max(0, capacity - users - pending)  # type: ignore[operator]
    board = Board(table(*known), rows, {}, failed)
    taken = spread(board, BURST)
    assert all(taken[name] <= room.get(name, 0) for name in taken)
    assert taken.total() == min(BURST, sum(room.values()))
    assert set(board.left_out()) == {r.instance_id for r in rows} - set(names(board))


@given(st.lists(st.tuples(scores, st.integers(0, 3)), min_size=1, max_size=10))
def test_the_first_of_the_ranking_is_chosen_and_ties_go_by_priority(found: list[tuple[Decimal, int]]) -> None:
    known = [measured(f"s{number}", score) for number, (score, _) in enumerate(found)]
    board = Board(table(*known), [row(f"s{number}", priority) for number, (_, priority) in enumerate(found)], {}, ())
    best = board.choose()
    assert sorted(names(board)) == sorted(each.instance_id for each in known)
    assert names(board)[0] == best
    bound = near_bound(min(score for score, _ in found))
    near = {f"s{number}": priority for number, (score, priority) in enumerate(found) if score <= bound}
    assert near[best or ""] == max(near.values())


@pytest.mark.parametrize(("pending", "taken"), [(5, 0), (0, 5), (2, 3)])
def test_who_is_on_the_way_counts_wherever_it_was_written(pending: int, taken: int) -> None:
    rows = [row("a", pending=pending), row("b")]
    board = Board(table(measured("a", 10), measured("b", 13)), rows, {"a": taken}, ())
    assert [(each.instance_id, each.score) for each in board.ranked()] == [
        ("b", Decimal(13)),
        ("a", Decimal(15)),
    ]


def test_each_panel_that_is_left_out_says_why() -> None:
    left = LeftOut(instance_id="down", reason="timeout")
    rows = [row("off", on=False), row("new"), row("down"), row("full", capacity=9, pending=2), row("bad"), row("good")]
    known = [measured("off", 0), measured("full", 3, users=7), measured("bad", 1), measured("good", 2)]
    found = table(*known, left_out=(left,))
    board = Board(found, rows, {}, {"bad"})
    assert board.left_out() == {"off": OFF, "new": UNMEASURED, "down": "timeout", "full": FULL, "bad": FAILED}
    assert names(board) == ["good"]
    board.leave_out("good")
    assert board.is_empty is False
    assert board.choose() is None


def test_a_measured_panel_whose_row_is_gone_is_not_chosen() -> None:
    board = Board(table(measured("a", 0), measured("b", 5)), [row("b")], {}, ())
    assert board.choose() == "b"


def test_the_operators_ranking_has_every_row_with_its_pending_users_in_the_score() -> None:
    rows = [row("a", pending=4), row("b", capacity=3), row("off", on=False)]
    shown = ranking(table(measured("a", 10, users=10), measured("b", 1, users=3)), rows)
    assert [(each.row.instance_id, each.score, each.users, each.left_out) for each in shown.standings] == [
        ("a", Decimal(14), 10, None),
        ("b", Decimal(1), 3, FULL),
        ("off", None, None, OFF),
    ]
