"""A config in use from too many addresses: seen in the panel's logs, paused, told once, and let in again."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.jobs.supervisor import Supervisor
from app.panels.address_watch import AddressWatch
from app.panels.clients import PanelClients
from app.panels.gate import PanelGate
from app.panels.limiter import LogWatch, connections_in
from app.panels.pausing import Pauser
from app.repo.leases import Leadership
from app.repo.marzban_logs import MarzbanLogs
from app.repo.pauses import PauseRepository
from app.services.pauses import PauseOutcome
from sandbox.marzban.asks import UserModify
from sandbox.marzban.lifecycle import modify
from tests.support.link_world import NINA, LinkWorld, link_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.services.records import PanelAccess
    from app.utils.redis import Cache
    from sandbox.marzban.model import User

MOST = 2
LASTS = timedelta(minutes=15)
TOLD = "SELECT count(*) FROM notices WHERE kind = 'config_paused'"
HOSTS = ("198.51.100.1", "198.51.100.2", "2001:db8:1::5")


@dataclass
class Heard:
    """Connections as a limiter tells them, with a way to wait for one."""

    connections: list[tuple[str, str]] = field(default_factory=list)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, username: str, host: str) -> None:
        self.connections.append((username, host))
        self._more.set()

    async def from_host(self, host: str) -> None:
        async with asyncio.timeout(10):
            while host not in {host for _, host in self.connections}:
                self._more.clear()
                await self._more.wait()


@dataclass
class Guard:
    """All that watches and pauses, over the world of links; nothing of it runs by itself."""

    world: LinkWorld
    pauses: PauseRepository
    clients: PanelClients
    gate: PanelGate
    logs: MarzbanLogs
    pauser: Pauser
    watch: AddressWatch
    woken: list[str]

    def user(self) -> User:
        """The only user on the panel."""
        (user,) = self.world.a.panel.users.values()
        return user

    async def exceeds(self, hosts: tuple[str, ...] = HOSTS) -> int:
        """Two windows in which the config is used from these; how many are to be paused."""
        found = 0
        for _ in range(2):
            for host in hosts:
                self.watch.hear(self.user().username, host)
            found += await self.watch.judge()
        return found

    async def stored(self) -> list[tuple[object, ...]]:
        """Status and outcome of every pause."""
        rows = await self.world.books.rows("SELECT status, outcome FROM address_pauses ORDER BY id")
        return [tuple(row) for row in rows]

    def operator(self, **changes: object) -> None:
        """Somebody changes the user in the panel's own pages."""
        modify(self.world.a.panel, self.user(), UserModify.model_validate(changes))


@asynccontextmanager
async def guarded(world: LinkWorld, database: Database, cache: Cache) -> AsyncIterator[Guard]:
    clients = PanelClients(world.panels, world.clock, 5, allow_private=True)
    gate = PanelGate(clients, world.clock)
    logs = MarzbanLogs(allow_private=True, interval="0.01", backlog_seconds=0)
    pauses = PauseRepository(database, cache)
    limiter = LogWatch(clients, gate, logs, nodes_every_seconds=0.02, first_delay=0.02)
    pauser = Pauser(pauses, world.panels, gate, world.clock, MOST, LASTS)
    woken: list[str] = []
    watch = AddressWatch(world.panels, lambda _access: limiter, pauses, world.clock, MOST, woken.append)
    yield Guard(world, pauses, clients, gate, logs, pauser, watch, woken)
    await logs.close()
    await clients.close()


@pytest.fixture
async def guard(database: Database, cache: Cache) -> AsyncIterator[Guard]:
    async with link_world(database, cache) as world:
        await world.customer()
        async with guarded(world, database, cache) as opened:
            yield opened


async def access_of(guard: Guard, instance_id: str = "a") -> PanelAccess:
    access = await guard.world.panels.get(instance_id)
    assert access is not None
    return access


async def test_a_config_over_in_two_windows_is_switched_off_told_once_and_let_in_again(guard: Guard) -> None:
    books, clock, user = guard.world.books, guard.world.clock, guard.user()
    secrets, config_id = user.proxies["vless"]["id"], await books.value("SELECT id FROM configs")
    assert await guard.exceeds() == 1
    assert guard.woken == ["pauses"]
    assert user.status == "active"
    await guard.pauser.run_once()
    assert user.status == "disabled"
    (notice,) = await books.rows("SELECT recipient, kind, facts FROM notices WHERE kind = 'config_paused'")
    assert (notice.recipient, notice.facts["addresses"], notice.facts["most"]) == (NINA, "3", "2")

    assert await guard.exceeds() == 0
    assert await guard.pauser.run_once() == 0
    clock.advance(LASTS.total_seconds() - 1)
    assert await guard.pauser.run_once() == 0
    assert user.status == "disabled"
    clock.advance(2)
    assert await guard.pauser.run_once() == 1
    assert (user.status, user.proxies["vless"]["id"]) == ("active", secrets)
    assert user.note == f"orbit:{config_id}"
    assert await guard.stored() == [("over", PauseOutcome.RESUMED)]
    assert await books.value(TOLD) == 1

    assert await guard.exceeds() == 1
    await guard.pauser.run_once()
    assert user.status == "disabled"
    assert await books.value(TOLD) == 2


async def test_as_many_addresses_as_are_allowed_are_left_alone(guard: Guard) -> None:
    assert await guard.exceeds(("198.51.100.1", "2001:db8:1::5", "2001:db8:1::6", "198.51.100.1")) == 0
    assert await guard.stored() == []


async def test_who_is_no_config_of_ours_is_left_alone(guard: Guard) -> None:
    for _ in range(2):
        for host in HOSTS:
            guard.watch.hear("somebody_elses", host)
        assert await guard.watch.judge() == 0


async def test_whom_an_operator_had_switched_off_stays_so_and_nobody_is_told(guard: Guard) -> None:
    await guard.exceeds()
    guard.operator(status="disabled")
    await guard.pauser.run_once()
    guard.world.clock.advance(3600)
    await guard.pauser.run_once()
    assert guard.user().status == "disabled"
    assert await guard.stored() == [("over", PauseOutcome.NOT_OURS)]
    assert await guard.world.books.value(TOLD) == 0


async def test_an_operator_who_takes_our_mark_away_keeps_the_user_out(guard: Guard) -> None:
    await guard.exceeds()
    await guard.pauser.run_once()
    guard.operator(note=f"{(guard.user().note or '').split()[0]} out for good")
    guard.world.clock.advance(3600)
    await guard.pauser.run_once()
    assert guard.user().status == "disabled"
    assert await guard.stored() == [("over", PauseOutcome.NOT_OURS)]


async def test_an_operator_who_lets_the_user_in_early_is_not_undone(guard: Guard) -> None:
    guard.operator(note=f"{guard.user().note} a good customer")
    await guard.exceeds()
    await guard.pauser.run_once()
    guard.operator(status="active")
    guard.world.clock.advance(3600)
    await guard.pauser.run_once()
    assert guard.user().status == "active"
    assert (guard.user().note or "").endswith(" a good customer")


async def test_a_user_that_is_gone_ends_its_pause(guard: Guard) -> None:
    await guard.exceeds()
    await guard.pauser.run_once()
    guard.world.a.panel.users.clear()
    guard.world.clock.advance(3600)
    await guard.pauser.run_once()
    assert await guard.stored() == [("over", PauseOutcome.NOT_OURS)]


async def test_a_pause_ends_where_its_config_has_moved_to_another_panel(guard: Guard) -> None:
    await guard.exceeds()
    await guard.pauser.run_once()
    await guard.world.books.rows("UPDATE configs SET instance_id = 'b'")
    guard.world.a.panel.up = False
    guard.world.clock.advance(3600)
    await guard.pauser.run_once()
    assert await guard.stored() == [("over", PauseOutcome.NOT_OURS)]


# On a connection that was used before, the client itself repeats what may be repeated, once.
@pytest.mark.parametrize(("action", "times"), [("error", 1), ("drop_after", 2)])
async def test_what_a_panel_did_or_did_not_do_is_found_out_by_looking(guard: Guard, action: str, times: int) -> None:
    await guard.exceeds()
    await guard.world.a.fault("/api/user/", action, contains="disabled", times=times)
    await guard.pauser.run_once()
    assert await guard.stored() == [("wanted", None)]
    guard.world.clock.advance(10)
    await guard.pauser.run_once()
    assert (guard.user().status, await guard.stored()) == ("disabled", [("paused", None)])
    guard.world.clock.advance(3600)
    await guard.pauser.run_once()
    assert guard.user().status == "active"


async def test_a_panel_that_was_away_too_long_pauses_nobody_any_more(guard: Guard) -> None:
    await guard.exceeds()
    guard.world.a.panel.up = False
    await guard.pauser.run_once()
    guard.world.clock.advance(3600)
    guard.world.a.panel.up = True
    await guard.pauser.run_once()
    assert (guard.user().status, await guard.stored()) == ("active", [("over", PauseOutcome.TOO_LATE)])


async def test_whoever_is_paused_on_a_panel_whose_password_is_lost_is_let_in_when_it_is_found(guard: Guard) -> None:
    books = guard.world.books
    await guard.exceeds()
    await guard.pauser.run_once()
    sealed = await books.value("SELECT password FROM marzban_instances WHERE id = 'a'")
    await books.rows("UPDATE marzban_instances SET password = 'sealed:by another key' WHERE id = 'a'")
    guard.world.clock.advance(3600)
    await guard.pauser.run_once()
    assert (guard.user().status, await guard.stored()) == ("disabled", [("paused", None)])
    await books.rows("UPDATE marzban_instances SET password = :sealed WHERE id = 'a'", sealed=sealed)
    guard.world.clock.advance(301)
    await guard.pauser.run_once()
    assert (guard.user().status, await guard.stored()) == ("active", [("over", PauseOutcome.RESUMED)])


async def test_two_replicas_pause_a_config_once(guard: Guard) -> None:
    name, now = guard.user().username, guard.world.clock.now()
    wanted = await asyncio.gather(*(guard.pauses.want(name, 3, now) for _ in range(5)))
    assert sorted(wanted) == [False] * 4 + [True]
    taken = await asyncio.gather(*(guard.pauser.run_once() for _ in range(5)))
    assert sum(taken) == 1


async def test_while_a_config_is_paused_its_link_gives_what_it_gave_before(guard: Guard) -> None:
    world = guard.world
    token = await world.token(await world.books.value("SELECT id FROM configs"))
    before = await world.get(token)
    await guard.exceeds()
    await guard.pauser.run_once()
    world.a.calls.clear()
    paused = await world.get(token)
    assert (paused.status, paused.body, world.a.calls) == (200, before.body, [])
    world.clock.advance(3600)
    await guard.pauser.run_once()
    world.a.calls.clear()
    assert (await world.get(token)).status == 200
    assert len(world.a.calls) == 1


async def test_the_logs_of_the_panel_and_of_its_connected_nodes_are_read_and_nodes_come_and_go(guard: Guard) -> None:
    panel, logs = guard.world.a.panel, guard.world.a.logs
    first, second = panel.nodes.values()
    second.status = "error"
    heard, supervisor = Heard(), Supervisor()
    limiter = LogWatch(guard.clients, guard.gate, guard.logs, nodes_every_seconds=0.02, first_delay=0.02)
    access = await access_of(guard)
    supervisor.start("watch", lambda: limiter.watch(access, heard))
    name = guard.user().username
    async with asyncio.timeout(10):
        for source in (None, first.id):
            await logs.of(source).is_read.wait()
    logs.connect(name, None, "198.51.100.1")
    logs.connect(name, first.id, "2001:db8::7")
    logs.connect("stranger", first.id, "198.51.100.9")
    await heard.from_host("198.51.100.1")
    await heard.from_host("2001:db8::7")
    second.status = "connected"
    async with asyncio.timeout(10):
        await logs.of(second.id).is_read.wait()
    logs.connect(name, second.id, "198.51.100.3")
    await heard.from_host("198.51.100.3")
    # The panel hangs up on all of them, and is asked again.
    panel.up = False
    panel.admins["admin"].password_changed_at = int(guard.world.clock.timestamp()) + 1
    async with asyncio.timeout(10):
        await logs.of(None).is_left.wait()
    guard.world.clock.advance(60)
    panel.up = True
    async with asyncio.timeout(10):
        await logs.of(None).is_read.wait()
    logs.connect(name, None, "198.51.100.4")
    await heard.from_host("198.51.100.4")
    await supervisor.stop(5)
    assert {user for user, _ in heard.connections} == {name}


async def test_what_was_written_before_the_log_was_opened_is_not_counted(guard: Guard) -> None:
    name, access = guard.user().username, await access_of(guard)
    for number in range(150):
        guard.world.a.logs.connect(name, None, f"198.51.100.{number}")
    # Asked when it was opened, for the first line, and for the ninety-nine that come behind it.
    instants = [0.0, 0.0, 1.0]
    all_old_is_read = asyncio.Event()

    def monotonic() -> float:
        if len(instants) == 1:
            all_old_is_read.set()
        return instants.pop(0) if instants else 3.0

    logs = MarzbanLogs(allow_private=True, interval="0.2", backlog_seconds=2.5, monotonic=monotonic)
    async with aclosing(logs.follow(access, guard.clients.for_instance(access), None)) as texts, asyncio.timeout(10):
        reading = asyncio.gather(anext(texts))
        await all_old_is_read.wait()
        guard.world.a.logs.connect(name, None, "203.0.113.9")
        (text,) = await reading
    assert [host for _, host in connections_in(text)] == ["203.0.113.9"]
    await logs.close()


async def test_one_replica_watches_and_the_next_one_takes_over(guard: Guard, database: Database) -> None:
    logs = guard.world.a.logs
    first, second = (Leadership(database._engine, "address-watch") for _ in range(2))
    one, other = Supervisor(), Supervisor()
    one.start("watch", lambda: guard.watch.run(first, 3600))
    async with asyncio.timeout(10):
        await logs.of(None).is_read.wait()
    assert not await second.try_acquire()
    await one.stop(5)
    other.start("watch", lambda: guard.watch.run(second, 3600))
    async with asyncio.timeout(10):
        await logs.of(None).is_read.wait()
    await other.stop(5)
    assert await first.try_acquire()
    await first.release()
