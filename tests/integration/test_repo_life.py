"""Lives of a shop, made up by hypothesis: after each, every account is as a simple model says and the books agree.

ORBIT_LIVES=1000 makes up a thousand of them instead of a few, and shortens one that goes wrong.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.domain.errors import InsufficientBalance, NoSubscription, NotFound, TooManyConfigs
from app.domain.money import Money
from app.domain.plans import Plan
from app.domain.ton import quoted_nano
from app.services.records import Newcomer
from tests.conftest import empty
from tests.support.books import MONTH, Books
from tests.support.shop_model import LATE_RATE, Bill, ShopModel

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.services.chain import IncomingTransfer
    from app.utils.redis import Cache

LIVES = int(os.environ.get("ORBIT_LIVES", "12"))
# Making a broken life short takes minutes: worth it for who asks for many.
PHASES = set(Phase) if "ORBIT_LIVES" in os.environ else set(Phase) - {Phase.shrink}
PEOPLE = (1, 2, 3)
PLANS = (MONTH, Plan("sub_3m", 90, Money.rub(349), 3))
RATES = ("220", "219.123457", "98.5")
PARTS = ("1", "1", "1", "0.5", "0.999999999", "1.5", "3", "0.000000001")
SPANS = (timedelta(minutes=1), timedelta(minutes=9), timedelta(minutes=30), timedelta(days=6), timedelta(days=40))


class Step(NamedTuple):
    """Something that happens; the numbers choose among who and what there is at that moment."""

    what: str
    first: int
    second: int


ACTIONS = ("arrive", "open", "open", "pay", "pay", "pay", "again", "cancel", "scan", "sweep", "wait", "buy", "buy",
           "request", "delete", "provision")  # fmt: skip
STEPS = st.builds(Step, st.sampled_from(ACTIONS), st.integers(0, 999), st.integers(0, 999))


class Life:
    """The real shop and its model, side by side."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.model = ShopModel()
        self.sent: list[IncomingTransfer] = []
        self.comments: dict[int, str] = {}

    async def take(self, step: Step) -> None:
        """Do it in both; what needs somebody or something that isn't there yet is passed over."""
        needs_bill = step.what in {"pay", "cancel"}
        needs_person = step.what in {"open", "buy", "request", "delete"}
        if (needs_bill and not self.model.bills) or (needs_person and not self.model.people):
            return
        await getattr(self, step.what)(step.first, step.second)

    def person(self, number: int) -> int:
        return sorted(self.model.people)[number % len(self.model.people)]

    def bill(self, number: int) -> int:
        return sorted(self.model.bills)[number % len(self.model.bills)]

    async def arrive(self, first: int, second: int) -> None:
        tg_id, inviter = PEOPLE[first % 3], PEOPLE[second % 3]
        self.model.arrive(tg_id, inviter)
        await self.books.users.arrive(Newcomer(tg_id, "A", None, "ru", inviter), self.model.now, 7)

    async def open(self, first: int, second: int) -> None:
        tg_id, rubles, rub = self.person(first), 50 + second, RATES[second % 3]
        payment = await self.books.invoice(tg_id, rubles, rub, at=self.model.now)
        amount, rate = Money.rub(rubles), Decimal(rub)
        self.model.bills[payment.id] = Bill(tg_id, amount, quoted_nano(amount, rate), rate, self.model.now)
        self.comments[payment.id] = payment.comment

    async def pay(self, first: int, second: int) -> None:
        payment_id = self.bill(first)
        nano = max(1, int(self.model.bills[payment_id].nano * Decimal(PARTS[second % len(PARTS)])))
        transfer = self.books.transfer(None, nano, comment=self.comments[payment_id], at=self.model.now)
        self.sent.append(transfer)
        self.model.pay(payment_id, nano)
        await self.settle(transfer)

    async def again(self, first: int, second: int) -> None:
        await self.settle(*self.sent[first % (len(self.sent) or 1) :][: second % 5])

    async def settle(self, *transfers: IncomingTransfer) -> None:
        await self.books.settle(*transfers, late=str(LATE_RATE), now=self.model.now)

    async def cancel(self, first: int, second: int) -> None:
        payment_id = self.bill(first)
        done = True
        try:
            await self.books.payments.cancel(self.model.bills[payment_id].owner, payment_id)
        except NotFound:
            done = False
        assert self.model.cancel(payment_id) is done

    async def scan(self, first: int, second: int) -> None:
        self.model.scan()
        await self.books.scanned(self.model.now)

    async def sweep(self, first: int, second: int) -> None:
        self.model.sweep()
        await self.books.payments.drop_stale(self.model.now - timedelta(days=7), 1000)

    async def wait(self, first: int, second: int) -> None:
        self.model.now += SPANS[first % len(SPANS)]

    async def buy(self, first: int, second: int) -> None:
        tg_id, plan = self.person(first), PLANS[second % 2]
        done = True
        try:
            bought = await self.books.buy(tg_id, plan, intent=f"{second}-{self.model.now}", now=self.model.now)
        except InsufficientBalance:
            done = False
        if done and bought.balance == self.model.people[tg_id].balance:
            return  # the button of an earlier screen, pressed again
        assert self.model.buy(tg_id, plan) is done

    async def request(self, first: int, second: int) -> None:
        tg_id, done = self.person(first), True
        before = len(await self.books.configs.of_owner(tg_id))
        try:
            await self.books.configs.request(tg_id, f"wish{second}", None, self.model.now)
        except (NoSubscription, TooManyConfigs):
            done = False
        if done and len(await self.books.configs.of_owner(tg_id)) == before:
            return  # a wish that was granted before
        assert self.model.request(tg_id) is done

    async def delete(self, first: int, second: int) -> None:
        tg_id = self.person(first)
        cards = await self.books.configs.of_owner(tg_id)
        with suppress(NotFound):
            config_id = cards[second % len(cards)].id if cards else second
            await self.books.configs.request_deletion(tg_id, config_id, self.model.now)
            self.model.people[tg_id].configs -= 1

    async def provision(self, first: int, second: int) -> None:
        for job in await self.books.provisioning.claim_due(self.model.now, 30, 10):
            if first % 3 == 0:
                await self.books.provisioning.retry(job, self.model.now, self.model.now, "test")
            elif job.work == "delete":
                await self.books.provisioning.deleted(job, self.model.now)
            else:
                await self.books.provisioning.created(job, "https://sub", "vless://", self.model.now)

    async def is_as_the_model_says(self) -> None:
        """Every account, and the books as a whole."""
        rows = await self.books.rows(
            "SELECT tg_id, balance, subscription_end, max_configs, (SELECT count(*) FROM configs WHERE user_id = tg_id"
            " AND status IN ('creating', 'active')) AS configs FROM users ORDER BY tg_id"
        )
        stored = {tg_id: (Money.rub(balance), *rest) for tg_id, balance, *rest in rows}
        assert stored == {
            tg_id: (person.balance, person.end, person.max_configs, person.configs)
            for tg_id, person in self.model.people.items()
        }
        await self.books.are_right()


@settings(max_examples=LIVES, phases=PHASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=40, max_size=120))
async def test_whatever_happens_accounts_and_books_come_out_as_the_model_says(
    database: Database, cache: Cache, steps: list[Step]
) -> None:
    await empty(database)
    life = Life(Books(database, cache))
    await life.arrive(0, 1)
    for step in steps:
        await life.take(step)
    await life.is_as_the_model_says()
