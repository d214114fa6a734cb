"""All that a bot finds to do when it was just started, done once: inside a test, or as a process that may be killed."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import ssl
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from app import failpoints
from app.core.polling import Polling
from app.domain.money import Money
from app.embedded.children import libc_call
from app.keyring import PAYMENT_PATHS
from app.main import UPDATES, App
from app.office import Office
from app.repo.bonuses import Bonuses
from app.repo.legacy import LegacyRepository
from app.repo.waiting import WaitingRepository
from app.services.legacy import Relocation
from app.services.operators import Adjustment, OperatorDesk, Refusal, Refused, worth_of
from app.stores import open_stores
from app.web.app import create_app
from app.web.payments import PaymentDoor, path
from app.web.server import WebServer
from tests.support.shop_floor import all_once

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.core.intake import Intake
    from config import Settings

_PR_SET_PDEATHSIG = 1
WORKED = 0
TRUST = ssl.create_default_context()


@dataclass(frozen=True)
class Chores:
    """What comes to a bot beside its jobs: a webhook, what an operator asks for, and what operators are told.

    A webhook is the gateway and what its emulator is asked to bring; a refund is the gateway and the charge; what is
    exceeded is the number of addresses from which that user of a panel came.
    """

    webhook: tuple[str, dict[str, object]] | None = None
    refund: tuple[str, str] | None = None
    assign: tuple[str, int] | None = None
    adjust: tuple[int, str] | None = None
    exceeded: str | None = None
    office: bool = False
    # Also look after what was not delivered, and move what is on legacy servers.
    deliveries: bool = False
    upkeep: bool = False
    # Also renew and remind.
    reminders: bool = False


class Alone:
    """The lead of the only replica."""

    async def acquire(self) -> None:
        """At once."""

    async def still_leads(self) -> bool:
        return True

    async def release(self) -> None:
        """Nobody waits for it."""


class CountingIntake:
    """An intake that tells when so many updates were dealt with."""

    def __init__(self, intake: Intake, wanted: int) -> None:
        self._intake = intake
        self._left = wanted
        self._seen: set[int] = set()
        self.done = asyncio.Event()
        self.drain = intake.drain

    async def accept(self, raw: Any) -> asyncio.Future[None]:
        future = await self._intake.accept(raw)
        if raw["update_id"] not in self._seen:
            self._seen.add(raw["update_id"])
            future.add_done_callback(self._count)
        return future

    def _count(self, _future: asyncio.Future[None]) -> None:
        self._left -= 1
        if self._left == 0:
            self.done.set()


async def shift(app: App, updates: int, chores: Chores) -> None:
    """Take the updates that wait, by polling; then the chores; then every job once, and what follows from them."""
    if updates:
        await _poll(app, updates)
    if chores.webhook is not None:
        await _be_told(app, *chores.webhook)
    if chores.refund is not None:
        await app.cash.refunds.refund(*chores.refund)
    await _at_the_desk(app, chores)
    jobs: dict[str, Callable[[], Awaitable[object]]] = {}
    app.cash.start_jobs(lambda name, _seconds, job: jobs.update({name: job}))  # type: ignore[dict-item]  # see Every
    # Only a second look says that what the first one told is booked.
    for name in (*jobs, "cryptobot"):
        await jobs[name]()
    if chores.deliveries:
        await app.deliveries.run_once()
        await Relocation(LegacyRepository(app.stores.database, app.stores.cache), app.clock).move(None, None, 100)
    await _by_itself(app, chores)
    while await all_once(app):
        pass
    if chores.office:
        await tell_operators(app)


async def _by_itself(app: App, chores: Chores) -> None:
    if chores.exceeded is not None:
        await app.limits.pauses.want(chores.exceeded, 3, app.clock.now())
    if chores.upkeep:
        await app.counter.traffic.forget_old()
        await look_after_panels(app)
    if chores.reminders:
        await app.counter.remind()


async def look_after_panels(app: App) -> None:
    """Compare the panels, move what has to move, remove what is left over."""
    while await app.upkeep.run_once():
        pass


async def tell_operators(app: App) -> None:
    """Find what operators should know, and tell them."""
    office: dict[str, Callable[[], Awaitable[object]]] = {}
    watched = Office(app.settings, app.stores, app.clock, app.bot, app.cash.watched)
    watched.start_jobs(lambda name, _seconds, job: office.update({name: job}))  # type: ignore[dict-item]  # see Every
    for name in ("operator-watch", "operator-notices"):
        await office[name]()


async def _at_the_desk(app: App, chores: Chores) -> None:
    """What an operator does by hand; who asks again finds it done."""
    settings, stores = app.settings, app.stores
    bonuses = Bonuses(settings.referral_trigger, settings.referral_bonus)
    desk = OperatorDesk(WaitingRepository(stores.database, stores.cache, bonuses), app.clock, "olga")
    if chores.assign is not None:
        reference, tg_id = chores.assign
        try:
            money = await desk.find(reference)
            await desk.assign(money, tg_id, worth_of(money, settings.ton_rub_rate, settings.telegram_stars_rate))
        except Refused as refused:
            if refused.refusal is not Refusal.CREDITED:
                raise
    if chores.adjust is not None:
        owner, key = chores.adjust
        await desk.adjust(Adjustment(owner, Money.rub(25), "a reason", key, is_told=True))


async def _poll(app: App, updates: int) -> None:
    intake = CountingIntake(app.intake, updates)
    polling = Polling(app.bot, intake, Alone(), UPDATES)  # type: ignore[arg-type]  # all that polling uses of one
    app.supervisor.start("polling", polling.run)
    async with asyncio.timeout(60):
        await intake.done.wait()
    await polling.stop(5)


async def _be_told(app: App, gateway: str, brought: dict[str, object]) -> None:
    """Open the door for webhooks and have the gateway's emulator bring one."""
    key = app.keyring.derive(PAYMENT_PATHS)
    door = PaymentDoor(app.cash.notifications, key)
    web = WebServer(create_app({}, more=[door.route]), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{web.bind()}{path(key, gateway)}"
    app.supervisor.start("web", web.run)
    api = {"cryptobot": app.settings.cryptobot_api_url, "yookassa": app.settings.yookassa_api_url}[gateway]
    sim = f"{str(api).rstrip('/')}/sim"
    async with aiohttp.ClientSession() as http:
        for act, body in (("webhook", {"url": url}), ("deliver", brought), ("webhook", {})):
            async with http.post(f"{sim}/{act}", json=body) as answer:
                if answer.status != 200:
                    raise RuntimeError(f"{act}: {await answer.text()}")
    await web.stop()


def be_a_bot(settings: Settings, updates: int, chores: Chores, orders: str, log: str) -> None:
    """The process: one shift under `orders` for failpoints, ended by one of them or at its end."""
    if sys.platform == "linux":
        # A test run that is cut short leaves no bot behind it.
        libc_call("prctl", _PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(written, 1)
    os.dup2(written, 2)
    # What was there before the fork stays shared with it.
    gc.freeze()
    # To read whom to trust takes longer than the whole shift, and nobody here speaks TLS.
    ssl.create_default_context = lambda **_: TRUST
    failpoints.arm(orders)
    asyncio.run(_work(settings, updates, chores))


async def _work(settings: Settings, updates: int, chores: Chores) -> None:
    app = App(settings, await open_stores(settings))
    await shift(app, updates, chores)
    sys.stdout.flush()
    # To close everything takes longer than the shift, and how a bot ends is no part of it.
    os._exit(WORKED)
