"""Owns the look at every panel once a minute: whether it serves, and since when not. Moves and repairs nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

from app.panels.health import Unfit
from app.panels.port import PanelAuthFailed, PanelBadAnswer, PanelError, PanelNotCalled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.panels.clients import PanelClients
    from app.services.ports import Clock, PanelStore
    from app.services.records import PanelAccess

log = structlog.get_logger(__name__)

LOOK_SECONDS = 10


class SightingStore(Protocol):
    """Where it is remembered how panels are."""

    async def to_look_at(self, now: datetime) -> set[str]:
        """The panels that nobody has looked at for a minute, now taken by this replica."""
        ...

    async def heard(self, found: Mapping[str, str | None], now: datetime) -> None:
        """Note which panels serve (None), and why the others don't."""
        ...


class PanelWatch:
    """Looks without a breaker, so that a panel that is back is seen at once. Of several replicas one looks."""

    def __init__(self, store: SightingStore, panels: PanelStore, clients: PanelClients, clock: Clock) -> None:
        self._store = store
        self._panels = panels
        self._clients = clients
        self._clock = clock

    async def run_once(self) -> None:
        """Look at the panels whose turn it is, side by side; one that hangs holds up nobody for long."""
        found: dict[str, str | None] = {}

        async def look(instance_id: str) -> None:
            access = await self._panels.get(instance_id)
            if access is not None:
                found[instance_id] = await self._fault(access)

        async with asyncio.TaskGroup() as group:
            for instance_id in sorted(await self._store.to_look_at(self._clock.now())):
                group.create_task(look(instance_id))
        if found:
            await self._store.heard(found, self._clock.now())

    async def _fault(self, access: PanelAccess) -> str | None:
        """Why it does not serve. One that we or it refuse, or that we don't understand, serves its users as before."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                if not (await self._clients.for_instance(access).health()).is_serving:
                    raise Unfit("the core is not started")
        except PanelAuthFailed:
            return None
        except (PanelNotCalled, PanelBadAnswer) as doubt:
            log.warning("panel_not_judged", instance_id=access.instance_id, reason=doubt.reason)
            return None
        except TimeoutError:
            reason = f"no answer within {LOOK_SECONDS} s"
        except (PanelError, Unfit) as error:
            reason = getattr(error, "reason", str(error))
        else:
            return None
        log.warning("panel_silent", instance_id=access.instance_id, reason=reason)
        return reason
