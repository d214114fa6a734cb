"""The composition root: builds everything, knows every concrete class, and nobody imports it but run.py and tests."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from aiogram.exceptions import TelegramAPIError, TelegramUnauthorizedError

from app.cashdesk import CashDesk
from app.clock import open_clock
from app.core.bot import make_bot
from app.core.dispatch import ShortDispatcher
from app.core.handlers import make_switchboard
from app.core.intake import Intake
from app.core.introduction import Introduction
from app.core.lanes import Lanes
from app.core.membership import Membership
from app.core.middlewares import ErrorBoundary, PrivateOnlyMiddleware
from app.core.notices import Notifier
from app.core.outgoing import OutgoingPolicy
from app.core.polling import Polling
from app.core.states import Dialogues
from app.counter import Counter
from app.fleet import Fleet
from app.jobs.queue import JobQueue
from app.jobs.supervisor import Supervisor
from app.keyring import PAYMENT_PATHS, open_keyring
from app.locales.locales_mw import LocaleMiddleware
from app.office import Office
from app.panels.clients import warn_of_exceptions
from app.readiness import StartFailed
from app.reception import Reception
from app.repo.bonuses import Bonuses
from app.repo.configs import ConfigRepository
from app.repo.deliveries import DeliveryRepository
from app.repo.init_db import migrate, seed_panel
from app.repo.jobs import JobRepository
from app.repo.leases import Leadership
from app.repo.notices import NoticeRepository
from app.repo.payments import PaymentRepository
from app.repo.receipts import ReceiptRepository
from app.repo.settlement import Settler
from app.repo.user import UserRepository
from app.services.accounts import Accounts
from app.services.deliveries import Deliveries
from app.services.records import PanelAccess
from app.stores import Stores, open_stores
from app.utils.logging import configure_logging
from app.utils.rate_limit import LocalBuckets, RateLimitMiddleware
from app.web.app import create_app
from app.web.payments import PaymentDoor
from app.web.server import WebServer
from app.web.sub.door import Desk, SubscriptionDoor
from app.web.telegram import TelegramDoor
from app.web.webhook import register, webhook_secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.readiness import Readiness
    from app.services.ports import Clock
    from config import Settings

log = structlog.get_logger(__name__)

UPDATES = ("message", "callback_query", "my_chat_member", "pre_checkout_query")
PROVISIONERS = 3
# Jobs of which each process needs its own run: they keep up what it holds in memory, or tell what its release says.
IN_EACH_PROCESS = {"rates", "buckets", "panels", "introduction"}
LEFT_OVER_SECONDS = 10
DAY_SECONDS = 86_400


class App:
    """The shop, put together. `start` begins to serve, `stop` finishes what is in hand and lets go of everything."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self.settings = settings
        self.stores = stores
        self.supervisor = Supervisor()
        self.clock: Clock = open_clock(settings.clock_offset_file)
        self.keyring = open_keyring(settings)
        self._closing = AsyncExitStack()
        self.username = ""
        # A start that fails is stopped as well, from wherever it came to.
        self.polling: Polling | None = None
        self.web: WebServer | None = None
        self._repositories()
        self.bot = make_bot(settings, OutgoingPolicy(self.accounts.gone))
        self.fleet = Fleet(settings, stores, self.clock, self.keyring, self.wake, self._closing)
        # What most of the shop and its tests ask the panels for.
        self.panels, self.provisioner = self.fleet.panels, self.fleet.provisioner
        self.limits, self.upkeep, self.links = self.fleet.limits, self.fleet.upkeep, self.fleet.links
        self.cash = CashDesk(
            settings,
            stores,
            self.clock,
            self.keyring,
            self.bot,
            self.accounts,
            self.users,
            self.payments,
            self.receipts,
            self.wake,
            self._closing,
        )
        self._telegram()

    def _repositories(self) -> None:
        database, cache = self.stores.database, self.stores.cache
        trial_key = self.keyring.derive("trials")
        bonuses = Bonuses(self.settings.referral_trigger, self.settings.referral_bonus)
        self.users = UserRepository(database, cache, ttl=self.settings.redis_ttl, trial_key=trial_key, bonuses=bonuses)
        self.payments = PaymentRepository(database, cache, Settler(database, bonuses))
        self.receipts = ReceiptRepository(database, cache, bonuses)
        self.configs = ConfigRepository(database, cache)
        self.notices = NoticeRepository(database, cache)
        self.jobs = JobRepository(database)
        self.queue = JobQueue(database.own_connection, self.jobs, self.supervisor.failures)
        self.accounts = Accounts(self.users, self.clock, self.settings.free_trial_days)
        self.deliveries = Deliveries(
            DeliveryRepository(database, cache),
            self.clock,
            self.wake,
            alarm_after=timedelta(minutes=self.settings.delivery_alarm_minutes),
            return_after=timedelta(hours=self.settings.delivery_timeout_hours),
        )

    def _telegram(self) -> None:
        storage = Dialogues(self.stores.cache.client, state_ttl=3600, data_ttl=3600)
        self.dispatcher = ShortDispatcher(name="orbit")
        self.reception = Reception(self.settings, self.stores, self.clock, self.bot, self.accounts, self.wake)
        self.counter = Counter(
            self.settings,
            self.stores,
            self.clock,
            self.accounts,
            self.payments,
            self.configs,
            self.cash,
            self.fleet,
            self.reception,
            self.wake,
            self.bot,
            self._bot_username,
        )
        self.dispatcher["shopfront"] = self.counter.shopfront
        self.buckets = LocalBuckets()
        locale = LocaleMiddleware(self.reception.doorman, self.accounts, storage)
        around = (
            *self.reception.first,
            PrivateOnlyMiddleware(),
            ErrorBoundary(),
            locale,
            RateLimitMiddleware(self.buckets),
            *self.reception.last,
        )
        for middleware in around:
            self.dispatcher.message.outer_middleware(middleware)
            self.dispatcher.callback_query.outer_middleware(middleware)
        self.switchboard = make_switchboard()
        self.switchboard.attach(self.dispatcher)
        self.dispatcher.my_chat_member.register(Membership(self.accounts).note)
        self.notifier = Notifier(self.bot, self.notices, self.counter.configs, self.clock, self.counter.news)
        self.lanes = Lanes(self.supervisor.spawn, self.settings.updates_in_hand)
        self.intake = Intake(
            self.bot, self.dispatcher, self.lanes, look=locale.look_early, money=self.cash.money_updates
        )

    async def _bot_username(self) -> str:
        return (await self.bot.me()).username or ""

    def wake(self, job: str) -> None:
        """Have a background job look now and here, before the queue brings it; one that is off stays off."""
        if self.queue.takes(job):
            self.supervisor.spawn(f"woken:{job}", self.queue.join(job))

    async def start(self, readiness: Readiness) -> None:
        """Begin to serve; returns when customers are served. Raises StartFailed."""
        readiness.progress("preparing the database")
        await migrate(self.stores.database)
        await self._seed()
        warn_of_exceptions(await self.panels.active())
        readiness.progress("reaching Telegram")
        self.username = await self._greeted_by_telegram()
        self._start_jobs()
        await self._start_intake()
        log.info("serving", bot_id=self.bot.id, webhook=self.settings.webhook_url is not None)

    async def _seed(self) -> None:
        settings = self.settings
        username, password = settings.s001_marzban_username, settings.s001_marzban_password
        if settings.s001_base_url is None or username is None or password is None:
            return
        panel = PanelAccess(
            "s001", "s001", str(settings.s001_base_url), username, password.get_secret_value(), 100, frozenset()
        )
        if await seed_panel(self.stores.database, panel):
            log.info("panel_seeded", instance_id="s001")

    async def _greeted_by_telegram(self) -> str:
        """The bot's username; empty where Telegram can't be reached just now."""
        try:
            return await self._bot_username()
        except TelegramUnauthorizedError:
            raise StartFailed("Telegram does not know BOT_TOKEN: take a new one from @BotFather") from None
        except TelegramAPIError as error:
            log.warning("telegram_unreachable", error=type(error).__name__)
        return ""

    def _start_jobs(self) -> None:
        # What is due is enqueued with the change that made it so; these look after what a dead replica left.
        self.queue.every("provisioning", LEFT_OVER_SECONDS, self._provision, side_by_side=PROVISIONERS)
        self.queue.every("notices", LEFT_OVER_SECONDS, self._notify)
        self._every("jobs-kept", DAY_SECONDS, self.jobs.forget)
        self._every("deliveries", 60, self.deliveries.run_once)
        self._every("introduction", 3600, Introduction(self.bot, self.settings.free_trial_days).run_once)
        self._every("buckets", 3600, self.buckets.sweep)
        self.reception.start_jobs(self._every)
        self.counter.start_jobs(self._every)
        self.cash.start_jobs(self._every)
        self.fleet.start_jobs(self._every, self.supervisor)
        Office(self.settings, self.stores, self.clock, self.bot, self.cash.watched).start_jobs(self._every)
        if self.stores.postgres is not None:
            self.supervisor.start("postgres", self.stores.postgres.keep_running)
        self.supervisor.start("lag", self.supervisor.watch_lag)
        self.supervisor.start("queue", self.queue.run)

    def _every(self, name: str, seconds: float, job: object) -> None:
        owner = self.supervisor if name in IN_EACH_PROCESS else self.queue
        owner.every(name, seconds, job)  # type: ignore[arg-type]  # each is a coroutine function

    async def _provision(self) -> None:
        await self._work_off("provisioning", self.provisioner.run_once)

    async def _notify(self) -> None:
        await self._work_off("notices", self.notifier.run_once)

    async def _work_off(self, job: str, run_once: Callable[[], Awaitable[int]]) -> None:
        """Take up all that is due, and have what was put off come back in time."""
        if await run_once():
            while await run_once():
                pass
            await self.jobs.put_off(job, self.clock.now())

    async def _start_intake(self) -> None:
        settings = self.settings
        checks = {"database": self.stores.database.answers, "redis": self.stores.cache.answers}
        door: TelegramDoor | None = None
        if settings.webhook_url is None:
            self.polling = Polling(self.bot, self.intake, Leadership(self.stores.engine, "telegram-polling"), UPDATES)
        else:
            secret = webhook_secret(settings.webhook_secret, self.keyring.derive("telegram-webhook"))
            door = TelegramDoor(self.intake, secret)
        if settings.public_address is not None or settings.web_port is not None:
            port = settings.web_port if settings.web_port is not None else 8080
            desk = PaymentDoor(self.cash.notifications, self.keyring.derive(PAYMENT_PATHS))
            more = [desk.route]
            if self.links is not None:
                here = Desk(self.username, settings.support_username)
                more += SubscriptionDoor(self.links, self.limits.devices, here).routes
            self.web = WebServer(create_app(checks, door, more), settings.web_host, port)
            self._bind(self.web)
            self.supervisor.start("web", self.web.run)
        if self.polling is not None:
            self.supervisor.start("polling", self.polling.run)
        else:
            await self._register(secret)

    def _bind(self, web: WebServer) -> None:
        try:
            web.bind()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StartFailed(f"WEB_HOST and WEB_PORT can't be listened on: {reason}") from None

    async def _register(self, secret: str) -> None:
        try:
            await register(self.bot, self.settings, secret, UPDATES)
        except TelegramAPIError as error:
            raise StartFailed(f"Telegram did not take WEBHOOK_URL: {error.message}") from None

    async def stop(self) -> None:
        """Take nothing new, finish what is in hand within the drain time, let go of everything."""
        drain = self.settings.drain_seconds
        log.info("stopping", seconds=drain)
        if self.polling is not None:
            left = await self.polling.stop(drain)
        else:
            left = await self.intake.drain(drain)
        if self.web is not None:
            await self.web.stop()
        await self.queue.stop(5)
        await self.supervisor.stop(5)
        await self._closing.aclose()
        await self.bot.session.close()
        log.info("stopped", updates_cut=left)


async def serve(settings: Settings, ready: Readiness) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return. Raises StartFailed with words for the operator."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    configure_logging(
        enabled=settings.is_logging, level=settings.log_level, aiogram=settings.log_aiogram, secrets=settings.secrets()
    )
    ready.progress("opening PostgreSQL and Redis")
    stores = await open_stores(settings)
    try:
        app = App(settings, stores)
        try:
            await app.start(ready)
            ready.ready()
            await stop.wait()
        finally:
            await app.stop()
    finally:
        await stores.close()
