"""Owns the ranked table of panels as it is cached and shared. Must not measure or store it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, ValidationError


class MeasuredPanel(BaseModel):
    """A panel with the score of its best node and the step of one user more, in points; `users` are its active ones."""

    model_config = ConfigDict(frozen=True)

    instance_id: str
    node: str
    score: Decimal
    step: Decimal
    users: int


class LeftOut(BaseModel):
    """A panel that could not be measured or is not fit; the reason holds no secret."""

    model_config = ConfigDict(frozen=True)

    instance_id: str
    reason: str


class PanelTable(BaseModel):
    """All active panels when they were measured: those that could take a user, best first, and those left out.

    `measured_at` is the instant before the first panel was asked: who was made later may be missing in `users`.
    """

    model_config = ConfigDict(frozen=True)

    measured_at: datetime
    panels: tuple[MeasuredPanel, ...]
    left_out: tuple[LeftOut, ...]


def read_table(cached: str | None) -> PanelTable | None:
    """The table from its cached form, or None where that is missing or of another version."""
    if cached is None:
        return None
    try:
        return PanelTable.model_validate_json(cached)
    except ValidationError:
        return None
