"""A shop that is paid through YooKassa: the emulator, the gateway on real stores, the web door between them."""

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
from app.payments.desk import GatewayProvider, GatewayRefunder, NotificationDesk
from app.payments.gateway.marks import Marks
from app.payments.gateway.yookassa import Shop, YooKassaGateway
from app.payments.gateway.yookassa_api import YooKassa
from app.payments.manager import PaymentManager
from app.repo.audit import breaks
from app.repo.bonuses import Bonuses
from app.repo.payments import PaymentRepository
from app.repo.receipts import ReceiptRepository
from app.repo.refunds import RefundRepository
from app.repo.settlement import Settler
from app.repo.user import UserRepository
from app.services.receipts import Receipts, Reconciliation
from app.services.records import Newcomer
from app.services.refunds import RefundDesk
from app.services.topups import TopUps
from app.web.app import create_app as create_web
from app.web.payments import PaymentDoor, path
from app.web.server import WebServer
from sandbox.clock import SandboxClock
from sandbox.serve import Server
from sandbox.yookassa import Shop as Till
from sandbox.yookassa import create_app
from tests.support.crypto_world import at_once

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.payments.gateway.yookassa_wishes import Fiscal
    from app.repo.db import Database
    from app.services.records import Payment
    from app.utils.redis import Cache

SHOP_ID = "100500"
SECRET = "test_canary-of-the-yookassa-shop"
KEY = b"installation"
NINA, MAX = 501, 502
GATEWAY = "yookassa"
CHAT = "https://t.me/orbit_test_bot"
SPEND = text(
    "WITH t AS (INSERT INTO ledger_transactions (key, kind, created_at)"
    "           VALUES ('test:' || gen_random_uuid(), 'adjustment', now()) RETURNING id),"
    " l AS (INSERT INTO ledger_entries (transaction_id, account, amount) SELECT t.id, a, v FROM t,"
    "       (VALUES ('wallet:' || CAST(:id AS bigint), -CAST(:sum AS numeric)),"
    "               ('adjustments', CAST(:sum AS numeric))) x(a, v))"
    " UPDATE users SET balance = balance - CAST(:sum AS numeric) WHERE tg_id = CAST(:id AS bigint)"
)


async def chat() -> str:
    """Where customers come back to."""
    return CHAT


@dataclass
class KassaShop:
    """What stands, and what customers, YooKassa, its cabinet and time do to it."""

    database: Database
    clock: SandboxClock
    till: Till
    url: str
    door: str
    http: aiohttp.ClientSession
    topups: TopUps
    gateway: YooKassaGateway
    api: YooKassa
    reconciliation: Reconciliation
    refunds: RefundDesk
    payments: PaymentRepository
    users: UserRepository
    credited: asyncio.Event

    async def opens(self, rubles: str = "500", owner: int = NINA) -> Payment:
        """Somebody opens an invoice."""
        return (await self.topups.open(owner, PaymentMethod.YOOKASSA, Money.rub(rubles))).payment

    async def sim(self, act: str, **body: object) -> Any:
        async with self.http.post(f"{self.url}/sim/{act}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def pays(self, payment: Payment | str, **more: object) -> str:
        """Pay; the id that YooKassa has for it."""
        name = payment if isinstance(payment, str) else payment.external_id
        await self.sim("pay", payment_id=name, **more)
        return str(name)

    async def paid(self, rubles: str = "500") -> str:
        """A charge that is credited."""
        charge = await self.pays(await self.opens(rubles))
        await self.reconciliation.run_once()
        return charge

    async def gives_back(self, charge: str, amount: str | None = None) -> str:
        """Refund in YooKassa's cabinet; the refund's id."""
        return str((await self.sim("refund", payment_id=charge, amount=amount))["id"])

    async def webhooks(self, **more: object) -> None:
        """Have notifications go to the shop's door."""
        await self.sim("webhook", url=self.door, **more)

    async def delivers(self, name: object = "", **more: object) -> list[int]:
        """Bring one notification, true or made up; the statuses."""
        statuses: list[int] = (await self.sim("deliver", id=name, **more))["statuses"]
        return statuses

    async def fails(self, match: str, action: str, **more: object) -> None:
        await self.sim("faults", match=match, action=action, **more)

    async def heals(self) -> None:
        async with self.http.delete(f"{self.url}/sim/faults") as answer:
            assert answer.status == 200

    async def spends(self, rubles: int) -> None:
        """Nina's balance shrinks by the books, as by a purchase."""
        await self.database.run(SPEND, {"id": NINA, "sum": rubles})

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

    async def receipts(self) -> list[tuple[str, str, str]]:
        query = text("SELECT key, direction, status FROM receipts ORDER BY seen_at, direction")
        return [(row.key, row.direction, row.status) for row in await self.database.run(query)]


@asynccontextmanager
async def open_shop(database: Database, cache: Cache, fiscal: Fiscal | None = None) -> AsyncIterator[KassaShop]:
    """A shop with one customer, reachable at its door, and YooKassa, whose notifications go nowhere yet."""
    async with AsyncExitStack() as stack:
        clock = SandboxClock()
        till = Till(clock, SHOP_ID, SECRET)
        server = Server(create_app(till))
        url = await server.start()
        stack.push_async_callback(server.stop)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        bonuses = Bonuses("first_payment", Money.rub(50).decimal)
        payments = PaymentRepository(database, cache, Settler(database, bonuses))
        api = YooKassa(http, url, SHOP_ID, SECRET, at_once)
        gateway = YooKassaGateway(api, Shop(chat, KEY, fiscal), Marks(KEY), payments, clock)
        manager = PaymentManager([gateway], payments, clock, timedelta(minutes=10))
        credited = asyncio.Event()
        receipts = Receipts(ReceiptRepository(database, cache, bonuses), clock, lambda _job: credited.set())
        payment_door = PaymentDoor(NotificationDesk(manager, receipts), KEY)
        web = WebServer(create_web({}, more=[payment_door.route]), "127.0.0.1", 0)
        door = f"http://127.0.0.1:{web.bind()}{path(KEY, GATEWAY)}"
        supervisor = Supervisor()
        supervisor.start("web", web.run)
        stack.push_async_callback(supervisor.stop, 10)
        users = UserRepository(database, cache, ttl=300, trial_key=b"k", bonuses=bonuses)
        await users.arrive(Newcomer(NINA, "Nina", None, "ru", None), clock.now(), 7)
        yield KassaShop(
            database=database,
            clock=clock,
            till=till,
            url=url,
            door=door,
            http=http,
            topups=TopUps(manager, payments, lambda _job: None),
            gateway=gateway,
            api=api,
            reconciliation=Reconciliation(GatewayProvider(gateway), payments, receipts, clock),
            refunds=RefundDesk(RefundRepository(database, cache), [GatewayRefunder(gateway)], receipts, clock),
            payments=payments,
            users=users,
            credited=credited,
        )
