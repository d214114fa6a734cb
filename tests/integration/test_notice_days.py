"""Weeks of customers, two replicas and a crash a day: everybody is told what they should be, once, by daylight.

`ORBIT_NOTICE_DAYS=60` makes it longer, `ORBIT_NOTICE_SEED` repeats a run.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.domain.errors import InsufficientBalance
from app.domain.money import Money
from app.domain.plans import Catalogue, Plan
from app.domain.quiet import QuietHours
from app.domain.renewal import intent_of
from app.repo.bonuses import Bonuses
from app.repo.db import Database, make_engine
from app.repo.waiting import WaitingRepository
from app.services.operators import Adjustment, OperatorDesk
from app.services.records import Newcomer
from tests.support.books import Books
from tests.support.half import HandClock
from tests.support.letterbox import Letterbox
from tests.support.mortal import Mortal, MortalDatabase, mortality
from tests.support.notice_model import Human, NoticeModel
from tests.support.renewal_world import Replica

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.utils.redis import Cache

DAYS = int(os.environ.get("ORBIT_NOTICE_DAYS", "20"))
PEOPLE = 80
DAY, TEN_MINUTES = timedelta(days=1), timedelta(minutes=10)
# By then every lease that a dead replica held has run out.
LEASES_ARE_OVER = timedelta(seconds=61)
QUIET = QuietHours.parse("23-9")
WEEK, LONG = Plan("sub_1m", 7, Money.rub(129), 2), Plan("sub_3m", 20, Money.rub(300), 3)
DEARER = Plan("sub_3m", 20, Money.rub(350), 3)
POINTS = (
    "renewal.claimed", "renewal.bought", "renewal.put_off", "account.uncached", "reminder.written", "reminder.taken",
    "screen.sent", "reminder.not_sent", "reminder.closed", "notice.claimed", "notice.marked",
)  # fmt: skip
EVERY_LOOK = ("renewal.claimed", "reminder.written", "notice.claimed")
IN_HAND = text("SELECT user_id FROM reminders WHERE attempted_at IN (:a, :b) AND outcome IS NULL")
RENEWED = text("SELECT intent, created_at FROM purchases WHERE intent LIKE 'renew:%'")

Told = Counter[tuple[int, str, datetime]]


class Days:
    """The shop, its customers, what the model makes of them, and what was cut off."""

    def __init__(self, books: Books, engine: AsyncEngine, cache: Cache, dice: Random) -> None:
        self.books, self.engine, self.cache, self.dice = books, engine, cache, dice
        self.clock = HandClock()
        self.letterbox = Letterbox(self.clock.now)
        self.model = NoticeModel(QUIET.hold, lambda who, end: self.bought[intent_of(who, end)])
        self.bought: dict[str, datetime] = {}
        self.desk = OperatorDesk(WaitingRepository(books.database, cache, Bonuses("signup", 0)), self.clock, "olga")  # type: ignore[arg-type]  # no bonus is paid here
        self.replicas: dict[int, tuple[Mortal, Replica]] = {}
        self.looks: dict[datetime, datetime] = {}
        self.lost: Counter[tuple[int, datetime]] = Counter()
        self.deaths: Counter[str] = Counter()
        self.sells(WEEK, LONG)

    def sells(self, *plans: Plan) -> None:
        """Both replicas begin anew, with these plans."""
        self.model.sold = {plan.key: plan for plan in plans}
        for slot in range(2):
            self.begin(slot)

    def begin(self, slot: int) -> Mortal:
        """A fresh process takes the place."""
        process = Mortal()
        database = MortalDatabase(self.engine, process)
        catalogue = Catalogue(self.model.sold.values())
        replica = Replica(
            database, self.cache, self.letterbox, self.clock, quiet=QUIET, catalogue=catalogue,
            is_alive=lambda: process.is_alive,
        )  # fmt: skip
        self.replicas[slot] = process, replica
        return process

    async def pass_days(self, days: int) -> None:
        """Looks at some hours of each day, acts between them, and one of the replicas dies."""
        for day in range(days):
            if day == days // 2:
                self.sells(WEEK, DEARER)
            slot, has_died = self.dice.randrange(2), self.deaths.total()
            self.replicas[slot][0].dies(self.dice.choice(POINTS), self.dice.choice((1, 1, 2)))
            ends = self.clock.at.replace(hour=0, minute=0, second=0) + DAY
            while self.clock.at < ends:
                for _ in range(self.dice.randrange(2, 12)):
                    await self.act()
                    self.clock.at += TEN_MINUTES
                self.clock.at += self.dice.randrange(18, 48) * TEN_MINUTES
                if self.clock.at + TEN_MINUTES >= ends and self.deaths.total() == has_died:
                    self.replicas[slot][0].dies(self.dice.choice(EVERY_LOOK))
                await self.look()

    async def look(self) -> None:
        """Both replicas work; whoever dies is followed by another, which finds what was left behind."""
        at = self.clock.at
        await asyncio.gather(*(process.does(replica.work) for process, replica in self.replicas.values()))
        for slot, (process, _) in [*self.replicas.items()]:
            if not process.is_alive:
                self.deaths[process.died_at] += 1
                self.begin(slot)
        self.clock.at += LEASES_ARE_OVER
        await self.replicas[self.dice.randrange(2)][1].work()
        self.bought = {row.intent: row.created_at for row in await self.books.database.run(RENEWED)}
        for moment in (at, self.clock.at):
            self.looks[moment] = at
            self.model.look(moment)
        for row in await self.books.database.run(IN_HAND, {"a": at, "b": self.clock.at}):
            self.lost[row.user_id, at] += 1
        self.clock.at = at + TEN_MINUTES

    async def act(self) -> None:
        """Somebody does something."""
        if len(self.model.humans) < PEOPLE and self.dice.random() < 1 / 2:
            await self._arrives()
        if self.model.humans:
            who, human = self.dice.choice([*self.model.humans.items()])
            acts = (
                self._pays, self._pays, self._pays, self._buys, self._agrees, self._agrees, self._stops,
                self._switches, self._comes_or_goes, self._is_banned_or_not,
            )  # fmt: skip
            await self.dice.choice(acts)(who, human)

    async def _arrives(self) -> None:
        who, now = len(self.model.humans) + 1, self.clock.at
        arrival = await self.books.users.arrive(Newcomer(who, "Nina", None, "en", None), now, 7)
        assert arrival.account.subscription_end is not None
        self.model.humans[who] = Human(arrival.account.subscription_end)

    async def _pays(self, who: int, human: Human) -> None:
        amount = Money.rub(self.dice.choice((100, 150, 300)))
        key = f"{who}:{self.clock.at.isoformat()}"
        await self.desk.adjust(Adjustment(who, amount, "a reason", key, is_told=False))
        human.balance += amount
        human.has_new_money = human.agreed is not None and human.tried == human.end and human.counts_money

    async def _buys(self, who: int, human: Human) -> None:
        plan = self.dice.choice([*self.model.sold.values()])
        if human.is_banned:
            return
        try:
            await self.books.buy(who, plan, now=self.clock.at)
        except InsufficientBalance:
            assert human.balance < plan.price
        else:
            human.bought(plan, plan.price, self.clock.at)

    async def _agrees(self, who: int, human: Human) -> None:
        plan = self.dice.choice([*self.model.sold.values()])
        if not human.is_banned:
            await self.replicas[0][1].renewals.agree(who, plan.key, plan.version)
            human.agrees(plan, self.clock.at)

    async def _stops(self, who: int, human: Human) -> None:
        if self.dice.random() < 1 / 3:
            await self.replicas[1][1].renewals.stop(who)
            human.agreed, human.tried, human.has_new_money = None, None, False

    async def _switches(self, who: int, human: Human) -> None:
        human.wants = self.dice.random() < 2 / 3
        await self.replicas[0][1].reminders.set_wanted(who, wanted=human.wants)

    async def _comes_or_goes(self, who: int, human: Human) -> None:
        """Telegram tells of it at once, or the next message finds it out; who comes back is always told of."""
        if human.blocks:
            human.blocks = human.is_gone = False
            self.letterbox.blocked.discard(who)
            await self.books.users.mark_gone(who, None)
        elif self.dice.random() < 1 / 2:
            human.blocks = True
            self.letterbox.blocked.add(who)
            if self.dice.random() < 1 / 2:
                human.is_gone = True
                await self.books.users.mark_gone(who, self.clock.at)

    async def _is_banned_or_not(self, who: int, human: Human) -> None:
        human.is_banned = not human.is_banned and self.dice.random() < 1 / 3
        if human.is_banned:
            await self.books.bans.ban(who, "spam", "olga", self.clock.at)
        else:
            await self.books.bans.lift(who, self.clock.at)

    def told(self) -> Told:
        """What came, by the look that brought it."""
        return Counter((each.recipient, each.word, self.looks[each.at]) for each in self.letterbox.letters)

    def expected(self) -> Told:
        """What should have come."""
        return Counter((each.who, each.word, self.looks[each.look]) for each in self.model.expected)


@pytest.fixture
async def engine(database_url: URL) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database_url, 8)
    yield engine
    await engine.dispose()


async def test_everything_is_told_once_by_daylight_whoever_dies(
    database: Database,
    cache: Cache,
    engine: AsyncEngine,
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> None:
    seed = int(os.environ.get("ORBIT_NOTICE_SEED", Random().randrange(10**6)))
    days = Days(Books(database, cache), engine, cache, Random(seed))
    with mortality():
        await days.pass_days(DAYS)
    told, expected = days.told(), days.expected()
    story = f"ORBIT_NOTICE_SEED={seed} ORBIT_NOTICE_DAYS={DAYS}, deaths {dict(days.deaths)}"
    record_property("notices", expected.total())
    with capsys.disabled():
        print(f"\n{expected.total()} notices in {DAYS} days, {days.model.renewals} renewals; {story}")  # noqa: T201
    assert not [each for each in days.letterbox.letters if QUIET.hold(each.at)], story
    # Who dies between the record of an attempt and the message leaves it unsent, and only then is anything missing.
    missing: Counter[tuple[int, datetime]] = Counter()
    for (who, word, at), count in (expected - told).items():
        assert word != "renewed", (story, who, at)
        missing[who, at] += count
    assert missing - days.lost == Counter(), story
    assert missing.total() <= days.deaths.total(), story
    # Word of money is repeated by who finds it sent and not marked: with the same number, and for no other reason.
    twice = told - expected
    assert {word for _, word, _ in twice} <= {"renewed"}, story
    assert twice.total() <= days.deaths["screen.sent"], story
    assert days.deaths.total() == DAYS, story
    await days.books.are_right()
