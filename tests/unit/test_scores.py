"""The load formula, the ranking of panels and the health of nodes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.scores import NodeLoad, RankedPanel, best_node, node_score, ranked
from app.panels.health import Unfit, usable_nodes
from app.panels.measure import node_loads
from app.panels.port import PanelHealth, PanelNode
from app.panels.table import MeasuredPanel, PanelTable, read_table

NONE_EXCLUDED: frozenset[str] = frozenset()


def panel(name: str, score: str, priority: int = 100) -> RankedPanel:
    return RankedPanel(name, "node", Decimal(score), priority)


def node(name: str, *, up: bool = True, coefficient: str = "1", users: int | None = None) -> PanelNode:
    return PanelNode(len(name), name, up, Decimal(coefficient), users)


def health(*nodes: PanelNode, is_serving: bool = True, serves_alone: bool = True) -> PanelHealth:
    return PanelHealth("Panel 1", is_serving, serves_alone, 5, nodes)


def order(*panels: RankedPanel) -> list[str]:
    return [each.instance_id for each in ranked(list(panels))]


def test_a_score_is_users_times_coefficient_plus_traffic() -> None:
    assert node_score(NodeLoad("n", Decimal(10), Decimal("1.5"), Decimal(4))) == Decimal("19.0")


def test_the_least_loaded_node_speaks_for_its_panel() -> None:
    busy = NodeLoad("busy", Decimal(10), Decimal(1), Decimal(50))
    idle = NodeLoad("idle", Decimal(10), Decimal(1), Decimal(0))
    assert best_node([busy, idle]) == idle
    assert best_node([]) is None


def test_the_lowest_score_wins_whatever_the_priority_when_it_is_clear() -> None:
    assert order(panel("heavy", "100", 999), panel("light", "50", 1)) == ["light", "heavy"]


def test_priority_breaks_near_ties() -> None:
    assert order(panel("first", "100", 50), panel("second", "104.9", 90)) == ["second", "first"]
    assert order(panel("first", "100", 50), panel("second", "105.1", 90)) == ["first", "second"]


def test_one_point_is_a_near_tie_on_nearly_empty_panels() -> None:
    assert order(panel("empty", "0", 50), panel("one_user", "1", 90)) == ["one_user", "empty"]


def test_equal_panels_are_ordered_by_id_so_that_replicas_agree() -> None:
    assert order(panel("s002", "1"), panel("s001", "1")) == ["s001", "s002"]


@given(st.lists(st.tuples(st.decimals(0, 10_000, places=2), st.integers(0, 100)), max_size=8))
def test_ranking_loses_no_panel_and_its_first_is_near_the_least_loaded(rows: list[tuple[Decimal, int]]) -> None:
    panels = [RankedPanel(f"s{number}", "n", score, priority) for number, (score, priority) in enumerate(rows)]
    ordered = ranked(panels)
    assert sorted(p.instance_id for p in ordered) == sorted(p.instance_id for p in panels)
    if ordered:
        least = min(p.score for p in panels)
        assert ordered[0].score <= least + max(Decimal(1), least * Decimal("0.05"))


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


def measured(name: str, score: str, step: str = "1") -> MeasuredPanel:
    return MeasuredPanel(instance_id=name, node="n", score=Decimal(score), step=Decimal(step), priority=100)


def test_reserved_users_count_at_once() -> None:
    table = PanelTable(measured_at=datetime.now(UTC), panels=(measured("a", "10"), measured("b", "13")))
    assert [p.instance_id for p in table.ranking(Counter(), set())] == ["a", "b"]
    assert [p.instance_id for p in table.ranking(Counter(a=5), set())] == ["b", "a"]
    assert [p.instance_id for p in table.ranking(Counter(), {"a"})] == ["b"]


def test_a_table_survives_the_cache_exactly_and_rubbish_there_reads_as_none() -> None:
    table = PanelTable(measured_at=datetime.now(UTC), panels=(measured("a", "0.3333333333333333333333333333"),))
    assert read_table(table.model_dump_json()) == table
    assert read_table('{"best": "s001"}') is None
    assert read_table(None) is None
