"""The load formula, what is near, and the health of nodes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain.scores import Candidate, LoadRule, NodeLoad, choose, countries, ranked
from app.panels.health import Unfit, usable_nodes
from app.panels.measure import node_loads
from app.panels.port import PanelHealth, PanelNode
from app.panels.table import LeftOut, MeasuredPanel, PanelTable, read_table

NONE_EXCLUDED: frozenset[str] = frozenset()


def panel(name: str, score: str, priority: int = 100, country: str | None = None, room: int | None = None) -> Candidate:
    return Candidate(name, "node", Decimal(score), Decimal(1), priority, room, country)


def node(name: str, *, up: bool = True, coefficient: str = "1", users: int | None = None) -> PanelNode:
    return PanelNode(len(name), name, up, Decimal(coefficient), users)


def health(*nodes: PanelNode, is_serving: bool = True, serves_alone: bool = True) -> PanelHealth:
    return PanelHealth("Panel 1", is_serving, serves_alone, 5, nodes)


def order(*panels: Candidate) -> list[str]:
    return [each.instance_id for each in ranked(panels)]


def test_a_score_is_users_times_coefficient_plus_traffic() -> None:
    node = NodeLoad("n", Decimal(10), Decimal("1.5"), recent_gib=Decimal(4))
    assert LoadRule().score(node) == Decimal("19.0")
    assert LoadRule(points_per_gib=Decimal("0.5")).score(node) == Decimal("17.0")
    assert LoadRule(points_per_gib=Decimal(0)).score(node) == Decimal("15.0")


def test_the_lowest_score_wins_whatever_the_priority_when_it_is_clear() -> None:
    assert order(panel("heavy", "100", 999), panel("light", "50", 1)) == ["light", "heavy"]


def test_priority_breaks_near_ties() -> None:
    assert order(panel("first", "100", 50), panel("second", "104.9", 90)) == ["second", "first"]
    assert order(panel("first", "100", 50), panel("second", "105.1", 90)) == ["first", "second"]


def test_one_point_is_a_near_tie_on_nearly_empty_panels() -> None:
    assert order(panel("empty", "0", 50), panel("one_user", "1", 90)) == ["one_user", "empty"]


def test_near_is_never_more_than_ten_points_so_that_priority_does_not_outweigh_many_users() -> None:
    assert order(panel("first", "10000", 50), panel("second", "10010", 90)) == ["second", "first"]
    assert order(panel("first", "10000", 50), panel("second", "10011", 90)) == ["first", "second"]


def test_equal_panels_are_ordered_by_id_so_that_replicas_agree() -> None:
    assert order(panel("s002", "1"), panel("s001", "1")) == ["s001", "s002"]


def test_only_connected_nodes_that_are_not_excluded_are_usable() -> None:
    found = health(node("good"), node("slow"), node("broken", up=False))
    assert [each.name for each in usable_nodes(found, frozenset({"slow"}))] == ["good"]


def test_a_panel_without_nodes_serves_from_its_master_core() -> None:
    master = usable_nodes(health(), NONE_EXCLUDED)
    assert [(each.name, each.usage_coefficient) for each in master] == [("Master", Decimal(1))]
    loads = node_loads(master, {0: 2**31}, 5)
    assert (loads[0].users, loads[0].recent_gib) == (Decimal(5), Decimal(2))


def test_a_panel_whose_nodes_are_all_down_is_unfit() -> None:
    with pytest.raises(Unfit):
        usable_nodes(health(node("broken", up=False)), NONE_EXCLUDED)


def test_a_panel_that_serves_by_nodes_only_is_unfit_without_one() -> None:
    with pytest.raises(Unfit):
        usable_nodes(health(serves_alone=False), NONE_EXCLUDED)


def test_a_stopped_core_makes_a_panel_unfit() -> None:
    with pytest.raises(Unfit):
        usable_nodes(health(node("good"), is_serving=False), NONE_EXCLUDED)


def test_active_users_are_spread_over_usable_nodes() -> None:
    loads = node_loads([node("de"), node("fin", coefficient="2")], {}, 9)
    assert [(load.users, load.coefficient) for load in loads] == [
        (Decimal("4.5"), Decimal(1)),
        (Decimal("4.5"), Decimal(2)),
    ]


def test_nodes_that_tell_their_own_users_are_believed() -> None:
    loads = node_loads([node("de", users=7), node("fin", users=2)], {}, 9)
    assert [load.users for load in loads] == [Decimal(7), Decimal(2)]


def test_a_table_survives_the_cache_exactly_and_rubbish_there_reads_as_none() -> None:
    third = Decimal(1) / 3
    panel = MeasuredPanel(instance_id="a", node="n", score=third, step=Decimal(1), users=7)
    left = LeftOut(instance_id="b", reason="no usable node")
    table = PanelTable(measured_at=datetime.now(UTC), panels=(panel,), left_out=(left,))
    assert read_table(table.model_dump_json()) == table
    assert read_table('{"best": "s001"}') is None
    assert read_table(None) is None


GLOBE = (
    panel("a", "1"),
    panel("b", "500", country="NL"),
    panel("c", "900", country="NL"),
    panel("d", "2", country="DE", room=0),
)


@pytest.mark.parametrize(
    ("country", "exclude", "chosen", "strictly"),
    [
        (None, (), "a", None),
        ("NL", (), "b", "b"),
        ("NL", ("b",), "c", "c"),
        ("NL", ("b", "c"), "a", None),
        ("DE", (), "a", None),
        ("FR", (), "a", None),
    ],
)
def test_a_country_goes_before_any_score_and_the_best_of_all_stands_in_for_one_that_is_full_or_not_there(
    country: str | None, exclude: tuple[str, ...], chosen: str, strictly: str | None
) -> None:
    best = choose(GLOBE, exclude, country)
    assert best is not None
    assert best.instance_id == chosen
    only = choose(GLOBE, exclude, country, strict=True) if country else None
    assert (only.instance_id if only else None) == strictly


def test_only_countries_with_room_are_there_to_be_chosen() -> None:
    assert countries(GLOBE) == {"NL"}
