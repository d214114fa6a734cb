"""What the audit and the doctor read beside the books: immutable records. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StandingConfig:
    """A config as a panel should know it; `is_settled` where no change of it is still on its way there."""

    config_id: int
    instance_id: str
    username: str
    expires_at: datetime
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Overdue:
    """Work that nobody has taken up although it was due for a while."""

    configs: int
    notices: int
