"""Operators are told once, all of them, of what waits, of debts, of silence and of how the books are."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.core.operator_notices import OperatorNotifier
from app.core.outgoing import OutgoingPolicy
from app.domain.money import Money
from app.repo.audit import INVARIANTS, examined
from app.repo.audit.delays import DELAYS
from app.repo.db import Database, TooSlow, make_engine
from app.repo.operator_news import OperatorNewsRepository
from app.repo.stars import StarRepository
from app.services.operator_news import NightlyAudit, OperatorWatch, WatchedProvider
from app.services.receipts import ProviderSilent, Receipts
from app.services.records import PaidEvent
from app.services.stars import StarPage, StarPayments, StarReconciliation
from tests.support.books import NOW, WALLET, Books
from tests.support.bot_world import SECRET_PART, BotWorld, bot_world
from tests.support.office import STAR_RATE, Office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import URL

    from app.services.records import Payment
    from app.utils.redis import Cache

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def office(database: Database, cache: Cache) -> Office:
    books = Books(database, cache)
    await books.arrive(7)
    return Office(books, cache)


@pytest.fixture
def news(database: Database) -> OperatorNewsRepository:
    return OperatorNewsRepository(database)


@pytest.fixture
async def world() -> AsyncIterator[BotWorld]:
    async with bot_world() as world:
        yield world


@pytest.fixture
def watch(news: OperatorNewsRepository, office: Office) -> OperatorWatch:
    return OperatorWatch(news, office.clock, [WALLET, "cryptobot"])


def notifier(world: BotWorld, news: OperatorNewsRepository, office: Office, *admins: int) -> OperatorNotifier:
    return OperatorNotifier(world.bot(OutgoingPolicy()), news, admins, office.clock)


def charge_of(payer: int, key: str) -> PaidEvent:
    return PaidEvent("stars", key, None, None, payer, "XTR", 100, Money.rub(135), NOW)


async def stored(office: Office) -> list[tuple[str, bool]]:
    rows = await office.books.rows("SELECT key, sent_at IS NOT NULL AS sent FROM operator_notices ORDER BY id")
    return [(row.key, row.sent) for row in rows]


async def test_money_that_waits_and_a_debt_are_told_to_every_operator_once_in_their_language(
    world: BotWorld, news: OperatorNewsRepository, office: Office, watch: OperatorWatch
) -> None:
    ann, bob = await world.person("Ann"), await world.person("Bob")
    await office.books.arrive(bob)
    await office.books.users.set_language(ann, "en")
    await office.coins(comment="<b>& hello")
    await office.receipts.credit(charge_of(7, "paid"), NOW)
    await office.books.buy(7)
    await office.takes_back("paid")
    for _ in range(3):
        await watch.run_once()
        await notifier(world, news, office, ann, bob).run_once()
    for admin in (ann, bob):
        (text,) = await world.texts(admin)
        assert "1 GRAM (TON)" in text
        assert "<b>& hello" in text
        assert "./orbit assign ton:" in text
        assert "129" in text
        assert SECRET_PART not in text
    assert [sent for _, sent in await stored(office)] == [True, True]
    await office.books.are_right()


async def test_one_who_blocked_the_bot_holds_nobody_up(
    world: BotWorld, news: OperatorNewsRepository, office: Office, watch: OperatorWatch
) -> None:
    ann, bob = await world.person("Ann"), await world.person("Bob")
    await world.sim("block", person=ann, blocked=True)
    await office.coins()
    await watch.run_once()
    await notifier(world, news, office, ann, bob).run_once()
    assert len(await world.texts(bob)) == 1
    assert [sent for _, sent in await stored(office)] == [True]


async def test_news_are_kept_until_somebody_was_told_and_nobody_is_told_twice(
    world: BotWorld, news: OperatorNewsRepository, office: Office, watch: OperatorWatch
) -> None:
    ann, bob = await world.person("Ann"), await world.person("Bob")
    await office.coins()
    await watch.run_once()
    await world.misbehaves("sendMessage", "error", status=500, times=1)
    await notifier(world, news, office, ann, bob).run_once()
    assert [sent for _, sent in await stored(office)] == [False]
    assert await notifier(world, news, office, ann, bob).run_once() == 0
    office.clock.at += MINUTE
    await notifier(world, news, office, ann, bob).run_once()
    assert (len(await world.texts(ann)), len(await world.texts(bob))) == (1, 1)
    assert [sent for _, sent in await stored(office)] == [True]


async def test_twenty_five_news_are_three_messages(
    world: BotWorld, news: OperatorNewsRepository, office: Office, watch: OperatorWatch
) -> None:
    ann = await world.person("Ann")
    for number in range(25):
        await office.charge(key=f"charge-{number}")
    await watch.run_once()
    while await notifier(world, news, office, ann).run_once():
        pass
    assert len(await world.texts(ann)) == 3


class FlakyProvider:
    """A provider that answers or doesn't."""

    name = "cryptobot"
    is_silent = False

    async def look(self, open_payments: Sequence[Payment]) -> Sequence[PaidEvent]:
        if self.is_silent:
            raise ProviderSilent("timeout")
        return ()


async def test_silence_of_a_provider_and_its_return_are_told_once_each(
    news: OperatorNewsRepository, office: Office, watch: OperatorWatch
) -> None:
    flaky = FlakyProvider()
    provider = WatchedProvider(flaky, news, office.clock)

    async def minutes(count: int) -> None:
        for _ in range(count):
            office.clock.at += MINUTE
            if not flaky.is_silent:
                await provider.look(())
            await office.books.scanned(office.clock.at)
            await watch.run_once()

    await minutes(30)
    assert await stored(office) == []
    flaky.is_silent = True
    await minutes(15)
    assert await stored(office) == []
    await minutes(30)
    flaky.is_silent = False
    await minutes(30)
    assert [key.rpartition(":")[0] for key, _ in await stored(office)] == ["silent:cryptobot", "back:cryptobot"]
    flaky.is_silent = True
    await minutes(40)
    assert [key.rpartition(":")[0] for key, _ in await stored(office)][2:] == ["silent:cryptobot"]


class QuietTelegram:
    """Answers that nobody has paid."""

    async def page(self, offset: int) -> StarPage:
        return StarPage(0, ())


async def test_telegram_that_answers_is_not_silent_though_nobody_pays(
    news: OperatorNewsRepository, office: Office, database: Database, cache: Cache
) -> None:
    store = StarRepository(database, cache)
    charges = StarPayments(store, Receipts(office.receipts, office.clock, print), STAR_RATE, office.clock)
    desk = QuietTelegram()
    stars = StarReconciliation(desk, store, charges, office.books.payments, office.clock)  # type: ignore[arg-type]  # only looks
    watch = OperatorWatch(news, office.clock, ["stars"])
    for _ in range(60):
        office.clock.at += MINUTE
        await stars.run_once()
        await watch.run_once()
    assert await stored(office) == []


async def test_a_provider_that_fails_is_not_heard(news: OperatorNewsRepository, office: Office) -> None:
    flaky = FlakyProvider()
    flaky.is_silent = True
    with pytest.raises(ProviderSilent):
        await WatchedProvider(flaky, news, office.clock).look(())
    assert await office.books.value("SELECT count(*) FROM provider_sightings") == 0


async def test_a_shop_that_was_off_for_a_night_blames_nobody_at_its_start(
    news: OperatorNewsRepository, office: Office
) -> None:
    await office.books.scanned(NOW)
    office.clock.at += 9 * HOUR
    watch = OperatorWatch(news, office.clock, [WALLET, "stars"])
    await watch.run_once()
    assert await stored(office) == []
    office.clock.at += 20 * MINUTE
    await watch.run_once()
    office.clock.at += MINUTE
    await watch.run_once()
    assert [key.partition(":")[0] for key, _ in await stored(office)] == ["silent", "silent"]


async def test_the_books_are_audited_once_a_night_by_many_replicas(
    news: OperatorNewsRepository, office: Office
) -> None:
    replicas = [NightlyAudit(news, office.clock, 3) for _ in range(5)]
    office.clock.at = NOW.replace(hour=2, minute=59)
    assert not any(await asyncio.gather(*(replica.run_once() for replica in replicas)))
    office.clock.at = NOW.replace(hour=3)
    assert sum(await asyncio.gather(*(replica.run_once() for replica in replicas))) == 1
    office.clock.at += 5 * HOUR
    assert not any(await asyncio.gather(*(replica.run_once() for replica in replicas)))
    office.clock.at += 24 * HOUR
    assert sum(await asyncio.gather(*(replica.run_once() for replica in replicas))) == 1
    assert [key for key, _ in await stored(office)] == ["audit:2026-11-23", "audit:2026-11-24"]


async def test_an_audit_that_was_cut_off_is_begun_again_an_hour_later(
    news: OperatorNewsRepository, office: Office
) -> None:
    audit = NightlyAudit(news, office.clock, 3)
    assert await news.claim("2026-11-23", NOW, NOW - HOUR)
    office.clock.at += HOUR
    assert not await audit.run_once()
    office.clock.at += MINUTE
    assert await audit.run_once()


async def test_right_books_are_one_quiet_line_and_broken_ones_are_named_aloud(
    world: BotWorld, news: OperatorNewsRepository, office: Office
) -> None:
    ann = await world.person("Ann")
    await office.books.arrive(ann)
    audit = NightlyAudit(news, office.clock, 3)
    await audit.run_once()
    await notifier(world, news, office, ann).run_once()
    await office.books.rows("UPDATE users SET balance = 500 WHERE tg_id = 7")
    office.clock.at += 24 * HOUR
    await audit.run_once()
    await notifier(world, news, office, ann).run_once()
    calls = await world.seen("calls?after=0")
    quiet, loud = [call["params"] for call in calls if call["method"] == "sendMessage"][-2:]
    assert "2026-11-23" in quiet["text"]
    assert "every wallet equals its balance: user 7, balance 500.00, ledger 0" in loud["text"]
    assert str(quiet["disable_notification"]).lower() == "true"
    assert str(loud["disable_notification"]).lower() == "false"
    assert await office.books.value("SELECT array_agg(broken ORDER BY night)::text FROM audit_runs") == "{0,1}"


async def test_what_was_left_lying_is_part_of_the_night_and_not_of_the_books(office: Office) -> None:
    assert not DELAYS.keys() & INVARIANTS.keys()
    await office.books.fund(7, 400)
    assert await examined(office.books.database, NOW) == []
    late = await examined(office.books.database, NOW + HOUR)
    assert {each.invariant for each in late} == {"no notice to a customer lies unsent"}
    await office.books.are_right()


async def test_the_nights_audit_can_change_nothing(database: Database) -> None:
    with pytest.raises(Exception, match="read-only transaction"):
        await database.examine("DELETE FROM notices RETURNING id, kind", 10)


async def test_a_rule_that_takes_too_long_is_reported_and_the_connection_serves_on(database: Database) -> None:
    with pytest.raises(TooSlow):
        await database.examine("SELECT pg_sleep(20), 1", 1)
    assert await database.examine("SELECT 1, 2", 10) == [(1, 2)]


async def test_an_audit_keeps_no_plan_from_when_the_shop_was_small(database_url: URL) -> None:
    database = Database(make_engine(database_url, 1))
    for _ in range(3):
        await database.examine("SELECT count(*) FROM ledger_entries", 10)
    kept = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT count(*) FROM ledger_entries'"
    assert (await database.run(text(kept)))[0][0] == 0
    await database.close()
