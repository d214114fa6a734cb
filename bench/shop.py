"""Owns the shop under measurement: the real App on real stores, fed with updates, without its background jobs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from app.main import App
from app.repo.base import ACCOUNT_PARTS
from app.repo.sql import statement
from app.stores import open_stores
from bench.sessions import InstantSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from app.stores import Stores
    from config import Settings

FUND = statement(
    """
    WITH booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        VALUES ('bench:' || gen_random_uuid(), 'adjustment', now()) RETURNING id
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked, (VALUES ('wallet:' || :tg_id, :amount), ('adjustments', -:amount)) AS line (account, amount)
    )
    UPDATE users SET balance = balance + :amount WHERE tg_id = :tg_id
    """
)
LAST = "return 1"


class ShopUnderTest:
    """An App whose updates come from here. Its jobs are not started: they would ask the stores in between."""

    def __init__(self, app: App, stores: Stores) -> None:
        self.app = app
        self.stores = stores
        self._last = stores.cache.script(LAST)

    def answer_at_once(self) -> InstantSession:
        """Take the network out: calls keep to the outgoing policy and end in canned results."""
        session = InstantSession()
        session.middleware = self.app.bot.session.middleware
        self.app.bot.session = session
        return session

    async def take(self, update: dict[str, Any]) -> None:
        """Have a raw update dealt with, from the intake to the last call to the Bot API."""
        await (await self.app.intake.accept(update))

    async def settle(self) -> int:
        """Wait for what an update left behind it in Redis; how many round trips the waiting itself took."""
        await self.stores.cache.run(self._last, (), ())
        return 1

    async def warm(self, people: Sequence[int]) -> None:
        """Have the accounts in the cache."""
        for tg_id in people:
            await self.app.users.glance(tg_id)
        await self.settle()

    async def cool(self, people: Sequence[int]) -> None:
        """Have the accounts in PostgreSQL only."""
        await self.app.users.drop_account(*people, parts=ACCOUNT_PARTS)

    async def forgive(self) -> None:
        """Fill all buckets of the rate limit again: people here click more than people do."""
        await self.stores.cache.delete_matching("rate_limit:*")

    async def fund(self, tg_id: int, rubles: int) -> None:
        """Put rubles into a wallet, both sides booked."""
        await self.stores.database.run(FUND, {"tg_id": tg_id, "amount": rubles})
        await self.cool((tg_id,))


@asynccontextmanager
async def open_shop(settings: Settings) -> AsyncIterator[ShopUnderTest]:
    """The shop on the stores that the settings name."""
    stores = await open_stores(settings)
    try:
        app = App(settings, stores)
        yield ShopUnderTest(app, stores)
        await app.stop()
    finally:
        await stores.close()
