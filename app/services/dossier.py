"""What an operator sees of one person. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.domain.money import Money


@dataclass(frozen=True, slots=True)
class Line:
    """One row about money: when, what it is called, how much it moved, and what became of it."""

    at: datetime
    name: str
    amount: Money | None
    state: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """A person and the newest rows of each kind; name and username are a stranger's texts."""

    tg_id: int
    name: str
    username: str | None
    balance: Money
    subscription_end: datetime | None
    is_banned: bool
    gone_at: datetime | None
    created_at: datetime
    parts: Mapping[str, tuple[Line, ...]]
