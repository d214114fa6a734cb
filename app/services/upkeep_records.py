"""What passes between the upkeep of panels and the database: immutable records. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ConfigMove:
    """A claimed move of a config. `avoid` are panels that it must not come to; `is_wanted` until it need not move.

    `country` is where its owner wants it, None being anywhere; `is_wished` where the move itself is the owner's wish.
    """

    config_id: int
    owner: int
    username: str
    expires_at: datetime
    revision: int
    source: str
    target: str | None
    attempts: int
    is_wanted: bool
    avoid: frozenset[str]
    country: str | None = None
    is_wished: bool = False


@dataclass(frozen=True, slots=True)
class Leftover:
    """A claimed removal of a config's user from a panel; `stands_here` where the config came back to it.

    `home` and `link` are of an active config: where it lives now, and with which key.
    """

    config_id: int
    instance_id: str
    username: str
    attempts: int
    stands_here: bool
    home: str | None = None
    link: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SweptConfig:
    """A config that stands on a panel; `is_settled` where no change of it is on its way there."""

    config_id: int
    username: str
    expires_at: datetime
    revision: int
    is_settled: bool


@dataclass(frozen=True, slots=True)
class KnownUser:
    """A config that has a user's name: `stands_here` or is about to, or `may_go` because its home is elsewhere."""

    config_id: int
    username: str
    stands_here: bool
    may_go: bool


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far the comparison of one panel has come: `phase` is configs, users or done. Counts go by name."""

    instance_id: str
    holder: int
    phase: str
    after_config: int
    users_seen: int
    counts: Mapping[str, int]
    started_at: datetime


@dataclass(frozen=True, slots=True)
class PanelState:
    """A panel as operators see it; `leaving` are configs that have yet to move, `leftovers` users yet to be removed."""

    instance_id: str
    is_active: bool
    keeps_configs: bool
    standing: int
    leaving: int
    leftovers: int
    silent_since: datetime | None
    swept_at: datetime | None
    stopped: str | None
    counts: Mapping[str, int]
