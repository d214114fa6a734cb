"""Owns the clients of all panels, each with connections of its own. Must not choose among them or call them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import structlog

from app.panels.kinds import ADAPTERS
from app.repo.panel_http import PanelSession, is_encrypted
from app.services.records import TlsMode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.panels.port import Panel
    from app.repo.panel_token import TokenCache
    from app.services.ports import Clock
    from app.services.records import PanelAccess

log = structlog.get_logger(__name__)


class PanelClients:
    """Clients made when first wanted; a block closes them.

    `allow_private` lets panels stand on this machine or in a private net.
    """

    def __init__(
        self, cache: TokenCache, clock: Clock, timeout_seconds: float = 10, *, allow_private: bool = False
    ) -> None:
        self._cache = cache
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._allow_private = allow_private
        self._sessions: dict[str, PanelSession] = {}
        self._clients: dict[str, tuple[PanelAccess, Panel]] = {}

    def for_instance(self, access: PanelAccess) -> Panel:
        """The client of this panel, made anew where the row changed; calls in flight end on the old one."""
        known = self._clients.get(access.instance_id)
        if known is not None and known[0] == access:
            return known[1]
        session = self._session(access.instance_id)
        client = ADAPTERS[access.kind](access, session, self._cache, self._clock, self._timeout_seconds)
        self._clients[access.instance_id] = (access, client)
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; calls in flight fail."""
        sessions, self._sessions = self._sessions, {}
        self._clients.clear()
        for session in sessions.values():
            await session.http.close()

    def _session(self, instance_id: str) -> PanelSession:
        if instance_id not in self._sessions:
            self._sessions[instance_id] = PanelSession.opened(allow_private=self._allow_private)
        return self._sessions[instance_id]


def warn_of_exceptions(panels: Iterable[PanelAccess]) -> None:
    """Say which panels are trusted without proof: whoever stands in between reads their passwords."""
    for access in panels:
        if access.tls is TlsMode.INSECURE:
            log.warning("panel_tls_not_verified", instance_id=access.instance_id)
        if not is_encrypted(access.base_url):
            log.warning("panel_not_encrypted", instance_id=access.instance_id)
