"""Owns the answer to how much traffic a config has used. Must not store it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from app.panels.port import PanelError
from app.services.records import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.panels.gate import PanelGate
    from app.services.ports import PanelStore
    from app.services.records import PanelAccess

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 3
# As long as every replica goes by what it read of the table of panels.
KNOWN_SECONDS = 30


class MarzbanUsage:
    """Asks the panel while a person waits, hence the short deadline. Implements PanelUsage."""

    def __init__(
        self, panels: PanelStore, gate: PanelGate, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._panels = panels
        self._gate = gate
        self._monotonic = monotonic
        self._known: dict[str, tuple[PanelAccess, float]] = {}

    async def usage(self, instance_id: str, username: str) -> Usage | None:
        """Traffic in bytes, or None where the panel does not say within 3 s or knows no such user."""
        access = await self._access(instance_id)
        if access is None:
            return None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                user = await self._gate.call(access, lambda client: client.get_user(username))
        except (PanelError, TimeoutError) as error:
            reason = error.reason if isinstance(error, PanelError) else "timeout"
            log.warning("panel_usage_unknown", instance_id=instance_id, reason=reason)
            return None
        return None if user is None else Usage(user.used_traffic, user.data_limit or None)

    async def _access(self, instance_id: str) -> PanelAccess | None:
        known, until = self._known.get(instance_id, (None, 0.0))
        if known is not None and until > self._monotonic():
            return known
        access = await self._panels.get(instance_id)
        if access is not None:
            self._known[instance_id] = access, self._monotonic() + KNOWN_SECONDS
        return access
