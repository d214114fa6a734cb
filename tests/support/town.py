"""The world and a real bot process in it, for tests that walk as customers do."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from sqlalchemy import text
from yarl import URL

from app.repo.audit import breaks
from app.stores import open_stores
from config import Settings
from sandbox.world import World
from tests.support.person import PATIENCE_SECONDS, Person
from tests.support.postgres_server import lend_cluster
from tests.support.warm_bot import WarmBot, orbit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from app.repo.db import Database

Json = dict[str, Any]

# As an operator may do it beside the running bot, word for word from the description of the table.
ADD_PANEL = text(
    "INSERT INTO marzban_instances (id, name, base_url, username, password, is_active, priority, excluded_node_names)"
    " VALUES (:id, :name, :url, :username, :password, TRUE, 90, ARRAY['node_slow'])"
)
UNFINISHED = text(
    "SELECT 'config ' || id FROM configs WHERE is_due UNION ALL SELECT 'notice ' || id FROM notices"
    " WHERE sent_at IS NULL"
)
CONFIGS = text("SELECT instance_id, marzban_username, expires_at FROM configs WHERE status = 'active'")


class Town:
    """Emulators, a bot process, people, a wallet."""

    def __init__(self, world: World, bot: WarmBot, bot_env: dict[str, str], stack: AsyncExitStack) -> None:
        self.world = world
        self.bot = bot
        self.bot_env = bot_env
        self._stack = stack
        self.http = aiohttp.ClientSession()

    async def person(self, tg_id: int, name: str, language: str = "ru") -> Person:
        """A person who has opened the chat and pressed nothing yet."""
        body = {"id": tg_id, "first_name": name, "language_code": language}
        await self.post(f"{self.world.telegram_url}/sim/people", body)
        return await self._stack.enter_async_context(Person(self.world.telegram_url, tg_id))

    async def pays(self, invoice: Json, wallet: str = "Nina", **changes: object) -> Json:
        """Send what an invoice message asks for, from the sandbox's wallet."""
        buttons = [button for row in invoice["buttons"] for button in row]
        link = next(button["url"] for button in buttons if button["kind"] == "url")
        query = URL(link).query
        body: dict[str, object] = {
            "from": wallet,
            "to": self.world.ton_address,
            "value_nano": query["amount"],
            "comment": query["text"],
        }
        return await self.post(f"{self.world.chain_url}/sim/transfer", {**body, **changes})

    async def panel_users(self) -> dict[str, Json]:
        """Every user of every panel by name."""
        return {name: user for _, name, user in await self._users()}

    async def _users(self) -> list[tuple[str, str, Json]]:
        """Every user with the id of its panel."""
        users: list[tuple[str, str, Json]] = []
        for door in self.world.doors():
            async with self.http.get(f"{door.url}/sim/state") as answer:
                users += [(door.id, user["username"], user) for user in (await answer.json())["users"]]
        return users

    async def eventually(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait until `holds`; panels tell nobody when they change, so they are asked again."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await holds():  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.05)

    async def faults(self, url: str) -> list[Json]:
        """The faults that an emulator still has to come."""
        async with self.http.get(f"{url}/sim/faults") as answer:
            return list(await answer.json())

    async def forgive(self, url: str) -> None:
        """Have an emulator behave well again."""
        async with self.http.delete(f"{url}/sim/faults") as answer:
            assert answer.status == 200

    async def post(self, url: str, body: object) -> Json:
        """POST JSON, which must succeed."""
        async with self.http.post(url, json=body) as answer:
            assert answer.status == 200, await answer.text()
            done: Json = await answer.json()
            return done

    async def operator(self, *command: str) -> str:
        """What an operator's command prints; it must succeed."""
        code, printed = await orbit(self.bot_env, *command)
        assert code == 0, printed
        return printed

    async def audit(self) -> None:
        """Once nothing is left to do: the books are right, and the panels have just what the configs say."""
        async with self.database() as database:

            async def all_done() -> bool:
                return not await database.run(UNFINISHED)

            await self.eventually(all_done)
            assert await breaks(database) == []
            rows = await database.run(CONFIGS)
        configs = {(row.instance_id, row.marzban_username, int(row.expires_at.timestamp())) for row in rows}
        assert configs == {(panel, name, user["expire"]) for panel, name, user in await self._users()}

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """The database of the running bot, beside it."""
        data = Path(self.bot_env["DATA_DIR"])
        stores = await open_stores(Settings(bot_token="1:audit", data_dir=data, redis_share_default=False), beside=True)
        try:
            yield stores.database
        finally:
            await stores.close()


@asynccontextmanager
async def town(home: Path, *, webhook: bool = False, **settings: str) -> AsyncIterator[Town]:
    """A world with two panels and a bot that serves in it, by polling or by webhook, with more settings if need be."""
    async with AsyncExitStack() as stack:
        world = World(home)
        await world.start()
        stack.push_async_callback(world.stop)
        env = world.env() | settings
        if webhook:
            port = _free_port()
            env |= {"WEBHOOK_URL": f"http://127.0.0.1:{port}", "WEB_PORT": str(port)}
        lend_cluster(Path(env["DATA_DIR"]))
        bot = WarmBot(env, home / "bot.log")
        await bot.start()
        stack.push_async_callback(bot.stop)
        place = Town(world, bot, env, stack)
        stack.push_async_callback(place.http.close)
        async with place.database() as database:
            second = world.doors()[1]
            await database.run(ADD_PANEL, vars(second))
        yield place


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
