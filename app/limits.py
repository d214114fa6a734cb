"""Composes the limits of devices and addresses. Part of the root; only app/main.py imports it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.keyring import DEVICE_MARKS
from app.panels.address_watch import AddressWatch
from app.panels.limiter import LogWatch
from app.panels.pausing import Pauser
from app.repo.devices import DeviceRepository
from app.repo.leases import Leadership
from app.repo.marzban_logs import MarzbanLogs
from app.repo.pauses import PauseRepository
from app.services.devices import DeviceRules, Devices

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack

    from app.jobs.supervisor import Supervisor
    from app.keyring import Keyring
    from app.panels.clients import PanelClients
    from app.panels.gate import PanelGate
    from app.panels.limiter import IpLimiter
    from app.repo.panels import PanelRepository
    from app.services.ports import Clock
    from app.services.records import PanelAccess
    from app.stores import Stores
    from config import Settings

PAUSES_EVERY_SECONDS = 30


class Limits:
    """MAX_IPS_PER_CONFIG by both its means. Pauses end by themselves, also where the watch was switched off since."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        clock: Clock,
        keyring: Keyring,
        panels: PanelRepository,
        clients: PanelClients,
        gate: PanelGate,
        closing: AsyncExitStack,
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._clock = clock
        self._panels, self._clients = panels, clients
        most = settings.max_ips_per_config
        rules = DeviceRules(
            keyring.derive(DEVICE_MARKS),
            most,
            timedelta(days=settings.devices_forget_days),
            settings.devices_require_hwid,
        )
        self.devices = Devices(DeviceRepository(stores.database, stores.cache), clock, rules)
        self.pauses = PauseRepository(stores.database, stores.cache)
        lasts = timedelta(minutes=settings.address_pause_minutes)
        self.pauser = Pauser(self.pauses, panels, gate, clock, most, lasts)
        logs = MarzbanLogs(allow_private=settings.panels_allow_private)
        closing.push_async_callback(logs.close)
        self._by_logs = LogWatch(clients, gate, logs)

    def start_jobs(
        self, every: Callable[[str, float, object], None], supervisor: Supervisor, wake: Callable[[str], None]
    ) -> None:
        """The end of pauses always, the watch where the operator wants it."""
        every("pauses", PAUSES_EVERY_SECONDS, self._pause)
        if not self._settings.address_watch:
            return
        most = self._settings.max_ips_per_config
        watch = AddressWatch(self._panels, self._limiter_of, self.pauses, self._clock, most, wake)
        lead = Leadership(self._stores.engine, "address-watch")
        seconds = self._settings.address_window_seconds
        supervisor.start("address-watch", lambda: watch.run(lead, seconds))

    async def _pause(self) -> None:
        while await self.pauser.run_once():
            pass

    def _limiter_of(self, access: PanelAccess) -> IpLimiter | None:
        """How addresses are told on panels of this kind; None where the kind keeps a limit, or tells none."""
        return self._by_logs if self._clients.for_instance(access).capabilities.access_logs else None
