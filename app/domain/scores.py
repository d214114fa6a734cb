"""The load formula and the choice between panels. Measures nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """One usable node: its share of the panel's active users, its coefficient, GiB of the last hours."""

    name: str
    users: Decimal
    coefficient: Decimal
    recent_gib: Decimal


@dataclass(frozen=True, slots=True)
class RankedPanel:
    """A panel with the score of its best node; lower is better."""

    instance_id: str
    node: str
    score: Decimal
    priority: int


NEAR_TIE = Decimal("0.05")
ONE_POINT = Decimal(1)
WEIGHT_PER_GIB = Decimal(1)


def node_score(node: NodeLoad) -> Decimal:
    """users_count × usage_coefficient + traffic_weight; dimensionless, lower is better."""
    return node.users * node.coefficient + node.recent_gib * WEIGHT_PER_GIB


def best_node(nodes: list[NodeLoad]) -> NodeLoad | None:
    """The least loaded of a panel's usable nodes."""
    return min(nodes, key=node_score, default=None)


def ranked(panels: list[RankedPanel]) -> list[RankedPanel]:
    """Panels best first: by score, and among those within 5 % (or 1 point) of the best by higher priority."""
    if not panels:
        return []
    by_score = sorted(panels, key=lambda panel: (panel.score, panel.instance_id))
    near = by_score[0].score + max(ONE_POINT, by_score[0].score * NEAR_TIE)
    tied = [panel for panel in by_score if panel.score <= near]
    tied.sort(key=lambda panel: (-panel.priority, panel.score, panel.instance_id))
    return tied + by_score[len(tied) :]
