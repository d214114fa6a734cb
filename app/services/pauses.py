"""Pauses of configs that were used from too many addresses: records, and the store that keeps them. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class PauseStatus(StrEnum):
    """Where a pause stands between the wish for it and the panel."""

    WANTED = "wanted"
    PAUSED = "paused"
    OVER = "over"


class PauseOutcome(StrEnum):
    """How a pause came to its end."""

    RESUMED = "resumed"
    # The panel had it otherwise already: an operator's doing, an end of time or traffic, a user that is gone.
    NOT_OURS = "not_ours"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class PauseJob:
    """A claimed pause that is to begin (wanted) or to end (paused); `stands` where its config still is there."""

    pause_id: int
    config_id: int
    instance_id: str
    username: str
    status: PauseStatus
    created_at: datetime
    attempts: int
    stands: bool


class PauseStore(Protocol):
    """Pauses, each wanted before its panel is told."""

    async def want(self, username: str, addresses: int, now: datetime) -> bool:
        """Record that the config of this username should be paused; False where it is already, or is none of ours."""
        ...

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[PauseJob]:
        """Lease up to `limit` pauses that should begin or end now."""
        ...

    async def begun(self, job: PauseJob, most: int, now: datetime, ends_at: datetime) -> None:
        """The panel has the user switched off, until `ends_at`; its owner is told, once for this pause."""
        ...

    async def over(self, job: PauseJob, outcome: PauseOutcome, now: datetime) -> None:
        """Nothing is left to do for this pause."""
        ...

    async def retry(self, job: PauseJob, at: datetime, error: str) -> None:
        """Try again at `at`; `error` is for the operator and holds no secret."""
        ...
