"""A shop that is paid through YooKassa: the emulator, the gateway on real stores, the web door between them."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from sqlalchemy import text

from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.payments.desk import GatewayRefunder
from app.payments.gateway.marks import Marks
from app.payments.gateway.yookassa import Shop, YooKassaGateway
from app.payments.gateway.yookassa_api import YooKassa
from app.repo.refunds import RefundRepository
from app.services.refunds import RefundDesk
from sandbox.clock import SandboxClock
from sandbox.serve import Server
from sandbox.yookassa import Shop as Till
from sandbox.yookassa import create_app
from tests.support.gateway_shop import KEY, NINA, Books, GatewayShop, at_once, open_door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.payments.gateway.yookassa_wishes import Fiscal
    from app.repo.db import Database
    from app.services.records import Payment
    from app.utils.redis import Cache

__all__ = ["CHAT", "GATEWAY", "KEY", "MAX", "NINA", "SECRET", "KassaShop", "open_shop"]

SHOP_ID = "100500"
SECRET = "test_canary-of-the-yookassa-shop"
MAX = 502
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
class KassaShop(GatewayShop):
    """What customers, YooKassa and its cabinet do to the shop."""

    till: Till
    gateway: YooKassaGateway
    api: YooKassa
    refunds: RefundDesk

    async def opens(self, rubles: str = "500", owner: int = NINA) -> Payment:
        """Somebody opens an invoice."""
        return (await self.topups.open(owner, PaymentMethod.YOOKASSA, Money.rub(rubles))).payment

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

    async def delivers(self, name: object = "", **more: object) -> list[int]:
        """Bring one notification, true or made up; the statuses."""
        statuses: list[int] = (await self.sim("deliver", id=name, **more))["statuses"]
        return statuses

    def restarts(self) -> None:
        """The bot stops and starts: what it had in mind is gone."""
        gateway = YooKassaGateway(self.api, Shop(chat, KEY, None), Marks(KEY), self.payments, self.clock)
        self.reconciliation = self.books.reconciliation(gateway)

    async def spends(self, rubles: int) -> None:
        """Nina's balance shrinks by the books, as by a purchase."""
        await self.database.run(SPEND, {"id": NINA, "sum": rubles})

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
        books = Books(database, cache, clock)
        api = YooKassa(http, url, SHOP_ID, SECRET, at_once)
        gateway = YooKassaGateway(api, Shop(chat, KEY, fiscal), Marks(KEY), books.payments, clock)
        refunders = [GatewayRefunder(gateway)]
        yield KassaShop(
            **await open_door(stack, books, [gateway]),
            url=url,
            http=http,
            till=till,
            gateway=gateway,
            api=api,
            refunds=RefundDesk(RefundRepository(database, cache), refunders, books.receipts, clock),
        )
