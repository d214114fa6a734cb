"""Very many at once, and everything again: two halves of the shop come to what one call would have come to."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import InsufficientBalance, TooManyPayments
from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.repo.audit import breaks
from app.repo.db import Database, make_engine
from app.services.records import Newcomer
from tests.support.books import Books
from tests.support.half import MOST_OPEN, PLANS, Half, HandClock, own_cache
from tests.support.outside import Outside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.payments.gateway.cryptopay_models import Invoice
    from app.services.stars import StarRow
    from app.utils.redis import Cache

    Event = Callable[[Half], Awaitable[object]]

NINA, MAX = 1, 2
PLAN = PLANS[0]
MANY = 200


class Shop:
    """Two halves and the outside that they share."""

    def __init__(self, url: URL, redis: Redis) -> None:
        self.clock = HandClock()
        self.outside = Outside(self.clock, Decimal(220))
        self.pools = [Database(make_engine(url, 8, patience_seconds=120)) for _ in range(2)]
        self.caches = [own_cache(redis, number) for number in (1, 2)]
        self.halves = [
            Half(pool, cache, self.clock, self.outside) for pool, cache in zip(self.pools, self.caches, strict=True)
        ]

    async def at_once(self, count: int, act: Callable[[Half, int], Awaitable[object]]) -> list[object]:
        """So many calls at the same moment, by turns at each half; refusals are answers, too."""
        calls = (act(self.halves[number % 2], number) for number in range(count))
        return list(await asyncio.gather(*calls, return_exceptions=True))

    async def arrives(self, tg_id: int, inviter: int | None = None) -> None:
        await self.halves[0].accounts.start(Newcomer(tg_id, "A", None, "ru", inviter))

    async def close(self) -> None:
        for pool, cache in zip(self.pools, self.caches, strict=True):
            await pool.close()
            await cache.client.aclose()


@pytest.fixture
async def shop(database: Database, database_url: URL, redis: Redis) -> AsyncIterator[Shop]:
    opened = Shop(database_url, redis)
    yield opened
    await opened.close()
    assert await breaks(database) == []


@pytest.fixture
def books(database: Database, cache: Cache) -> Books:
    return Books(database, cache)


async def test_two_hundred_presses_of_one_button_at_two_replicas_buy_once(shop: Shop, books: Books) -> None:
    await shop.arrives(NINA)
    await books.fund(NINA, 1000)
    went = await shop.at_once(MANY, lambda half, _: half.buy(NINA, PLAN, "one"))
    assert went == [None] * MANY
    assert await books.value("SELECT count(*) FROM purchases") == 1
    assert await books.balance(NINA) == Money.rub(1000) - PLAN.price


async def test_two_hundred_purchases_with_money_for_one_are_one(shop: Shop, books: Books) -> None:
    await shop.arrives(NINA)
    await books.fund(NINA, 150)
    went = await shop.at_once(MANY, lambda half, number: half.buy(NINA, PLAN, f"press{number}"))
    assert sum(isinstance(result, InsufficientBalance) for result in went) == MANY - 1
    assert went.count(None) == 1
    assert await books.balance(NINA) == Money.rub(150) - PLAN.price


async def test_two_hundred_starts_of_one_new_person_are_one_account_and_one_trial(shop: Shop, books: Books) -> None:
    await shop.at_once(MANY, lambda half, _: half.accounts.start(Newcomer(MAX, "Max", None, "en", None)))
    assert await books.value("SELECT count(*) FROM trial_grants") == 1
    assert await books.value("SELECT count(*) FROM users WHERE subscription_end IS NOT NULL") == 1


async def test_twenty_invoices_opened_at_once_are_as_many_as_may_be_open(shop: Shop, books: Books) -> None:
    await shop.arrives(NINA)
    methods = shop.halves[0].manager.methods
    went = await shop.at_once(20, lambda half, n: half.manager.open(NINA, methods[n % 3], Money.rub(100)))
    assert sum(isinstance(result, TooManyPayments) for result in went) == 20 - MOST_OPEN
    assert await books.value("SELECT count(*) FROM payments WHERE status = 'pending'") == MOST_OPEN


async def recorded(shop: Shop) -> list[Event]:
    """A session of every gateway: what its events are delivered by."""
    chance, half = random.Random(1), shop.halves[0]
    events: list[Event] = [lambda half: half.updater.run_once()]
    await half.updater.run_once()
    for tg_id in range(1, 9):
        await shop.arrives(tg_id, inviter=tg_id // 2)
        ton, stars, crypto = [
            (await half.manager.open(tg_id, method, Money.rub(100 + tg_id))).payment
            for method in (PaymentMethod.TON, PaymentMethod.STARS, PaymentMethod.CRYPTOBOT)
        ]
        for part in ("1", "0.5", "3")[: chance.randint(1, 3)]:
            comment = chance.choice((ton.comment, ton.comment.lower(), None))
            shop.outside.chain.add(int(ton.nano * Decimal(part)), comment, shop.clock.now())
        for _ in range(chance.randint(1, 2)):
            row = shop.outside.stars.charge(tg_id, stars.id, stars.stars or 0, shop.clock.now())
            events.append(_stars(shop, row))
        if tg_id % 3 == 0:
            events.append(_stars(shop, shop.outside.stars.give_back(row)))
        invoice = shop.outside.till.pay(int(crypto.external_id or 0))
        assert invoice is not None
        events.append(_crypto(invoice))
    return events


def _stars(shop: Shop, row: StarRow) -> Event:
    return lambda half: half.star_payments.book(shop.outside.stars.update_of(row))


def _crypto(invoice: Invoice) -> Event:
    return lambda half: half.webhook(invoice)


async def test_every_event_three_times_in_any_order_at_two_replicas_leaves_the_ledger_as_it_was(
    shop: Shop, books: Books
) -> None:
    events = await recorded(shop)
    for deliver in events:
        await deliver(shop.halves[0])
    ledger = "\n".join(map(str, await books.ledger())).encode()
    again, chance = events * 3, random.Random(2)
    chance.shuffle(again)
    went = await shop.at_once(len(again), lambda half, number: again[number](half))
    assert [result for result in went if isinstance(result, BaseException)] == []
    for half in shop.halves:
        await half.stars.run_once()
        await half.crypto.run_once()
    assert "\n".join(map(str, await books.ledger())).encode() == ledger


async def test_events_that_first_come_shuffled_and_at_once_credit_what_came(shop: Shop, books: Books) -> None:
    events = await recorded(shop) * 3
    random.Random(3).shuffle(events)
    went = await shop.at_once(len(events), lambda half, number: events[number](half))
    assert [result for result in went if isinstance(result, BaseException)] == []
    charges = len(shop.outside.stars.charges()) + len(shop.outside.till.paid())
    assert await books.value("SELECT count(*) FROM receipts WHERE direction = 'in'") == charges
    assert await books.value("SELECT count(*) FROM ton_transactions") == len(shop.outside.chain.history)


async def test_charges_whose_updates_were_all_dropped_are_found_within_ten_minutes(shop: Shop, books: Books) -> None:
    half, lost_at = shop.halves[0], shop.clock.now()
    for tg_id in range(1, 41):
        await shop.arrives(tg_id)
        payment = (await half.manager.open(tg_id, PaymentMethod.STARS, Money.rub(100))).payment
        shop.outside.stars.charge(tg_id, payment.id, payment.stars or 0, lost_at)
    while await books.value("SELECT count(*) FROM payments WHERE status = 'confirmed'") < 40:
        shop.clock.at += timedelta(minutes=5)  # ten times as seldom as the job really runs
        await half.stars.run_once()
        assert shop.clock.now() - lost_at <= timedelta(minutes=10)
    assert await books.value("SELECT sum(balance) FROM users") == 40 * 100
