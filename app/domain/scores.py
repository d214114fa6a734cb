"""The load formula and the choice between panels. Measures nothing itself.

Everything is reckoned in points, lower is better. One point is one active user on one node whose coefficient is 1:

    score(node)  = users × usage_coefficient + GiB × points_per_gib       the brief's formula
    score(panel) = score of its best usable node + pending × step
    step(panel)  = usage_coefficient of that node ÷ usable nodes          what one user more adds

- users: persons, the node's own where the panel tells them apart; else the panel's active users ÷ its usable nodes
  (Marzban puts every user on every node and does not say which one they use). Its `online_users` counts 24 hours and
  is not used.
- usage_coefficient: a factor without a unit, set for each node on the panel.
- GiB: 2³⁰ bytes up and down through the node within the window.
- pending: persons that are on their way to the panel or were made there since it was measured, over all replicas.
- near: within 5 % of the best score, but at least 1 and at most 10 points. So priority never costs more than ten users'
  worth of balance, and a burst spreads by score whatever the priorities are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

NEAR_SHARE = Decimal("0.05")
NEAR_LEAST, NEAR_MOST = Decimal(1), Decimal(10)


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """One usable node: its users or its share of the panel's active ones, its coefficient, GiB of the window."""

    name: str
    users: Decimal
    coefficient: Decimal
    recent_gib: Decimal


@dataclass(frozen=True, slots=True)
class LoadRule:
    """What traffic weighs: points for a GiB, of those that went through a node within the window."""

    points_per_gib: Decimal = Decimal(1)
    window: timedelta = timedelta(hours=3)

    def score(self, node: NodeLoad) -> Decimal:
        """users_count × usage_coefficient + traffic_weight, in points."""
        return node.users * node.coefficient + node.recent_gib * self.points_per_gib


@dataclass(slots=True)
class Candidate:
    """A panel that takes users: its score and step in points, and how many more it may take (None: no bound).

    `country` is ISO 3166 alpha-2, None for a panel that bears no label.
    """

    instance_id: str
    node: str
    score: Decimal
    step: Decimal
    priority: int
    room: int | None = None
    country: str | None = None

    @property
    def is_full(self) -> bool:
        """Whether it is at its capacity."""
        return self.room is not None and self.room <= 0

    def take(self, users: int = 1) -> None:
        """Count so many users more."""
        self.score += users * self.step
        if self.room is not None:
            self.room -= users


def near_bound(best: Decimal) -> Decimal:
    """Up to which score panels are as good as the one with the best."""
    return best + min(NEAR_MOST, max(NEAR_LEAST, best * NEAR_SHARE))


def choose(
    candidates: Iterable[Candidate],
    exclude: Collection[str] = (),
    country: str | None = None,
    *,
    strict: bool = False,
) -> Candidate | None:
    """Who gets the next user: of those near the lowest score the one with the highest priority; nobody who is full.

    With a country, only the panels in it; where none of them is willing, all others, or nobody where `strict`.
    """
    willing = [each for each in candidates if not each.is_full and each.instance_id not in exclude]
    if strict or country in countries(willing):
        willing = [each for each in willing if each.country == country]
    if not willing:
        return None
    bound = near_bound(min(each.score for each in willing))
    return min((each for each in willing if each.score <= bound), key=_by_priority)


def countries(candidates: Iterable[Candidate]) -> frozenset[str]:
    """Where there is a panel that is not full."""
    return frozenset(each.country for each in candidates if each.country is not None and not each.is_full)


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first: those near the lowest score by priority, then the others by score. `choose` takes the first."""
    willing = [each for each in candidates if not each.is_full]
    by_score = sorted(willing, key=lambda each: (each.score, each.instance_id))
    if not by_score:
        return []
    bound = near_bound(by_score[0].score)
    near = [each for each in by_score if each.score <= bound]
    return [*sorted(near, key=_by_priority), *by_score[len(near) :]]


def _by_priority(candidate: Candidate) -> tuple[int, Decimal, str]:
    return -candidate.priority, candidate.score, candidate.instance_id
