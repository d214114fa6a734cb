"""Composes what speaks to panels: choice, provisioning, links, limits, upkeep. Part of the root, as main.py is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.clients import open_panels
from app.keyring import SUBSCRIPTION_LINKS, SUBSCRIPTION_SEAL
from app.limits import Limits
from app.panels.choice import MEASURE_EVERY_SECONDS, PanelChoice
from app.panels.gate import PanelGate
from app.panels.provisioning import Provisioner
from app.panels.subscription import PanelSubscriptions
from app.panels.usage import MarzbanUsage
from app.repo.panel_sub import SubscriptionHttp
from app.repo.panels import PanelRepository
from app.repo.provisioning import ProvisioningRepository
from app.repo.sublinks import SubLinkRepository
from app.services.sublinks import SubLinks
from app.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack

    from app.jobs.supervisor import Supervisor
    from app.keyring import Keyring
    from app.services.ports import Clock
    from app.stores import Stores
    from config import Settings

    Every = Callable[[str, float, object], None]


class Fleet:
    """The panels as the shop uses them; `closing` lets go of the connections."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        clock: Clock,
        keyring: Keyring,
        wake: Callable[[str], None],
        closing: AsyncExitStack,
    ) -> None:
        self._wake = wake
        database, cache = stores.database, stores.cache
        self.panels = PanelRepository(database, cache, keyring.seal)
        self.clients = open_panels(settings, self.panels, clock)
        closing.push_async_callback(self.clients.close)
        gate = PanelGate(self.clients, clock)
        self.choice = PanelChoice(self.panels, gate, self.panels, clock, settings.load_rule)
        store = ProvisioningRepository(database, cache)
        limit, devices = settings.data_limit_bytes, settings.max_ips_per_config
        self.provisioner = Provisioner(store, self.panels, gate, self.choice, clock, limit, devices)
        creator = self.provisioner.creator
        self.upkeep = Upkeep(settings, database, clock, self.panels, self.clients, gate, self.choice, creator, wake)
        self.usage = MarzbanUsage(self.panels, gate)
        self.limits = Limits(settings, stores, clock, keyring, self.panels, self.clients, gate, closing)
        profiles = SubscriptionHttp(allow_private=settings.panels_allow_private)
        closing.push_async_callback(profiles.close)
        # Subscription links of our own, where customers can reach the web server.
        self.links: SubLinks | None = None
        if settings.public_address is not None:
            key, seal = keyring.derive(SUBSCRIPTION_LINKS), keyring.seal_for(SUBSCRIPTION_SEAL)
            source = PanelSubscriptions(self.panels, self.clients, profiles, clock)
            links = SubLinkRepository(database, cache, key, seal)
            self.links = SubLinks(links, source, self.usage, clock, settings.public_address)

    def start_jobs(self, every: Every, supervisor: Supervisor) -> None:
        """Hand every job to `every` (name, seconds between runs, coroutine function), and the watch to `supervisor`."""
        every("panels", MEASURE_EVERY_SECONDS, self.choice.keep_fresh)
        self.limits.start_jobs(every, supervisor, self._wake)
        self.upkeep.start_jobs(every)
