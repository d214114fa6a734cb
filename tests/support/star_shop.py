"""Everything of the shop that Stars pass through, on a real database and a Bot API emulator over HTTP."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from aiogram import Dispatcher
from sqlalchemy import text

from app.clock import MovableClock
from app.core.intake import Intake
from app.core.lanes import Lanes
from app.core.money_updates import MoneyDesk
from app.core.polling import Polling
from app.core.stars_desk import BotStarsDesk
from app.domain.money import Money
from app.jobs.supervisor import Supervisor
from app.payments.gateway.stars import TelegramStarsGateway
from app.payments.manager import PaymentManager
from app.payments.models import PaymentMethod
from app.repo.audit import breaks
from app.repo.bonuses import Bonuses
from app.repo.money_updates import MoneyUpdateRepository
from app.repo.payments import PaymentRepository
from app.repo.receipts import ReceiptRepository
from app.repo.refunds import RefundRepository
from app.repo.settlement import Settler
from app.repo.stars import StarRepository
from app.repo.user import UserRepository
from app.services.accounts import Accounts
from app.services.receipts import Receipts
from app.services.records import LinkInvoice, Newcomer
from app.services.refunds import RefundDesk
from app.services.stars import StarPayments, StarReconciliation, StarRefunder
from sandbox.clock import SandboxClock
from tests.support.bot_world import TOKEN, bot_world
from tests.support.shift import Alone

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator
    from pathlib import Path

    from app.repo.db import Database
    from app.utils.redis import Cache
    from tests.support.bot_world import BotWorld

RATE = Decimal("1.35")
BOT_ID = int(TOKEN.partition(":")[0])
ALLOWED = ("message", "callback_query", "my_chat_member", "pre_checkout_query")


class RecordingIntake(Intake):
    """Remembers what came, so that it can come again."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.raw: list[Any] = []

    async def accept(self, raw: object) -> asyncio.Future[None]:
        self.raw.append(raw)
        return await super().accept(raw)


@dataclass
class StarShop:
    """One replica; `books` is the database that the shop uses for updates, which a test may take away."""

    world: BotWorld
    database: Database
    cache: Cache
    clock: SandboxClock
    clock_file: Path
    books: Database | None = None
    supervisor: Supervisor = field(default_factory=lambda: Supervisor(first_delay=0.01))

    def __post_init__(self) -> None:
        database, cache, clock = self.database, self.cache, MovableClock(self.clock_file)
        bonuses = Bonuses("first_payment", Decimal(50))
        self.bot = self.world.bot()
        self.users = UserRepository(database, cache, ttl=300, trial_key=b"k", bonuses=bonuses)
        self.payments = PaymentRepository(database, cache, Settler(database, bonuses))
        self.receipts = Receipts(ReceiptRepository(database, cache, bonuses), clock, lambda _job: None)
        stars_desk = BotStarsDesk(self.bot, Accounts(self.users, clock, 7))
        gateway = TelegramStarsGateway(stars_desk, RATE)
        self.manager = PaymentManager((gateway,), self.payments, clock, timedelta(minutes=10), most_open=5)
        store = StarRepository(self.books or database, cache)
        charges = StarPayments(store, self.receipts, RATE, clock)
        self.reconciliation = StarReconciliation(stars_desk, store, charges, self.payments, clock)
        refunds = RefundRepository(database, cache)
        refunder = StarRefunder(stars_desk, self.reconciliation, clock)
        self.refunds = RefundDesk(refunds, [refunder], self.receipts, clock)
        self.kept = MoneyUpdateRepository(self.books or database, cache, BOT_ID)
        self.desk = MoneyDesk(self.bot, self.kept, charges, clock)
        self.intake = self.fresh_intake()
        self.now = clock.now

    def fresh_intake(self) -> RecordingIntake:
        """An intake that remembers no update, as after a restart."""
        return RecordingIntake(self.bot, Dispatcher(), Lanes(self.supervisor.spawn), money=self.desk)

    def listen(self) -> None:
        """Begin to poll."""
        polling = Polling(self.bot, self.intake, Alone(), ALLOWED, first_backoff=0.01)
        self.supervisor.start("polling", polling.run)

    async def customer(self, name: str = "Ann", inviter: int | None = None) -> int:
        """Somebody with an account."""
        person = await self.world.person(name)
        await self.users.arrive(Newcomer(person, name, None, "en", inviter), self.now(), 7)
        return person

    async def invoice(self, owner: int, rubles: int = 150) -> LinkInvoice:
        """An open invoice in Stars."""
        opened = await self.manager.open(owner, PaymentMethod.STARS, Money.rub(rubles))
        assert isinstance(opened.invoice, LinkInvoice)
        return opened.invoice

    async def pays(self, person: int, invoice: LinkInvoice) -> dict[str, Any]:
        """How it went for the payer."""
        done: dict[str, Any] = await self.world.sim("pay", person=person, link=invoice.pay_url)
        return done

    async def again(self, raw: object) -> None:
        """Bring an update once more, to an intake that never saw it."""
        await (await self.fresh_intake().accept(raw))

    async def balance(self, person: int) -> Money:
        """What the person has, by the database."""
        rows = await self.database.run(text("SELECT balance FROM users WHERE tg_id = :id"), {"id": person})
        return Money.rub(rows[0].balance)

    async def spend(self, person: int, rubles: int) -> None:
        """Take from the balance by the books, as a purchase would."""
        await self.database.run(
            text(
                "WITH t AS (INSERT INTO ledger_transactions (key, kind, created_at)"
                "           VALUES ('test:' || gen_random_uuid(), 'adjustment', now()) RETURNING id),"
                " l AS (INSERT INTO ledger_entries (transaction_id, account, amount) SELECT t.id, a, v FROM t,"
                "       (VALUES ('wallet:' || CAST(:id AS bigint), -CAST(:sum AS numeric)),"
                "               ('adjustments', CAST(:sum AS numeric))) x(a, v))"
                " UPDATE users SET balance = balance - CAST(:sum AS numeric) WHERE tg_id = CAST(:id AS bigint)"
            ),
            {"id": person, "sum": rubles},
        )

    async def unhandled(self) -> int:
        """How many updates that carry money are still due."""
        rows = await self.database.run(text("SELECT count(*) AS n FROM money_updates WHERE handled_at IS NULL"))
        return int(rows[0].n)

    async def audit(self) -> None:
        """The books are right."""
        assert await breaks(self.database) == []


@asynccontextmanager
async def star_shop(
    database: Database, cache: Cache, home: Path, books: Database | None = None
) -> AsyncIterator[StarShop]:
    """A shop for one test; it does not poll before `listen`."""
    async with bot_world() as world:
        clock = SandboxClock(home / "clock")
        world.telegram.clock = clock
        clock.advance(0)
        shop = StarShop(world, database, cache, clock, home / "clock", books)
        yield shop
        await shop.supervisor.stop(5)
