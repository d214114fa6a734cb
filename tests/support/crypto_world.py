"""A shop that is paid by CryptoBot: the emulator, the gateway on real stores, the web door between them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
from sqlalchemy import text

from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.jobs.supervisor import Supervisor
from app.payments.desk import GatewayProvider, NotificationDesk
from app.payments.gateway.cryptobot import CryptoBotGateway
from app.payments.gateway.cryptobot_mark import Marks
from app.payments.gateway.cryptopay import CryptoPay
from app.payments.manager import PaymentManager
from app.repo.audit import breaks
from app.repo.bonuses import Bonuses
from app.repo.payments import PaymentRepository
from app.repo.receipts import ReceiptRepository
from app.repo.settlement import Settler
from app.repo.user import UserRepository
from app.services.receipts import Receipts, Reconciliation
from app.services.records import Newcomer
from app.services.topups import TopUps
from app.web.app import create_app as create_web
from app.web.payments import PaymentDoor, path
from app.web.server import WebServer
from sandbox.clock import SandboxClock
from sandbox.cryptopay import Till, create_app
from sandbox.serve import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.services.records import Payment
    from app.utils.redis import Cache

TOKEN = "4242:AAcanary-of-the-crypto-pay-app"
KEY = b"installation"
NINA = 501


async def at_once(_span: timedelta) -> None:
    """A client in a test waits for nothing between its attempts."""


@dataclass
class CryptoShop:
    """What stands, and what customers, Crypto Pay and time do to it."""

    database: Database
    clock: SandboxClock
    till: Till
    url: str
    door: str
    http: aiohttp.ClientSession
    topups: TopUps
    gateway: CryptoBotGateway
    reconciliation: Reconciliation
    payments: PaymentRepository
    users: UserRepository
    credited: asyncio.Event

    async def opens(self, rubles: str = "500") -> Payment:
        """Nina opens an invoice."""
        return (await self.topups.open(NINA, PaymentMethod.CRYPTOBOT, Money.rub(rubles))).payment

    async def sim(self, act: str, **body: object) -> Any:
        async with self.http.post(f"{self.url}/sim/{act}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def pays(self, name: object, **more: object) -> None:
        """Pay at CryptoBot; where webhooks go, one is on its way."""
        await self.sim("pay", invoice_id=name, **more)

    async def webhooks(self, url: str | None = None, **more: object) -> None:
        """Have webhooks go to the shop's door."""
        await self.sim("webhook", url=url or self.door, **more)

    async def delivers(self, name: object, **more: object) -> list[int]:
        """Bring one webhook, true or tampered with; the statuses."""
        statuses: list[int] = (await self.sim("deliver", invoice_id=name, **more))["statuses"]
        return statuses

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

    async def receipts(self) -> list[tuple[str, str]]:
        rows = await self.database.run(text("SELECT key, status FROM receipts ORDER BY key"))
        return [(row.key, row.status) for row in rows]


def only_invoice(shop: CryptoShop) -> int:
    (invoice,) = shop.till.invoices.values()
    return invoice.id


async def _replica(
    stack: AsyncExitStack,
    database: Database,
    cache: Cache,
    clock: SandboxClock,
    url: str,
    http: aiohttp.ClientSession,
    credited: asyncio.Event,
) -> tuple[CryptoBotGateway, PaymentManager, Receipts, str]:
    """What one replica has of CryptoBot, and the address of its door."""
    bonuses = Bonuses("first_payment", Money.rub(50).decimal)
    payments = PaymentRepository(database, cache, Settler(database, bonuses))
    gateway = CryptoBotGateway(CryptoPay(http, url, TOKEN, at_once), TOKEN, Marks(KEY), payments, clock)
    manager = PaymentManager([gateway], payments, clock, timedelta(minutes=10))
    receipts = Receipts(ReceiptRepository(database, cache, bonuses), clock, lambda _job: credited.set())
    payment_door = PaymentDoor(NotificationDesk(manager, receipts), KEY)
    web = WebServer(create_web({}, more=[payment_door.route]), "127.0.0.1", 0)
    door = f"http://127.0.0.1:{web.bind()}{path(KEY, 'cryptobot')}"
    supervisor = Supervisor()
    supervisor.start("web", web.run)
    stack.push_async_callback(supervisor.stop, 10)
    return gateway, manager, receipts, door


@asynccontextmanager
async def another_door(shop: CryptoShop, database: Database, cache: Cache) -> AsyncIterator[str]:
    """A second replica of the shop, over a pool of its own."""
    async with AsyncExitStack() as stack:
        yield (await _replica(stack, database, cache, shop.clock, shop.url, shop.http, shop.credited))[3]


@asynccontextmanager
async def open_shop(database: Database, cache: Cache) -> AsyncIterator[CryptoShop]:
    """A shop with one customer, reachable at its door, and Crypto Pay, whose webhooks go nowhere yet."""
    async with AsyncExitStack() as stack:
        clock = SandboxClock()
        till = Till(clock, TOKEN)
        server = Server(create_app(till))
        url = await server.start()
        stack.push_async_callback(server.stop)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        bonuses = Bonuses("first_payment", Money.rub(50).decimal)
        payments = PaymentRepository(database, cache, Settler(database, bonuses))
        credited = asyncio.Event()
        gateway, manager, receipts, door = await _replica(stack, database, cache, clock, url, http, credited)
        users = UserRepository(database, cache, ttl=300, trial_key=b"k", bonuses=bonuses)
        await users.arrive(Newcomer(NINA, "Nina", None, "ru", None), clock.now(), 7)
        yield CryptoShop(
            database=database,
            clock=clock,
            till=till,
            url=url,
            door=door,
            http=http,
            topups=TopUps(manager, payments, lambda _job: None),
            gateway=gateway,
            reconciliation=Reconciliation(GatewayProvider(gateway), payments, receipts, clock),
            payments=payments,
            users=users,
            credited=credited,
        )
