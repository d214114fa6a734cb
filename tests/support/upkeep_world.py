"""A shop's configs on emulated panels over a real database, with everything that moves and compares them."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app.panels.choice import CACHE_KEY, PanelChoice
from app.panels.clients import PanelClients
from app.panels.creation import Creator
from app.panels.gate import PanelGate
from app.panels.leftovers import Leftovers
from app.panels.moves import Mover
from app.panels.provisioning import Provisioner
from app.panels.sweep import Sweeper
from app.panels.watch import PanelWatch
from app.repo.configs import ConfigRepository
from app.repo.moves import MoveRepository
from app.repo.panels import PanelRepository
from app.repo.provisioning import ProvisioningRepository
from app.repo.upkeep import UpkeepRepository
from sandbox.clock import SandboxClock
from sandbox.marzban import Panel
from sandbox.marzban.model import User
from tests.support.link_world import SEAL
from tests.support.panels import PASSWORD, RunningPanel, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.utils.redis import Cache

FAILOVER = timedelta(minutes=4)
MANY_CONFIGS = text(
    """
    WITH people AS (
        INSERT INTO users (tg_id, subscription_end, max_configs, created_at)
        SELECT n, CAST(:end AS timestamptz), 5, CAST(:end AS timestamptz)
        FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n RETURNING tg_id
    )
    INSERT INTO configs (user_id, intent, slot, name, status, instance_id, marzban_username, subscription_url, link,
                         expires_at, is_due, next_attempt_at, created_at)
    SELECT tg_id, 'wish', 1, 'VPN 1', 'active', :instance_id, 'o' || tg_id || '_0a1b2c3d', 'http://gone/sub/1',
           'vless://old', CAST(:end AS timestamptz), false, CAST(:end AS timestamptz), CAST(:end AS timestamptz)
    FROM people RETURNING id, marzban_username
    """
)


@dataclass
class UpkeepWorld:
    """Panels by their names, and whatever looks after them."""

    database: Database
    cache: Cache
    clock: SandboxClock
    running: dict[str, RunningPanel]
    panels: PanelRepository
    clients: PanelClients
    moves: MoveRepository
    upkeep: UpkeepRepository
    configs: ConfigRepository
    provisioner: Provisioner
    mover: Mover
    leftovers: Leftovers
    watch: PanelWatch
    sweeper: Sweeper
    choice: PanelChoice

    async def rows(self, query: str, **params: Any) -> list[tuple[Any, ...]]:
        """The rows of a query of the test."""
        return [tuple(row) for row in await self.database.run(text(query), params)]

    def users(self, name: str) -> dict[str, User]:
        """The users of a panel."""
        return self.running[name].panel.users

    async def stand(self, many: int, name: str = "a", first: int = 1001) -> None:
        """So many customers with a config each stand on a panel, as if they had been made there long ago."""
        end = self.clock.now().replace(microsecond=0) + timedelta(days=30)
        rows = await self.database.run(
            MANY_CONFIGS, {"end": end, "first": first, "last": first + many - 1, "instance_id": name}
        )
        panel = self.running[name].panel
        for row in rows:
            panel.users[row.marzban_username] = User(
                username=row.marzban_username,
                owner=panel.admins["admin"],
                created_at=panel.now(),
                proxies={"vless": {"id": "7b0fd3a4-2d5b-4f0c-9d43-1d2ab0a0c0de", "flow": ""}},
                inbounds={"vless": ["VLESS TCP REALITY"]},
                expire=int(end.timestamp()),
                note=f"orbit:{row.id}",
            )

    async def take_links(self, name: str) -> None:
        """Everybody's stored key is the one that the panel gives."""
        client = self.clients.for_instance(self.running[name].access())
        for username in self.users(name):
            user = await client.get_user(username)
            assert user is not None
            await self.rows(
                "UPDATE configs SET link = :link WHERE marzban_username = :name", link=user.links[0], name=username
            )

    async def name_again(self, name: str, alias: str) -> None:
        """The same panel in a second row, under another name of its host."""
        base_url = f"{self.running[name].server.url.replace('127.0.0.1', 'localhost')}/"
        assert await self.panels.add(self.running[name].access(instance_id=alias, base_url=base_url))

    async def switch_off(self, name: str) -> None:
        """As an operator does by SQL."""
        await self.rows("UPDATE marzban_instances SET is_active = false WHERE id = :id", id=name)
        await self.cache.delete(CACHE_KEY)

    async def look(self, *, minutes: int = 1) -> None:
        """Looks at every panel for so long: as few as don't count as blind, for each at a dead panel takes its time."""
        while minutes > 0:
            self.clock.advance(60 * min(minutes, 4))
            await self.watch.run_once()
            minutes -= 4

    async def die(self, name: str) -> None:
        """A panel is gone for as long as it takes to be left."""
        self.running[name].panel.up = False
        await self.look()
        await self.look(minutes=4)

    async def move(self, *movers: Mover) -> int:
        """Work off all moves that are due; how many were taken up."""
        total = 0
        while taken := await (movers[0] if movers else self.mover).run_once():
            total += taken
        return total

    async def tidy(self) -> None:
        """Let every pause pass until nothing is left to be done anywhere."""
        await self.tidy_without("")

    async def tidy_without(self, dead: str) -> None:
        """The same, but for users that a dead panel keeps."""
        for _ in range(40):
            while await self.provisioner.run_once() + await self.mover.run_once() + await self.leftovers.run_once():
                pass
            left = await self.rows(
                "SELECT 'config', id, last_error FROM configs WHERE is_due UNION ALL SELECT 'move', config_id,"
                " last_error FROM config_moves UNION ALL SELECT 'leftover', config_id, last_error FROM config_leftovers"
                " WHERE instance_id <> :dead",
                dead=dead,
            )
            if not left:
                return
            self.clock.advance(301)
        raise AssertionError(left)

    async def swept(self) -> dict[str, dict[str, int]]:
        """A whole round over all panels; what was counted on each."""
        self.clock.advance(3601)
        await self.sweeper.run_once()  # only now every panel is known to be swept
        while await self.sweeper.run_once():
            pass
        return {name: dict(counts) for name, counts in await self.rows("SELECT instance_id, counts FROM panel_sweeps")}

    async def homes(self) -> dict[str, int]:
        """How many living configs stand on each panel."""
        query = "SELECT instance_id, count(*) FROM configs WHERE status = 'active' GROUP BY 1"
        return dict(await self.rows(query))

    async def differences(self) -> set[tuple[Any, ...]]:
        """What the configs should be on panels against what is: (panel, user, end); empty where they agree."""
        wanted = await self.rows(
            "SELECT instance_id, marzban_username, floor(extract(epoch FROM expires_at))::bigint FROM configs"
            " WHERE status = 'active'"
        )
        there = [(name, u.username, u.expire) for name in self.running for u in self.users(name).values()]
        assert len(there) == len({(name, username) for name, username, _ in there})
        return set(wanted) ^ set(there)


@asynccontextmanager
async def upkeep_world(
    database: Database, cache: Cache, *names: str, failover: timedelta | None = FAILOVER, timeout_seconds: float = 5
) -> AsyncIterator[UpkeepWorld]:
    """Panels of these names, the first with the highest priority, and nothing on them."""
    clock = SandboxClock()
    async with AsyncExitStack() as stack:
        served = {
            name: await stack.enter_async_context(running(Panel(clock, name, "admin", PASSWORD))) for name in names
        }
        panels = PanelRepository(database, cache, SEAL)
        for place, panel in enumerate(served.values()):
            await panels.add(panel.access(priority=100 - place))
        clients = PanelClients(panels, clock, timeout_seconds, allow_private=True)
        stack.push_async_callback(clients.close)
        yield _put_together(database, cache, clock, served, panels, clients, failover)


def _put_together(
    database: Database,
    cache: Cache,
    clock: SandboxClock,
    served: dict[str, RunningPanel],
    panels: PanelRepository,
    clients: PanelClients,
    failover: timedelta | None,
) -> UpkeepWorld:
    gate = PanelGate(clients, clock)
    choice = PanelChoice(panels, gate, panels, clock)
    provisioning, moves = ProvisioningRepository(database, cache), MoveRepository(database)
    upkeep = UpkeepRepository(database)
    creator = Creator(provisioning, panels, gate, choice, clock, 0, 0)
    return UpkeepWorld(
        database=database,
        cache=cache,
        clock=clock,
        running=served,
        panels=panels,
        clients=clients,
        moves=moves,
        upkeep=upkeep,
        configs=ConfigRepository(database, cache),
        provisioner=Provisioner(provisioning, panels, gate, choice, clock),
        mover=Mover(moves, panels, choice, creator, clock, silence=failover, grace=timedelta()),
        leftovers=Leftovers(moves, panels, gate, clock),
        watch=PanelWatch(upkeep, panels, clients, clock),
        sweeper=Sweeper(upkeep, panels, gate, clock, every=timedelta(hours=1), data_limit_bytes=0),
        choice=choice,
    )
