"""Owns who may take the next user: the last measurement and the rows, joined. Must ask nobody and measure nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.scores import Candidate, choose, countries, ranked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from app.panels.table import MeasuredPanel, PanelTable
    from app.services.panel_records import PanelRow

OFF, UNMEASURED, FULL, FAILED = "off", "not measured yet", "at its capacity", "failed since it was measured"


class Board:
    """The candidates with what was taken since, and why others are left out. The row has the last word on each."""

    def __init__(
        self, table: PanelTable, rows: Iterable[PanelRow], taken: Mapping[str, int], failed: Collection[str]
    ) -> None:
        self.measured_at = table.measured_at
        measured = {panel.instance_id: panel for panel in table.panels}
        reasons = {left.instance_id: left.reason for left in table.left_out}
        self._candidates: dict[str, Candidate] = {}
        self._left_out: dict[str, str] = {}
        for row in rows:
            panel = measured.get(row.instance_id)
            if not row.is_active:
                self._left_out[row.instance_id] = OFF
            elif panel is None:
                self._left_out[row.instance_id] = reasons.get(row.instance_id, UNMEASURED)
            elif row.instance_id in failed:
                self._left_out[row.instance_id] = FAILED
            else:
                self._candidates[row.instance_id] = _candidate(panel, row, taken.get(row.instance_id, 0))

    @property
    def is_empty(self) -> bool:
        """Whether no panel is fit, even if it were not full."""
        return not self._candidates

    def choose(
        self, exclude: Collection[str] = (), country: str | None = None, *, strict: bool = False
    ) -> str | None:
        """The instance id of the best panel outside `exclude`, or None; some microseconds, nobody is asked.

        It is one in `country` where any there can take a user; in no other where `strict`.
        """
        best = choose(self._candidates.values(), exclude, country, strict=strict)
        return None if best is None else best.instance_id

    def countries(self) -> frozenset[str]:
        """Where there is a panel that can take a user."""
        return countries(self._candidates.values())

    def ranked(self) -> list[Candidate]:
        """Those who may take a user, best first."""
        return ranked(self._candidates.values())

    def left_out(self) -> dict[str, str]:
        """Why each of the others gets no user."""
        return self._left_out | {name: FULL for name, each in self._candidates.items() if each.is_full}

    def take(self, instance_id: str) -> None:
        """Count one user more on this panel."""
        if (candidate := self._candidates.get(instance_id)) is not None:
            candidate.take()

    def leave_out(self, instance_id: str) -> None:
        """This panel has just failed."""
        if self._candidates.pop(instance_id, None) is not None:
            self._left_out[instance_id] = FAILED


def _candidate(panel: MeasuredPanel, row: PanelRow, taken: int) -> Candidate:
    room = None if row.capacity is None else row.capacity - panel.users
    candidate = Candidate(panel.instance_id, panel.node, panel.score, panel.step, row.priority, room, row.country)
    candidate.take(row.pending + taken)
    return candidate
