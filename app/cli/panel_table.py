"""How the operator's command shows the ranked panels. Asks nobody."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from app.cli.words import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from app.domain.scores import LoadRule
    from app.panels.ranking import Ranking, Standing

HEAD = f"{'':>3} {'panel':12} {'score':>10} {'users':>7} {'pending':>8} {'capacity':>9} {'priority':>9}"


def table_lines(ranking: Ranking, rule: LoadRule, now: datetime) -> Iterator[str]:
    """The age of the measurement, what a point is, and a line for each panel, the next to be chosen first."""
    age = max(0, int((now - ranking.measured_at).total_seconds()))
    yield f"Measured {age} s ago; the lowest score takes the next user, the higher priority where scores are near."
    yield f"A point is one active user on a node{_traffic(rule)}."
    yield ""
    yield HEAD
    for place, standing in enumerate(ranking.standings, 1):
        yield _line(place, standing)


def _line(place: int, standing: Standing) -> str:
    row = standing.row
    number = "-" if standing.left_out else str(place)
    score = "-" if standing.score is None else f"{standing.score:.2f}"
    users = "-" if standing.users is None else str(standing.users)
    capacity = "-" if row.capacity is None else str(row.capacity)
    why = f"left out: {standing.left_out}" if standing.left_out else f"by its node {standing.node}"
    figures = f"{score:>10} {users:>7} {row.pending:>8} {capacity:>9} {row.priority:>9}"
    return f"{number:>3} {row.instance_id:12} {figures}  {shown(why)}"


def _traffic(rule: LoadRule) -> str:
    if not rule.points_per_gib:
        return "; traffic weighs nothing"
    gib = (1 / rule.points_per_gib).quantize(Decimal("0.001")).normalize()
    return f", or {gib:f} GiB of the last {int(rule.window.total_seconds()) // 3600} h through it"
