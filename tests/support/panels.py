"""Owns what tests of panels need: emulators that count their calls, panels in a list, a queue with honest leases."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web
from sqlalchemy import make_url

from app.panels.choice import PanelChoice
from app.panels.clients import PanelClients
from app.panels.gate import PanelGate
from app.panels.provisioning import Provisioner
from app.repo.base import BaseRepository
from app.repo.db import Database, make_engine
from app.repo.marzban_client import MarzbanClient
from app.services.panel_records import PanelRow
from app.services.records import ConfigJob, ConfigWork, PanelAccess
from sandbox.clock import SandboxClock
from sandbox.marzban import LOGS, Panel, create_app
from sandbox.marzban.model import User
from sandbox.serve import Server

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from app.utils.redis import Cache
    from sandbox.marzban.logs import Logs

PASSWORD = "correct horse"
THE_OPERATORS_INSERT = (
    "INSERT INTO marzban_instances (id, name, base_url, username, password, is_active, priority, excluded_node_names) "
    "VALUES ('s002', 'Secondary Server', 'https://s002.example.com:8000/', 'admin', 'password', TRUE, 90, "
    "ARRAY['node_slow']);"
)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class RunningPanel:
    """An emulator over HTTP with a list of all calls that came, as `METHOD path`."""

    panel: Panel
    server: Server
    logs: Logs
    calls: list[str] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    now_in_flight: int = 0
    most_in_flight: int = 0

    def count(self, call: str) -> int:
        """How often exactly this call came."""
        return self.calls.count(call)

    def access(self, **changes: object) -> PanelAccess:
        """The row of this panel; its name is its id."""
        row = PanelAccess(self.panel.name, self.panel.name, f"{self.server.url}/", "admin", PASSWORD, 100, frozenset())
        return replace(row, **changes)  # type: ignore[arg-type] # names of the record's own fields

    async def fault(self, match: str, action: str, **more: object) -> None:
        """Let the emulator misbehave; see sandbox/faults.py."""
        body = {"match": match, "action": action, **more}
        async with aiohttp.request("POST", f"{self.server.url}/sim/faults", json=body) as response:
            assert response.status == 200, await response.text()

    async def forgive(self) -> None:
        """Behave well again."""
        async with aiohttp.request("DELETE", f"{self.server.url}/sim/faults") as response:
            assert response.status == 200


def repository(cache: Cache) -> BaseRepository:
    """A repository of which only the cache is used: its database is never connected to."""
    return BaseRepository(Database(make_engine(make_url("postgresql+asyncpg://nobody@127.0.0.1:1/none"), 1)), cache)


@asynccontextmanager
async def running(panel: Panel) -> AsyncIterator[RunningPanel]:
    """Serve the panel while the block runs."""
    app = create_app(panel)
    server = Server(app)
    served = RunningPanel(panel, server, app[LOGS])

    @web.middleware
    async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/sim/"):
            return await handler(request)
        served.calls.append(f"{request.method} {request.path}")
        served.called.set()
        served.now_in_flight += 1
        served.most_in_flight = max(served.most_in_flight, served.now_in_flight)
        try:
            return await handler(request)
        finally:
            served.now_in_flight -= 1

    app.middlewares.insert(0, counted)
    await server.start()
    yield served
    await server.stop()


def marzban_of(clients: PanelClients, access: PanelAccess) -> MarzbanClient:
    """The client of a panel, which is a Marzban, with what only Marzban has."""
    client = clients.for_instance(access)
    assert isinstance(client, MarzbanClient)
    return client

def fill(served: RunningPanel, users: int) -> User:
    """Put active users on the panel; the last of them."""
    panel = served.panel
    admin = panel.admins["admin"]
    for number in range(users):
        name = f"other_{number}"
        panel.users[name] = User(name, admin, panel.now(), {"vless": {"id": "1"}}, {"vless": []})
    return panel.users[f"other_{users - 1}"]


class PanelList:
    """The table of panels, in memory. Implements choice.PanelRows."""

    def __init__(self, *rows: PanelAccess) -> None:
        self.rows = {row.instance_id: row for row in rows}
        self.capacity: dict[str, int] = {}
        self.pending: Counter[str] = Counter()

    async def active(self) -> list[PanelAccess]:
        return list(self.rows.values())

    async def get(self, instance_id: str) -> PanelAccess | None:
        return self.rows.get(instance_id)

    async def occupancy(self, since: datetime) -> list[PanelRow]:
        return [
            PanelRow(name, name, True, panel.priority, self.capacity.get(name), self.pending[name])
            for name, panel in self.rows.items()
        ]


@dataclass
class Row:
    """What should be of one config, and what is known of it."""

    config_id: int
    username: str
    expires_at: datetime
    due_at: datetime
    work: ConfigWork | None = ConfigWork.CREATE
    instance_id: str | None = None
    revision: int = 1
    attempts: int = 0
    leased_until: datetime = LONG_AGO
    subscription_url: str = ""
    link: str = ""
    error: str = ""
    notices: int = 0
    is_deleted: bool = False
    left_behind: list[str] = field(default_factory=list)


class JobQueue:
    """The provisioning queue, in memory. Implements ProvisioningStore with leases and revisions that count."""

    def __init__(self, clock: SandboxClock) -> None:
        self.clock = clock
        self.rows: dict[int, Row] = {}

    def want(self, config_id: int, **changes: object) -> Row:
        """Record that a config should exist for thirty days."""
        now = self.clock.now()
        row = Row(config_id, f"orbit_{config_id}", now.replace(microsecond=0) + timedelta(days=30), now)
        self.rows[config_id] = replace(row, **changes)  # type: ignore[arg-type] # names of the row's own fields
        return self.rows[config_id]

    def change(self, row: Row, work: ConfigWork, expires_at: datetime | None = None) -> None:
        """Change the wish, which outdates what is under way."""
        row.work, row.revision, row.attempts, row.due_at = work, row.revision + 1, 0, self.clock.now()
        row.expires_at = expires_at or row.expires_at

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[ConfigJob]:
        due = [r for r in self.rows.values() if r.work and r.due_at <= now and r.leased_until <= now][:limit]
        for row in due:
            row.leased_until = now + timedelta(seconds=lease_seconds)
        return [self._job(row) for row in due]

    async def assign(self, job: ConfigJob, instance_id: str | None) -> bool:
        row = self._row(job)
        if row is not None:
            row.instance_id = instance_id
        return row is not None

    async def give_up(self, job: ConfigJob, now: datetime, at: datetime) -> bool:
        row = self._row(job)
        if row is not None and job.instance_id is not None:
            row.left_behind.append(job.instance_id)
            row.instance_id, row.attempts = None, 0
        return row is not None

    async def created(self, job: ConfigJob, subscription_url: str, link: str, now: datetime) -> None:
        row = self.rows[job.config_id]
        row.subscription_url, row.link, row.notices = subscription_url, link, row.notices + 1
        self._finish(job)

    async def synced(self, job: ConfigJob) -> None:
        self._finish(job)

    async def deleted(self, job: ConfigJob, now: datetime) -> None:
        self.rows[job.config_id].is_deleted = True
        self._finish(job)

    async def retry(self, job: ConfigJob, now: datetime, at: datetime, error: str) -> None:
        row = self._row(job)
        if row is not None:
            row.due_at, row.error, row.attempts = at, error, row.attempts + 1
            row.leased_until = LONG_AGO

    def _job(self, row: Row) -> ConfigJob:
        assert row.work is not None
        return ConfigJob(
            config_id=row.config_id,
            owner=7,
            work=row.work,
            instance_id=row.instance_id,
            username=row.username,
            expires_at=row.expires_at,
            revision=row.revision,
            attempts=row.attempts,
        )

    def _row(self, job: ConfigJob) -> Row | None:
        row = self.rows[job.config_id]
        return row if row.revision == job.revision else None

    def _finish(self, job: ConfigJob) -> None:
        row = self.rows[job.config_id]
        row.leased_until = LONG_AGO
        if row.revision == job.revision:
            row.work = None


@dataclass
class Bed:
    """Two panels, a and b, and everything that provisions on them."""

    clock: SandboxClock
    a: RunningPanel
    b: RunningPanel
    panels: PanelList
    queue: JobQueue
    clients: PanelClients
    gate: PanelGate
    choice: PanelChoice
    provisioner: Provisioner

    async def work_off(self, rounds: int = 20) -> None:
        """Let time pass from one due job to the next until nothing is left to do."""
        for _ in range(rounds):
            await self.provisioner.run_once()
            waiting = [max(row.due_at, row.leased_until) for row in self.queue.rows.values() if row.work]
            if not waiting:
                return
            self.clock.advance(max(0.0, (min(waiting) - self.clock.now()).total_seconds()) + 0.001)
        raise AssertionError(f"still waiting: {[row.error for row in self.queue.rows.values() if row.work]}")

    def users(self) -> list[str]:
        """The names of all users on both panels."""
        return [*self.a.panel.users, *self.b.panel.users]


@asynccontextmanager
async def two_panels(cache: BaseRepository, *, timeout_seconds: float = 10) -> AsyncIterator[Bed]:
    """Both panels up and empty; a is preferred."""
    clock = SandboxClock()
    async with AsyncExitStack() as stack:
        a, b = [await stack.enter_async_context(running(Panel(clock, name, "admin", PASSWORD))) for name in ("a", "b")]
        panels = PanelList(a.access(), b.access(priority=50))
        queue = JobQueue(clock)
        clients = PanelClients(cache, clock, timeout_seconds, allow_private=True)
        stack.push_async_callback(clients.close)
        gate = PanelGate(clients, clock)
        choice = PanelChoice(panels, gate, cache, clock)
        provisioner = Provisioner(queue, panels, gate, choice, clock)
        yield Bed(clock, a, b, panels, queue, clients, gate, choice, provisioner)
