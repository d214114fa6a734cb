"""What every shop behind a gateway has in tests: its books, its door on the web, and the emulator's ways in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app.domain.money import Money
from app.jobs.supervisor import Supervisor
from app.payments.desk import GatewayProvider, NotificationDesk
from app.payments.manager import PaymentManager
from app.repo.audit import breaks
from app.repo.bonuses import Bonuses
from app.repo.operator_news import OperatorNewsRepository
from app.repo.payments import PaymentRepository
from app.repo.receipts import ReceiptRepository
from app.repo.settlement import Settler
from app.repo.user import UserRepository
from app.services.operator_news import WatchedProvider
from app.services.receipts import Receipts, Reconciliation
from app.services.records import Newcomer
from app.services.topups import TopUps
from app.web.app import create_app as create_web
from app.web.payments import PaymentDoor, path
from app.web.server import WebServer

if TYPE_CHECKING:
    import aiohttp

    from app.payments.gateway.base import BasePaymentGateway
    from app.repo.db import Database
    from app.services.records import Payment
    from app.utils.redis import Cache
    from sandbox.clock import SandboxClock

KEY = b"installation"
NINA = 501


async def at_once(_span: timedelta) -> None:
    """A client in a test waits for nothing between its attempts."""


class Books:
    """The stores, with one customer in them."""

    def __init__(self, database: Database, cache: Cache, clock: SandboxClock) -> None:
        bonuses = Bonuses("first_payment", Money.rub(50).decimal)
        self.database = database
        self.clock = clock
        self.credited = asyncio.Event()
        self.payments = PaymentRepository(database, cache, Settler(database, bonuses))
        store = ReceiptRepository(database, cache, bonuses)
        self.receipts = Receipts(store, clock, lambda _job: self.credited.set())
        self.users = UserRepository(database, cache, ttl=300, trial_key=b"k", bonuses=bonuses)

    def reconciliation(self, gateway: BasePaymentGateway) -> Reconciliation:
        """The job that asks the gateway, as a bot that has just started runs it."""
        provider = WatchedProvider(GatewayProvider(gateway), OperatorNewsRepository(self.database), self.clock)
        return Reconciliation(provider, self.payments, self.receipts, self.clock)


@dataclass
class GatewayShop:
    """What stands, and what customers and time do to it, whatever the gateway."""

    books: Books
    url: str
    http: aiohttp.ClientSession
    door: str
    topups: TopUps
    reconciliation: Reconciliation

    @property
    def database(self) -> Database:
        return self.books.database

    @property
    def clock(self) -> SandboxClock:
        return self.books.clock

    @property
    def credited(self) -> asyncio.Event:
        return self.books.credited

    @property
    def payments(self) -> PaymentRepository:
        return self.books.payments

    @property
    def users(self) -> UserRepository:
        return self.books.users

    async def sim(self, act: str, **body: object) -> Any:
        async with self.http.post(f"{self.url}/sim/{act}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def webhooks(self, url: str | None = None, **more: object) -> None:
        """Have webhooks go to the shop's door."""
        await self.sim("webhook", url=url or self.door, **more)

    async def fails(self, match: str, action: str, **more: object) -> None:
        await self.sim("faults", match=match, action=action, **more)

    async def heals(self) -> None:
        async with self.http.delete(f"{self.url}/sim/faults") as answer:
            assert answer.status == 200

    async def balance(self, tg_id: int = NINA) -> Money:
        """A person's, from the row, once the books are proved right."""
        assert await breaks(self.database) == []
        query = text("SELECT balance FROM users WHERE tg_id = CAST(:tg_id AS bigint)")
        ((balance,),) = await self.database.run(query, {"tg_id": tg_id})
        return Money.rub(balance)

    async def arrives(self, tg_id: int) -> None:
        """Another customer comes."""
        await self.users.arrive(Newcomer(tg_id, "Max", None, "ru", None), self.clock.now(), 7)

    async def status(self, payment: Payment) -> str:
        stored = await self.payments.of_owner(payment.owner, payment.id)
        return f"{stored.status}:{stored.reason}" if stored.reason else str(stored.status)


async def open_door(stack: AsyncExitStack, books: Books, gateways: Sequence[BasePaymentGateway]) -> dict[str, Any]:
    """What a GatewayShop needs around its first gateway, which is reachable on the web until the stack unwinds."""
    gateway = gateways[0]
    manager = PaymentManager(gateways, books.payments, books.clock, timedelta(minutes=10))
    door = PaymentDoor(NotificationDesk(manager, books.receipts), KEY)
    web = WebServer(create_web({}, more=[door.route]), "127.0.0.1", 0)
    address = f"http://127.0.0.1:{web.bind()}{path(KEY, gateway.method.value)}"
    supervisor = Supervisor()
    supervisor.start("web", web.run)
    stack.push_async_callback(supervisor.stop, 10)
    await books.users.arrive(Newcomer(NINA, "Nina", None, "ru", None), books.clock.now(), 7)
    return {
        "books": books,
        "door": address,
        "topups": TopUps(manager, books.payments, lambda _job: None),
        "reconciliation": books.reconciliation(gateway),
    }
