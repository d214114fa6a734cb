"""Owns the ranked table of panels as it is cached and shared. Must not measure or store it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, ValidationError

from app.domain.scores import RankedPanel, ranked


class MeasuredPanel(BaseModel):
    """A panel with the score of its best node; `step` is what one more user adds to that score."""

    model_config = ConfigDict(frozen=True)

    instance_id: str
    node: str
    score: Decimal
    step: Decimal
    priority: int


class PanelTable(BaseModel):
    """All panels that could take a user when they were measured."""

    model_config = ConfigDict(frozen=True)

    measured_at: datetime
    panels: tuple[MeasuredPanel, ...]

    def ranking(self, reserved: Counter[str], left_out: Collection[str]) -> list[RankedPanel]:
        """Best first, with `reserved` users more on each panel and without those `left_out`."""
        return ranked(
            [
                RankedPanel(
                    instance_id=panel.instance_id,
                    node=panel.node,
                    score=panel.score + reserved[panel.instance_id] * panel.step,
                    priority=panel.priority,
                )
                for panel in self.panels
                if panel.instance_id not in left_out
            ]
        )


def read_table(cached: str | None) -> PanelTable | None:
    """The table from its cached form, or None where that is missing or of another version."""
    if cached is None:
        return None
    try:
        return PanelTable.model_validate_json(cached)
    except ValidationError:
        return None
