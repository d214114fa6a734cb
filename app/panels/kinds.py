"""Owns the list of panel kinds and their adapters: one line for each. Knows nothing else of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.panels.pasarguard import PasarGuard
from app.repo.marzban_client import MarzbanClient
from app.services.records import PanelKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.panels.port import Panel
    from app.repo.panel_http import PanelSession
    from app.repo.panel_token import TokenCache
    from app.services.ports import Clock
    from app.services.records import PanelAccess


class Adapter(Protocol):
    """Makes the adapter of one panel; it may keep the connections, and must not close them."""

    def __call__(
        self, access: PanelAccess, session: PanelSession, cache: TokenCache, clock: Clock, timeout_seconds: float, /
    ) -> Panel:
        """The panel of this row."""
        ...


ADAPTERS: Mapping[PanelKind, Adapter] = {
    PanelKind.MARZBAN: MarzbanClient,
    PanelKind.PASARGUARD: PasarGuard,
}
