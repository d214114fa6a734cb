"""Moving configs off the legacy servers, batch by batch. The panels follow in the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.domain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.services.ports import Clock

BATCH = 100


@dataclass(frozen=True, slots=True)
class LegacyServer:
    """A server of the past: the living configs on it, how many of them can move, and how many have or are about to."""

    id: int
    name: str
    base_url: str
    configs: int
    movable: int
    moved: int
    moving: int


@dataclass(frozen=True, slots=True)
class Moved:
    """How many configs of a batch are to be made on a panel, and the number of the last."""

    configs: int
    last: int


class LegacyStore(Protocol):
    """Legacy servers and what is on them; implemented in repo."""

    async def servers(self, now: datetime) -> Sequence[LegacyServer]:
        """Every legacy server with what is on it, what can move and what has."""
        ...

    async def has_panel(self, instance_id: str) -> bool:
        """Whether there is such a panel in service."""
        ...

    async def move(
        self, after: int, server_id: int | None, instance_id: str | None, limit: int, now: datetime
    ) -> Moved:
        """Have up to `limit` configs behind `after` made on a panel, in one transaction."""
        ...


class Relocation:
    """What an operator does with the single-server past. Whatever is cut off is gone on with by the next call."""

    def __init__(self, store: LegacyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def servers(self) -> Sequence[LegacyServer]:
        """Every legacy server with what is on it."""
        return await self._store.servers(self._clock.now())

    async def move(self, server_id: int | None, instance_id: str | None, most: int) -> int:
        """Have up to `most` configs moved to the panel, or each to the best; how many. NotFound: no such panel."""
        if instance_id is not None and not await self._store.has_panel(instance_id):
            raise NotFound
        moved = last = 0
        while moved < most:
            batch = await self._store.move(
                last, server_id, instance_id, min(BATCH, most - moved), self._clock.now()
            )
            if not batch.configs:
                break
            moved, last = moved + batch.configs, batch.last
        return moved
