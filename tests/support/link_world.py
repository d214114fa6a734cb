"""A door at /sub over a real database and two emulated panels, with one customer whose config stands on the first."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, ClientTimeout
from cryptography.fernet import Fernet, MultiFernet

from app.jobs.supervisor import Supervisor
from app.panels.choice import PanelChoice
from app.panels.clients import PanelClients
from app.panels.gate import PanelGate
from app.panels.provisioning import Provisioner
from app.panels.subscription import PanelSubscriptions
from app.panels.usage import MarzbanUsage
from app.repo.devices import DeviceRepository
from app.repo.panel_sub import SubscriptionHttp
from app.repo.panels import PanelRepository
from app.repo.sublinks import SubLinkRepository
from app.services.configs import Configs
from app.services.devices import DeviceRules, Devices
from app.services.records import Newcomer
from app.services.sublinks import SubLinks
from app.web.app import create_app
from app.web.server import WebServer
from app.web.sub.door import Desk, SubscriptionDoor
from sandbox.clock import SandboxClock
from sandbox.marzban import Panel
from tests.support.books import Books
from tests.support.panels import PASSWORD, RunningPanel, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from app.repo.db import Database
    from app.utils.redis import Cache

ADDRESS = "https://vpn.example.com"
SEAL = MultiFernet([Fernet(Fernet.generate_key())])
RULES = DeviceRules(b"key of marks", most=2, forget_after=timedelta(days=30))
NINA, MAX = 7, 8
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "User-Agent": BROWSER}


@dataclass(frozen=True)
class Answer:
    """What the door said."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def media_type(self) -> str:
        return self.headers["Content-Type"].partition(";")[0]


@dataclass
class LinkWorld:
    """Everything from a customer's row to the panel and back through the door."""

    books: Books
    clock: SandboxClock
    a: RunningPanel
    b: RunningPanel
    panels: PanelRepository
    provisioner: Provisioner
    store: SubLinkRepository
    links: SubLinks
    devices: Devices
    configs: Configs
    http: ClientSession
    url: str
    _wishes: count[int] = field(default_factory=count)

    async def customer(self, tg_id: int = NINA, language: str = "ru") -> int:
        """Somebody with a trial and one config on the panel; the config's id."""
        await self.books.users.arrive(Newcomer(tg_id, "Nina", None, language, None), self.clock.now(), 7)
        card = await self.configs.create(tg_id, f"wish{next(self._wishes)}", None)
        await self.work()
        return card.id

    async def work(self) -> None:
        """Panels follow the database."""
        while await self.provisioner.run_once():
            pass

    async def token(self, config_id: int, tg_id: int = NINA) -> str:
        """The token of the link as its owner is shown it."""
        shown = (await self.configs.get(tg_id, config_id)).public_url or ""
        assert shown.startswith(f"{ADDRESS}/sub/")
        return shown.removeprefix(f"{ADDRESS}/sub/")

    async def get(self, path: str, agent: str = "v2rayNG/1.10.2", method: str = "GET", **headers: str) -> Answer:
        """What an app gets at /sub/`path`."""
        given = {"User-Agent": agent, "Accept": "*/*"} | {name.replace("_", "-"): v for name, v in headers.items()}
        async with self.http.request(
            method, f"{self.url}/sub/{path}", headers=given, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.text())

    async def page(self, path: str, **headers: str) -> Answer:
        """What a person with a phone's browser gets."""
        return await self.get(path, **{**HTML, "agent": BROWSER, **headers})

    async def move(self, config_id: int, instance_id: str) -> None:
        """The config is made anew on another panel."""
        await self.books.rows(
            "UPDATE configs SET instance_id = :instance_id, status = 'creating', is_due = true, next_attempt_at = now()"
            " - interval '1 day' WHERE id = :config_id",
            instance_id=instance_id,
            config_id=config_id,
        )
        await self.work()

    async def copies(self) -> list[tuple[Any, ...]]:
        """Kind and panel of each copy kept."""
        rows = await self.books.rows("SELECT kind, instance_id FROM subscription_copies ORDER BY kind")
        return [tuple(row) for row in rows]


@asynccontextmanager
async def link_world(
    database: Database, cache: Cache, support: str | None = None, rules: DeviceRules = RULES
) -> AsyncIterator[LinkWorld]:
    """The world of one test."""
    clock = SandboxClock()
    async with AsyncExitStack() as stack:
        a, b = [
            await stack.enter_async_context(running(Panel(clock, name, "admin", PASSWORD))) for name in ("a", "b")
        ]
        panels = PanelRepository(database, cache, SEAL)
        await panels.add(a.access())
        await panels.add(b.access(priority=1))
        clients = PanelClients(panels, clock, 5, allow_private=True)
        stack.push_async_callback(clients.close)
        books, gate = Books(database, cache), PanelGate(clients, clock)
        provisioner = Provisioner(books.provisioning, panels, gate, PanelChoice(panels, gate, panels, clock), clock)
        profiles, usage = SubscriptionHttp(timeout_seconds=1, allow_private=True), MarzbanUsage(panels, gate)
        stack.push_async_callback(profiles.close)
        store = SubLinkRepository(database, cache, b"key of links", SEAL)
        links = SubLinks(store, PanelSubscriptions(panels, clients, profiles, clock), usage, clock, ADDRESS)
        configs = Configs(books.configs, usage, clock, lambda _job: None, links)
        devices = Devices(DeviceRepository(database, cache), clock, rules)
        door = SubscriptionDoor(links, devices, Desk("orbit_bot", support))
        url = await _served(stack, door)
        http = await stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=20)))
        yield LinkWorld(books, clock, a, b, panels, provisioner, store, links, devices, configs, http, url)


async def _served(stack: AsyncExitStack, door: SubscriptionDoor) -> str:
    server = WebServer(create_app({}, None, door.routes), "127.0.0.1", 0)
    port = server.bind()
    supervisor = Supervisor()
    supervisor.start("web", server.run)
    stack.push_async_callback(supervisor.stop, 5)
    stack.push_async_callback(server.stop)
    return f"http://127.0.0.1:{port}"
