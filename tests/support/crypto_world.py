"""A shop that is paid by CryptoBot: the emulator, the gateway on real stores, the web door between them."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from sqlalchemy import text

from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.payments.gateway.cryptobot import CryptoBotGateway
from app.payments.gateway.cryptopay import CryptoPay
from app.payments.gateway.marks import Marks
from sandbox.clock import SandboxClock
from sandbox.cryptopay import Till, create_app
from sandbox.serve import Server
from tests.support.gateway_shop import KEY, NINA, Books, GatewayShop, at_once, open_door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.services.records import Payment
    from app.utils.redis import Cache

__all__ = ["KEY", "NINA", "TOKEN", "CryptoShop", "another_door", "at_once", "only_invoice", "open_shop"]

TOKEN = "4242:AAcanary-of-the-crypto-pay-app"


@dataclass
class CryptoShop(GatewayShop):
    """What customers and Crypto Pay do to the shop."""

    till: Till
    gateway: CryptoBotGateway

    async def opens(self, rubles: str = "500") -> Payment:
        """Nina opens an invoice."""
        return (await self.topups.open(NINA, PaymentMethod.CRYPTOBOT, Money.rub(rubles))).payment

    async def pays(self, name: object, **more: object) -> None:
        """Pay at CryptoBot; where webhooks go, one is on its way."""
        await self.sim("pay", invoice_id=name, **more)

    async def delivers(self, name: object, **more: object) -> list[int]:
        """Bring one webhook, true or tampered with; the statuses."""
        statuses: list[int] = (await self.sim("deliver", invoice_id=name, **more))["statuses"]
        return statuses

    def restarts(self) -> None:
        """The bot stops and starts: what it had in mind is gone."""
        api = CryptoPay(self.http, self.url, TOKEN, at_once)
        gateway = CryptoBotGateway(api, TOKEN, Marks(KEY), self.payments, self.clock)
        self.reconciliation = self.books.reconciliation(gateway)

    async def receipts(self) -> list[tuple[str, str]]:
        rows = await self.database.run(text("SELECT key, status FROM receipts ORDER BY key"))
        return [(row.key, row.status) for row in rows]


def only_invoice(shop: CryptoShop) -> int:
    (invoice,) = shop.till.invoices.values()
    return invoice.id


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
        books = Books(database, cache, clock)
        api = CryptoPay(http, url, TOKEN, at_once)
        gateway = CryptoBotGateway(api, TOKEN, Marks(KEY), books.payments, clock)
        around = await open_door(stack, books, [gateway])
        yield CryptoShop(**around, url=url, http=http, till=till, gateway=gateway)


@asynccontextmanager
async def another_door(shop: CryptoShop, database: Database, cache: Cache) -> AsyncIterator[str]:
    """A second replica of the shop, over a pool of its own."""
    async with AsyncExitStack() as stack:
        books = Books(database, cache, shop.clock)
        api = CryptoPay(shop.http, shop.url, TOKEN, at_once)
        gateway = CryptoBotGateway(api, TOKEN, Marks(KEY), books.payments, shop.clock)
        yield (await open_door(stack, books, [gateway]))["door"]
