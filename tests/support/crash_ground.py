"""A world, its stores and the bots in it that are killed at a point; what became of a person there, to be compared."""

from __future__ import annotations

import asyncio
import os
import re
from calendar import month_name
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
from pydantic import SecretStr
from sqlalchemy import text

from app.locales.locales import translator
from app.repo.audit import breaks
from app.repo.db import Database, make_engine
from app.services.records import PanelAccess
from app.utils.rates import KEYS
from sandbox.telegram import acts
from sandbox.world import World
from tests.support.postgres_server import TEMPLATE
from tests.support.shift import WORKED, Chores, be_a_bot, look_after_panels, shift, tell_operators
from tests.support.shop_floor import ShopFloor, newest, opened, replica_settings
from tests.support.taps import Trace, tapped
from tests.support.warm_bot import WARM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from config import Settings
    from sandbox.telegram.people import Person

KILLED = -9
# By then every lease that a dead process held has run out.
LEASES_ARE_OVER = 61
MOST_SHIFTS = 4
STORES = (
    "DATABASE_HOST", "DATABASE_PORT", "DATABASE_USER", "DATABASE_PASSWORD", "DATABASE_NAME", "REDIS_URL", "SECRET_KEY"
)  # fmt: skip
# Who hears one of these, by a click or a code that came again, knows what there is to know.
ENOUGH = tuple(translator("en").plain(key) for key in ("error.not_found", "promo.used_by_you"))
OPERATOR = 900
# Numbers, addresses, months, and the comment of an invoice, which now and then has no digit.
VOLATILE = re.compile(rf"\S*[\d/]\S*|\b(?:[A-Z]{{8,}}|{'|'.join(month_name[1:])})\b")

# {me} is a person, {us} that person and whoever invited them.
ASKED = {
    "balance": "SELECT tg_id = {me}, balance, active_plan FROM users WHERE tg_id IN ({us})",
    "ledger": (
        "SELECT t.kind, e.account = 'wallet:{me}', regexp_replace(e.account, '[0-9]+', ''), e.amount"
        " FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id WHERE t.id IN"
        " (SELECT e.transaction_id FROM ledger_entries e JOIN ledger_accounts a ON a.code = e.account"
        "  WHERE a.user_id IN ({us}))"
    ),
    "receipts": "SELECT gateway, direction, status, asset_amount, credited, debt FROM receipts WHERE user_id = {me}",
    "transfers": "SELECT status, verdict, credited FROM ton_transactions WHERE user_id = {me}",
    "refunds": (
        "SELECT f.status FROM refunds f JOIN receipts r ON r.key = f.key AND r.direction = 'in' WHERE r.user_id = {me}"
    ),
    # A click that comes again opens an invoice of its own: that is no money, and both can be paid.
    "invoices": "SELECT DISTINCT method, amount, status, reason FROM payments WHERE user_id = {me}",
    "tombstones": "SELECT method, amount FROM payment_tombstones WHERE user_id = {me}",
    "purchases": "SELECT plan_key, days, price FROM purchases WHERE user_id = {me}",
    "wishes": "SELECT DISTINCT plan_key, is_gift, price, credited, status FROM pending_purchases WHERE user_id = {me}",
    "configs": "SELECT slot, status, is_due, instance_id, moved_from IS NULL FROM configs WHERE user_id = {me}",
    "returns": "SELECT amount, debt FROM purchase_returns WHERE user_id = {me}",
    "pauses": (
        "SELECT p.status, p.outcome FROM address_pauses p JOIN configs c ON c.id = p.config_id WHERE c.user_id = {me}"
    ),
    "uses": "SELECT kind, value, status, number FROM promo_uses WHERE user_id = {me}",
    "gifts": "SELECT giver_id = {me}, plan_key, price, redeemed_by = {me} FROM gifts WHERE giver_id IN ({us})",
    "given": "SELECT split_part(key, ':', 1), days FROM grants WHERE user_id = {me}",
    "invited": "SELECT referee_id = {me}, bonus FROM referrals WHERE referee_id IN ({us})",
    "renewals": "SELECT plan_key, price, tried_end IS NOT NULL FROM renewals WHERE user_id = {me}",
    "reminders": "SELECT step, attempted_at IS NOT NULL FROM reminders WHERE user_id = {me}",
    "reminded": "SELECT wants_reminders FROM users WHERE tg_id = {me}",
    "acts": "SELECT action, amount FROM operator_log WHERE user_id = {me}",
    "news": (
        "SELECT kind, told, sent_at IS NOT NULL FROM operator_notices WHERE {me} = ANY(told) AND key ="
        " (SELECT 'unmatched:ton:' || hash FROM ton_transactions WHERE status = 'unmatched' ORDER BY lt DESC LIMIT 1)"
    ),
    # Whether somebody was told that a config takes longer is a matter of seconds, and of how busy the machine is; so is
    # whether a guide waited for its config.
    "notices": (
        "SELECT recipient = {me}, kind, sent_at IS NOT NULL FROM notices"
        " WHERE recipient IN ({us}) AND kind <> 'config_delayed' AND NOT facts ? 'guide'"
    ),
}
IN_ONE_LOOK = " UNION ALL ".join(
    f"SELECT '{name}', CAST(found AS text) FROM ({query}) AS found"  # noqa: S608 - ours
    for name, query in ASKED.items()
)
UNFINISHED = text(
    "SELECT 'config ' || id FROM configs WHERE is_due UNION ALL SELECT 'notice ' || id FROM notices"
    " WHERE sent_at IS NULL UNION ALL SELECT 'update ' || update_id FROM money_updates WHERE handled_at IS NULL"
    " UNION ALL SELECT 'refund ' || key FROM refunds WHERE status = 'open'"
    " UNION ALL SELECT 'wish ' || payment_id FROM pending_purchases WHERE status = 'due'"
    " UNION ALL SELECT 'pause ' || id FROM address_pauses WHERE status = 'wanted'"
    " UNION ALL SELECT 'news ' || id FROM operator_notices WHERE sent_at IS NULL"
    " UNION ALL SELECT 'move ' || config_id FROM config_moves"
    " UNION ALL SELECT 'leftover ' || config_id FROM config_leftovers"
    " UNION ALL SELECT 'reminder of ' || user_id FROM reminders WHERE attempted_at IS NULL"
)
BOOKED = {
    "stars": "SELECT key, direction = 'out' FROM receipts WHERE gateway = 'stars'",
    "cryptobot": "SELECT key FROM receipts WHERE gateway = 'cryptobot'",
    "yookassa": "SELECT key, direction = 'out' FROM receipts WHERE gateway = 'yookassa'",
    "chain": "SELECT hash FROM ton_transactions WHERE verdict <> 'notice'",
    "panels": (
        "SELECT marzban_username, floor(extract(epoch FROM expires_at))::bigint FROM configs WHERE status = 'active'"
    ),
}
LEADS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    " WHERE locktype = 'advisory' AND datname = current_database()"
)
WISH = text("SELECT key FROM refunds WHERE key = :key")
# Behind these a reminder that was taken is never sent: it is in doubt, and better missed than told twice.
TAKEN = ("reminder.taken", "reminder.not_sent")
LEFT_OPEN = text("UPDATE payments SET status = 'failed', reason = 'cancelled' WHERE status = 'pending'")


@dataclass
class Outcome:
    """What the books say of a person, and the texts in the chats of all who are concerned."""

    books: dict[str, list[str]]
    told: frozenset[str]
    may_be_untold: bool = False

    def differs(self, undisturbed: Outcome) -> dict[str, set[str]]:
        """What is not as if nothing had happened; an unpaid invoice that nobody sees any more is no harm."""
        found = {
            name: set(rows) ^ set(undisturbed.books[name]) or {"as many are not there"}
            for name, rows in self.books.items()
            if name != "invoices" and rows != undisturbed.books[name]
        }
        invoices, others = set(self.books["invoices"]), set(undisturbed.books["invoices"])
        extra = {row for row in invoices - others if "confirmed" in row}
        is_enough = self.may_be_untold or any(text.startswith(ENOUGH) for text in self.told)
        untold = set(() if is_enough else undisturbed.told - self.told)
        wrong = {"invoices": (others - invoices) | extra, "not told": untold}
        return found | {name: rows for name, rows in wrong.items() if rows}


@dataclass
class Scene:
    """A person about to be served, who invited them, and what the bot finds beside its jobs."""

    person: Person
    inviter: Person | None = None
    chores: Chores = field(default_factory=Chores)
    # A payer who waits for the answer to a checkout.
    paying: asyncio.Task[Any] | None = None
    # What a button carried: pressing it once more must change nothing.
    again: str | None = None
    # Somebody who is new is greeted once: whose /start comes again sees the menu.
    is_greeted: bool = False

    @property
    def people(self) -> list[Person]:
        return [self.person, *([self.inviter] if self.inviter else [])]


class Ground:
    """Where it happens. `floor` is a bot in the test that sets scenes; the bots that are killed come and go."""

    def __init__(self, floor: ShopFloor, settings: Settings, database: Database, log: Path) -> None:
        self.floor = floor
        self.world = floor.world
        self.database = database
        self.kills = 0
        self._settings = settings
        self._log = log
        self._people = 1000
        self.operator = floor.person(OPERATOR, "Olga")
        self._spoilt: set[str] = set()
        # A payer gives up after 10 s, which two bots may need on a busy machine.
        self.world.telegram.stars.checkout_seconds = 60

    def next_id(self) -> int:
        """The id of somebody who was not here yet."""
        self._people += 1
        return self._people

    def env(self) -> dict[str, str]:
        """The same settings for a whole bot."""
        stores = {name: getattr(self._settings, name.lower()) for name in STORES}
        plain = {name: v.get_secret_value() if isinstance(v, SecretStr) else str(v) for name, v in stores.items()}
        return {**self.world.env(), **plain}

    async def spoils(self, url: str, call: str, action: str = "error", times: int = 1, seconds: int = 0) -> None:
        """Have the next such calls to an emulator fail, until the scene is over."""
        fault = {"match": call, "action": action, "status": 503, "times": times, "seconds": seconds}
        async with aiohttp.ClientSession() as http, http.post(f"{url}/sim/faults", json=fault) as answer:
            assert answer.status == 200
        self._spoilt.add(url)

    async def undisturbed(self, scene: Scene) -> tuple[Trace, Outcome]:
        """One shift of a fresh bot inside the test, heard, and what it came to."""
        async with opened(self._settings) as app:
            with tapped() as trace:
                await shift(app, len(self.world.telegram.updates), scene.chores)
        return trace, await self._settled(scene)

    async def killed(self, scene: Scene, *points: str) -> Outcome:
        """The same by a process that dies at the first point, others that do at theirs, and one that is left alone.

        A point is named with its turn, `ton.settled@1`.
        """
        await self._forget_rates()
        for turn, point in enumerate(points):
            code = await self._process(await self._left(scene.chores), f"{point}=kill")
            # What the one before it had done is not met again, and how often a poll returns is a matter of time.
            if code == WORKED and (turn or not point.endswith("@1")):
                break
            assert code == KILLED, f"{point}: {code}\n{self._log.read_text()}"
            self.kills += 1
            await self._is_gone()
        assert await self._process(await self._left(scene.chores), "") == WORKED, self._log.read_text()
        outcome = await self._settled(scene)
        outcome.may_be_untold = any(point.startswith(TAKEN) for point in points)
        return outcome

    async def _forget_rates(self) -> None:
        """Where a bot passed `rate.noted` undisturbed, another one does; on a busy machine they are old by chance."""
        await self.floor.app.stores.cache.client.delete(*KEYS.values())

    async def _left(self, chores: Chores) -> Chores:
        """A wish for a refund that is stored is the bot's to finish; nobody asks a second time."""
        if chores.refund is not None and await self.database.run(WISH, {"key": chores.refund[1]}):
            return Chores()
        return chores

    async def _process(self, chores: Chores, orders: str) -> int:
        updates = len(self.world.telegram.updates)
        process = WARM.Process(target=be_a_bot, args=(self._settings, updates, chores, orders, str(self._log)))
        process.start()
        await asyncio.to_thread(process.join)
        code = process.exitcode
        process.close()
        assert code is not None
        return code

    async def _is_gone(self) -> None:
        """The server has noticed, what the dead bot had leased is free, and limits of rates are full again."""
        while (await self.database.run(LEADS))[0][0]:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.005)
        self.world.clock.advance(LEASES_ARE_OVER)
        await self.floor.rested()

    async def _settled(self, scene: Scene) -> Outcome:
        """How it ends once nothing is left to do; every book agrees with every other."""
        if scene.paying is not None:
            await scene.paying
        for _ in range(MOST_SHIFTS):
            await self.floor.deliver()
            if not (left := await self.database.run(UNFINISHED)):
                break
            self.world.clock.advance(LEASES_ARE_OVER)
            await self.floor.work()
            if scene.chores.upkeep:
                await look_after_panels(self.floor.app)
                await self.floor.work()
            if scene.chores.reminders:
                await self.floor.app.counter.remind()
            await tell_operators(self.floor.app)
        assert not left, left
        await self._books_agree()
        outcome = await self._outcome(scene)
        if scene.again is not None:
            acts.click(self.world.telegram, scene.person, newest(scene.person).id, scene.again)
            await self.floor.deliver()
            await self.floor.work()
            await self._books_agree()
            assert (await self._outcome(scene)).books == outcome.books
        await self._cleared()
        return outcome

    async def _cleared(self) -> None:
        await self.database.run(LEFT_OPEN)  # nobody comes back for these
        await self.only_first_panel()
        async with aiohttp.ClientSession() as http:
            for url in self._spoilt:
                await http.delete(f"{url}/sim/faults")
        self._spoilt.clear()

    async def only_first_panel(self) -> None:
        """The first panel serves; whatever moved to the other one stays there."""
        await self.floor.app.panels.switch("s001", active=True)
        await self.floor.app.panels.switch("s002", active=False)

    async def _books_agree(self) -> None:
        assert await breaks(self.database) == []
        ours = {name: sorted(map(tuple, await self.database.run(text(query)))) for name, query in BOOKED.items()}
        stars = [(row.id, row.is_refund) for row in self.world.telegram.stars.transfers]
        paid = [(str(invoice.id),) for invoice in self.world.till.invoices.values() if invoice.payment]
        users = [(user.username, user.expire) for panel in self.world.panels.values() for user in panel.users.values()]
        incoming = [(transfer.hash,) for transfer in self.world.chain.incoming]
        payments = [(name, False) for name, payment in self.world.shop.payments.items() if payment.paid_at]
        kassa = payments + [(name, True) for name in self.world.shop.refunds]
        theirs: dict[str, list[Any]] = {
            "stars": stars, "cryptobot": paid, "yookassa": kassa, "chain": incoming, "panels": users
        }  # fmt: skip
        for name, rows in theirs.items():
            assert sorted(rows) == ours[name], (name, set(rows) ^ set(ours[name]))

    async def _outcome(self, scene: Scene) -> Outcome:
        us = ", ".join(str(person.id) for person in scene.people)
        rows = await self.database.run(text(IN_ONE_LOOK.format(me=scene.person.id, us=us)))
        books: dict[str, list[str]] = {name: [] for name in ASKED}
        for name, row in sorted(map(tuple, rows)):
            books[name].append(row)
        said = [message for person in scene.people for message in person.messages.values() if message.by_bot]
        told = frozenset(VOLATILE.sub("#", message.content.text.text) for message in said)
        return Outcome(books, frozenset() if scene.is_greeted else told)


@asynccontextmanager
async def crash_ground(home: Path, admin_url: URL, redis: Redis) -> AsyncIterator[Ground]:
    """A world with two panels of which one serves, on a database of its own."""
    admin = Database(make_engine(admin_url, 1))
    name = f"orbit_crash_{os.getpid()}"
    url = admin_url.set(database=name)
    await admin.run(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    database = Database(make_engine(url, 2))
    world = World(home, panels=2)
    await world.start()
    env = world.env()
    settings = replica_settings(
        world,
        url,
        redis,
        stars_enabled=True,
        cryptobot_token=SecretStr(env["CRYPTOBOT_TOKEN"]),
        cryptobot_api_url=env["CRYPTOBOT_API_URL"],
        cryptobot_testnet=True,
        yookassa_shop_id=env["YOOKASSA_SHOP_ID"],
        yookassa_secret_key=SecretStr(env["YOOKASSA_SECRET_KEY"]),
        yookassa_api_url=env["YOOKASSA_API_URL"],
        usdt_enabled=True,
        admin_ids=str(OPERATOR),
        panel_leftover_hours=0,
        panel_failover_minutes=5,
    )
    try:
        async with opened(settings) as app:
            for door in world.doors():
                access = PanelAccess(door.id, door.name, door.url, door.username, door.password, 100, frozenset())
                await app.panels.add(access)
            world.clock.advance(0)
            ground = Ground(ShopFloor(app, world), settings, database, home / "bot.log")
            await ground.only_first_panel()
            yield ground
    finally:
        await world.stop()
        await database.close()
        await admin.run(text(f"DROP DATABASE {name} WITH (FORCE)"))
        await admin.close()
