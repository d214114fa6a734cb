"""A bot inside the test, put together as in production, that gets updates one by one and does nothing by itself."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from sqlalchemy import text

from app.domain.assets import Asset
from app.main import App
from app.services.records import PanelAccess
from app.stores import open_stores
from config import Settings
from sandbox.chain.ledger import Order
from sandbox.telegram import acts
from sandbox.telegram.updates import PendingUpdate
from sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from sandbox.telegram.history import Answer
    from sandbox.telegram.people import Person, StoredMessage

NINA = 501
INVOICE = text("SELECT nano, upper(comment) AS comment FROM payments ORDER BY id DESC LIMIT 1")


class ShopFloor:
    """The bot, its Telegram, and the people in it."""

    def __init__(self, app: App, world: World) -> None:
        self.app = app
        self.world = world
        self.telegram = world.telegram

    @property
    def database(self) -> Database:
        """The bot's database."""
        return self.app.stores.database

    def person(self, tg_id: int = NINA, name: str = "Nina", language: str = "en") -> Person:
        """Somebody who has opened the chat."""
        return self.telegram.people.put(name, None, language, tg_id)

    async def customer(self, tg_id: int = NINA, name: str = "Nina", language: str = "en") -> Person:
        """Somebody who has pressed Start, with a trial."""
        person = self.person(tg_id, name, language)
        await self.start(person)
        return person

    async def start(self, person: Person, payload: str = "") -> None:
        """The person presses Start."""
        acts.start(self.telegram, person, payload)
        await self.deliver()

    async def says(self, person: Person, text: str) -> None:
        """The person writes."""
        acts.write(self.telegram, person, text)
        await self.deliver()

    async def press(self, person: Person, label: str) -> Answer:
        """The person presses the newest button with that label; the answer that ends its spinner."""
        message, data = button(person, label)
        return await self.click(person, data, message)

    async def click(self, person: Person, data: str, message: StoredMessage | None = None) -> Answer:
        """The bot gets a click with any data at all; the answer, of which there must be one."""
        query = acts.click(self.telegram, person, (message or newest(person)).id, data)
        await self.deliver()
        (answer,) = [a for a in self.telegram.history.answers(person.id, 0) if a.query_id == query.id]
        return answer

    async def deliver(self) -> None:
        """Hand the bot what waits for it, and wait until it is dealt with."""
        await feed(self.app, self.take())

    def take(self) -> list[PendingUpdate]:
        """What waits for the bot; it is the caller's from now on."""
        waiting = self.telegram.updates.first(1000)
        self.telegram.updates.forget(update.id for update in waiting)
        return waiting

    async def rested(self) -> None:
        """Time enough has passed for all rate limits to be full again."""
        client = self.app.stores.cache.client
        async for key in client.scan_iter(match="rate_limit:*"):
            await client.delete(key)

    async def tops_up(self, person: Person, rubles: int) -> None:
        """The person opens an invoice by a button, pays it, and is told that it is credited."""
        await self.says(person, "/menu")
        await self.click(person, f"pay:ton:{rubles * 100}")
        await self.pays_last_invoice()
        await self.work()

    async def pays_last_invoice(self) -> None:
        """Somebody sends what the newest invoice asks for."""
        (invoice,) = await self.database.run(INVOICE)
        self.world.chain.transfer(Order("Nina", self.world.chain.merchant, invoice.nano, invoice.comment))

    async def work(self) -> None:
        """Do all that background jobs would find to do now."""
        assert self.app.cash.wallets is not None
        await self.app.cash.wallets.run_once(Asset.TON)
        app = self.app
        while await app.provisioner.run_once() + await app.limits.pauser.run_once() + await app.notifier.run_once():
            pass


async def feed(app: App, updates: list[PendingUpdate]) -> None:
    """Have a bot handle the updates, which it gets at once."""
    await asyncio.gather(*[await app.intake.accept(update.body) for update in updates])


def newest(person: Person) -> StoredMessage:
    """The bot's last message."""
    return next(message for message in reversed(person.messages.values()) if message.by_bot)


def shown(person: Person) -> str:
    """What the bot's last message says."""
    return newest(person).content.text.text


def labels(person: Person) -> list[str]:
    """What stands on the buttons of the bot's last message."""
    keyboard = newest(person).keyboard
    return [button.text for row in keyboard.inline_keyboard for button in row] if keyboard else []


def button(person: Person, label: str) -> tuple[StoredMessage, str]:
    """The newest button with that label: its message, and what it carries."""
    for message, written, data in _buttons(person):
        if label in written:
            return message, data
    raise AssertionError(f"no button {label!r}; the newest message: {shown(person)} {labels(person)}")


def _buttons(person: Person) -> Iterator[tuple[StoredMessage, str, str]]:
    for message in reversed(person.messages.values()):
        for row in message.keyboard.inline_keyboard if message.keyboard else []:
            for button in row:
                if button.callback_data:
                    yield message, button.text, button.callback_data


@asynccontextmanager
async def shop_floor(home: Path, database: URL, redis: Redis, **more: Any) -> AsyncIterator[ShopFloor]:
    """A bot over emptied stores, with one panel."""
    async with AsyncExitStack() as stack:
        world = World(home, panels=1)
        await world.start()
        stack.push_async_callback(world.stop)
        app = await stack.enter_async_context(replica(world, database, redis, **more))
        (door,) = world.doors()
        await app.panels.add(PanelAccess(door.id, door.name, door.url, door.username, door.password, 100, frozenset()))
        yield ShopFloor(app, world)


@asynccontextmanager
async def replica(world: World, database: URL, redis: Redis, **more: Any) -> AsyncIterator[App]:
    """One bot of this world on these stores; it does not fetch updates by itself."""
    async with opened(replica_settings(world, database, redis, **more)) as app:
        yield app


def replica_settings(
    world: World, database: URL, redis: Redis, *, all_ways: bool = False, **more: Any
) -> Settings:
    """The settings of such a bot; there is one way to pay, or `all_ways`."""
    others = ("S001",) if all_ways else ("S001", "CRYPTOBOT", "YOOKASSA")
    env = {name.lower(): value for name, value in world.env().items() if not name.startswith(others)}
    given: dict[str, Any] = {
        **env,
        "stars_enabled": all_ways,  # with a single way to pay there is nothing to choose
        "usdt_enabled": all_ways,
        "database_host": database.host,
        "database_port": database.port,
        "database_user": database.username,
        "database_password": database.password,
        "database_name": database.database,
        "database_pool": 4,
        "redis_url": f"unix://{redis.connection_pool.connection_kwargs['path']}",
        "secret_key": SecretStr("the secret of this test"),
    }
    return Settings(**{**given, **more})


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[App]:
    """A bot of these settings, put together and not started."""
    stores = await open_stores(settings)
    app = App(settings, stores)
    try:
        yield app
    finally:
        await app.stop()
        await stores.close()
