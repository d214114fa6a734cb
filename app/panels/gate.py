"""Owns the way to a panel: its client behind its breaker. Must not know what is asked of the panel."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from app.panels.breaker import Breaker
from app.panels.port import PanelInvalid, PanelUnavailable, PanelUserExists, PanelUserNotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.panels.clients import PanelClients
    from app.panels.port import Panel
    from app.services.ports import Clock
    from app.services.records import PanelAccess

Outcome = TypeVar("Outcome")
SPARED = "spared after failures"


class PanelGate:
    """Lets calls through to panels that behave, and spares those that don't for a while."""

    def __init__(self, clients: PanelClients, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    async def call(self, access: PanelAccess, work: Callable[[Panel], Awaitable[Outcome]]) -> Outcome:
        """What `work` makes of the panel's client; PanelUnavailable where the breaker is open, else its errors."""
        breaker = self._breakers.setdefault(access.instance_id, Breaker(self._clock))
        if not breaker.admits():
            raise PanelUnavailable(access.instance_id, SPARED)
        try:
            outcome = await work(self._clients.for_instance(access))
        except (PanelInvalid, PanelUserExists, PanelUserNotFound):
            breaker.succeeded()
            raise
        except asyncio.CancelledError:
            breaker.abandoned()
            raise
        except BaseException:
            breaker.failed()
            raise
        breaker.succeeded()
        return outcome
