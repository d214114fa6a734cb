"""Owns the operator's look at who takes the next user and why others don't. Must not choose or change anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.panels.board import Board
from app.panels.choice import CACHE_KEY, PanelRows, TableCache
from app.panels.gate import PanelGate
from app.panels.survey import Survey
from app.panels.table import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

    from app.domain.scores import LoadRule
    from app.panels.clients import PanelClients
    from app.panels.table import PanelTable
    from app.services.panel_records import PanelRow
    from app.services.ports import Clock


class Panels(PanelRows, TableCache, Protocol):
    """The table of panels, and the cache that its bots share."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One row: its score with all pending users in points, or why it is left out. None where nothing was measured."""

    row: PanelRow
    node: str | None
    users: int | None
    score: Decimal | None
    left_out: str | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every panel: best first, then those left out by their ids."""

    measured_at: datetime
    standings: tuple[Standing, ...]


async def look(panels: Panels, clock: Clock, rule: LoadRule, clients: PanelClients) -> Ranking:
    """The table that the bots go by, or one measured now where they have left none."""
    table = read_table(await panels.get_cached(CACHE_KEY))
    if table is None:
        table = await Survey(panels, PanelGate(clients, clock), clock, rule).table()
    return ranking(table, await panels.occupancy(table.measured_at))


def ranking(table: PanelTable, rows: Iterable[PanelRow]) -> Ranking:
    """The measured table and the rows as they are now, joined."""
    known = {row.instance_id: row for row in rows}
    measured = {panel.instance_id: panel for panel in table.panels}
    board = Board(table, known.values(), {}, ())
    best = [
        Standing(known[each.instance_id], each.node, measured[each.instance_id].users, each.score, None)
        for each in board.ranked()
    ]
    others = []
    for instance_id, reason in sorted(board.left_out().items()):
        panel = measured.get(instance_id)
        node, users, score = (panel.node, panel.users, panel.score) if panel else (None, None, None)
        others.append(Standing(known[instance_id], node, users, score, reason))
    return Ranking(table.measured_at, (*best, *others))
