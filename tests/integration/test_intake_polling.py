from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from aiogram import Dispatcher
from aiogram.types import Message
from structlog.testing import capture_logs

from app.core.intake import Intake
from app.core.lanes import Lanes
from app.core.polling import Polling
from app.jobs.supervisor import Supervisor
from tests.support.bot_world import BotWorld, bot_world, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


FAR = 3600.0


class Lead:
    """The right to poll, among the replicas of one test."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.lost = False

    async def acquire(self) -> None:
        await self._lock.acquire()
        self.lost = False

    async def still_leads(self) -> bool:
        return not self.lost

    async def release(self) -> None:
        self._lock.release()


class Handler:
    """Writes down the texts in the order they were handled; "slow" waits for its release, "broken" fails."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.began: list[str] = []
        self.release = asyncio.Event()

    async def __call__(self, message: Message) -> None:
        text = message.text or ""
        self.began.append(text)
        if text == "slow":
            await self.release.wait()
        if text == "broken":
            raise LookupError("planted")
        self.texts.append(text)


@dataclass
class Replica:
    """One process's worth of the Telegram edge."""

    intake: Intake
    polling: Polling
    supervisor: Supervisor
    handler: Handler

    def start(self) -> None:
        self.supervisor.start("polling", self.polling.run)

    async def die(self) -> None:
        """End without a goodbye, as kill -9 does as far as Telegram can see."""
        await self.supervisor.stop(5)


@pytest.fixture
async def world() -> AsyncIterator[BotWorld]:
    async with bot_world() as world:
        yield world


@pytest.fixture
async def build(world: BotWorld) -> AsyncIterator[Callable[..., Replica]]:
    replicas: list[Replica] = []

    def make(lead: Lead | None = None, patience: float = FAR) -> Replica:
        bot, handler, supervisor = world.bot(), Handler(), Supervisor(first_delay=0.01)
        dispatcher = Dispatcher()
        dispatcher.message()(handler.__call__)
        intake = Intake(bot, dispatcher, Lanes(supervisor.spawn))
        polling = Polling(
            bot,
            intake,
            lead or Lead(),
            ["message", "callback_query"],
            patience=patience,
            conflict_seconds=0.02,
            first_backoff=0.01,
        )
        replicas.append(Replica(intake, polling, supervisor, handler))
        return replicas[-1]

    yield make
    for replica in replicas:
        await replica.die()


@asynccontextmanager
async def running(replica: Replica) -> AsyncIterator[Handler]:
    replica.start()
    yield replica.handler


async def test_twelve_quick_messages_keep_their_order_and_a_slow_customer_delays_nobody(
    world: BotWorld, build: Callable[..., Replica]
) -> None:
    ann, bob = await world.person("Ann"), await world.person("Bob")
    async with running(build()) as handler:
        await world.says(ann, "slow")
        await until(lambda: handler.began)
        for number in range(12):
            await world.says(bob, str(number))
        await until(lambda: len(handler.texts) == 12)
        assert handler.texts == [str(number) for number in range(12)]
        handler.release.set()
        await until(lambda: "slow" in handler.texts)


async def test_what_waited_before_the_start_is_handled(world: BotWorld, build: Callable[..., Replica]) -> None:
    ann = await world.person()
    await world.says(ann, "while you were away")
    await world.bot().set_webhook("http://127.0.0.1:9/none")
    async with running(build()) as handler:
        await until(lambda: handler.texts)
    assert handler.texts == ["while you were away"]


async def test_an_update_in_hand_is_not_confirmed_so_a_kill_loses_nothing(
    world: BotWorld, build: Callable[..., Replica]
) -> None:
    ann, bob = await world.person("Ann"), await world.person("Bob")
    first = build()
    async with running(first) as handler:
        await world.says(ann, "slow")
        await until(lambda: handler.began)
        # It takes a later poll to bring this, and a later poll is what could confirm too much.
        await world.says(bob, "quick")
        await until(lambda: handler.texts == ["quick"])
        await first.die()
    async with running(build()) as handler:
        handler.release.set()
        await until(lambda: "slow" in handler.texts)


async def test_a_handler_slower_than_the_patience_does_not_hold_the_queue(
    world: BotWorld, build: Callable[..., Replica]
) -> None:
    ann = await world.person()
    async with running(build(patience=0.0)) as handler:
        await world.says(ann, "slow")
        await until(lambda: handler.began)
        await until(lambda: len(world.telegram.updates) == 0)
        handler.release.set()
        await until(lambda: handler.texts == ["slow"])


async def test_stop_waits_for_what_is_in_hand_and_confirms_it(world: BotWorld, build: Callable[..., Replica]) -> None:
    ann = await world.person()
    replica = build()
    async with running(replica) as handler:
        await world.says(ann, "slow")
        await world.says(ann, "behind")
        await until(lambda: handler.began)
        async with asyncio.TaskGroup() as tasks:
            stopping = tasks.create_task(replica.polling.stop(20))
            await until(lambda: replica.intake.stopping)
            handler.release.set()
    assert stopping.result() == 0
    assert set(handler.texts) <= {"slow", "behind"}
    waiting = [update.body["message"]["text"] for update in world.telegram.updates.first(100)]  # type: ignore[index] # raw JSON
    assert sorted(handler.texts + waiting) == ["behind", "slow"]


async def test_what_stop_had_to_cut_off_comes_again(world: BotWorld, build: Callable[..., Replica]) -> None:
    ann = await world.person()
    first = build()
    async with running(first) as handler:
        await world.says(ann, "slow")
        await until(lambda: handler.began)
        assert await first.polling.stop(0) == 1
    async with running(build()) as handler:
        handler.release.set()
        await until(lambda: handler.texts == ["slow"])


async def test_a_standby_replica_takes_over_when_the_leader_stops(
    world: BotWorld, build: Callable[..., Replica]
) -> None:
    ann, lead = await world.person(), Lead()
    leader, standby = build(lead), build(lead)
    async with running(leader), running(standby):
        await world.says(ann, "one")
        await until(lambda: leader.handler.texts == ["one"])
        await leader.polling.stop(1)
        await world.says(ann, "two")
        await until(lambda: standby.handler.texts == ["two"])
    assert leader.handler.texts == ["one"]


async def test_a_leader_that_lost_its_right_stands_by_and_comes_back(
    world: BotWorld, build: Callable[..., Replica]
) -> None:
    ann, lead = await world.person(), Lead()
    with capture_logs() as logs:
        async with running(build(lead)) as handler:
            await until(lambda: any(line["event"] == "polling_leads" for line in logs))
            lead.lost = True
            await world.says(ann, "hello")
            await until(lambda: handler.texts == ["hello"])
            await until(lambda: sum(line["event"] == "polling_leads" for line in logs) == 2)
    assert any(line["event"] == "polling_lost_lead" for line in logs)


async def test_another_poller_is_reported_and_polling_goes_on(world: BotWorld, build: Callable[..., Replica]) -> None:
    ann = await world.person()
    with capture_logs() as logs:
        async with running(build()) as handler:
            await world.says(ann, "one")
            await until(lambda: handler.texts == ["one"] and len(world.telegram.updates) == 0)
            await world.bot().get_updates(timeout=0)
            await until(lambda: any(line["event"] == "polling_conflict" for line in logs))
            await world.says(ann, "two")
            await until(lambda: handler.texts == ["one", "two"])


@pytest.mark.parametrize("action", ["error", "drop_before", "drop_after", "garbage"])
async def test_polling_survives_a_failing_telegram(
    world: BotWorld, build: Callable[..., Replica], action: str
) -> None:
    ann = await world.person()
    await world.misbehaves("getUpdates", action, times=3)
    await world.says(ann, "hello")
    with capture_logs() as logs:
        async with running(build()) as handler:
            await until(lambda: handler.texts == ["hello"])
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["polling_failed"] * 3


async def test_a_failing_handler_is_logged_by_id_and_the_next_update_is_handled(
    world: BotWorld, build: Callable[..., Replica]
) -> None:
    ann = await world.person()
    replica = build()
    with capture_logs() as logs:
        async with running(replica) as handler:
            await world.says(ann, "broken")
            await world.says(ann, "whole")
            await until(lambda: handler.texts == ["whole"])
    assert replica.intake.counts["update_failed"] == 1
    failed = next(line for line in logs if line["event"] == "update_failed")
    assert set(failed) == {"event", "update_id", "kind", "exc_info", "log_level"}
