"""Gifts on the real engine: paid once an intent, redeemed once by anybody, and told to who gave them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import InsufficientBalance, OfferChanged, PromoRefused
from app.domain.money import Money
from app.domain.plans import Plan
from app.domain.promo import Discount, PromoKind, Refusal, discounted
from app.services.promos import DaysGiven
from app.services.records import NoticeKind
from tests.support.books import MONTH, NOW, Books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.utils.redis import Cache

YEAR = Plan("sub_12m", 365, Money.rub(929), 5)
TRIAL = timedelta(days=7)


@pytest.fixture
async def books(database: Database, cache: Cache) -> AsyncIterator[Books]:
    books = Books(database, cache)
    await books.arrive(7, 8, 9)
    await books.fund(7, 1000)
    yield books
    await books.are_right()


async def test_a_gift_is_paid_from_the_balance_and_adds_no_day_to_the_giver(books: Books) -> None:
    bought = await books.give(7, MONTH)
    assert (bought.price, bought.balance) == (Money.rub(129), Money.rub(871))
    assert await books.value("SELECT subscription_end FROM users WHERE tg_id = 7") == NOW + TRIAL
    assert bought.gift.code not in repr(bought)
    (gift,) = await books.gifts.of_giver(7, 10)
    assert gift == bought.gift
    assert await books.gifts.of_giver(8, 10) == []


async def test_two_hundred_presses_of_one_gift_button_buy_one_gift(books: Books) -> None:
    bought = await asyncio.gather(*(books.give(7, intent="one") for _ in range(200)))
    assert len({each.gift.code for each in bought}) == 1
    assert await books.balance() == Money.rub(871)


async def test_gifts_and_purchases_at_once_never_overdraw(books: Books) -> None:
    outcomes = await asyncio.gather(
        *(books.give(7, YEAR) for _ in range(20)), *(books.buy(7, YEAR) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(outcome, InsufficientBalance) for outcome in outcomes) == 39
    assert await books.balance() == Money.rub(71)


async def test_a_gift_that_many_redeem_at_once_goes_to_one_of_them(books: Books) -> None:
    code = (await books.give(7)).gift.code
    outcomes = await asyncio.gather(
        *(books.redeem(code, (7, 8, 9)[n % 3]) for n in range(60)), return_exceptions=True
    )
    (got,) = [outcome for outcome in outcomes if not isinstance(outcome, PromoRefused)]
    assert got == DaysGiven(30, NOW + TRIAL + timedelta(days=30), is_gift=True)
    reasons = {outcome.code for outcome in outcomes if isinstance(outcome, PromoRefused)}
    assert reasons == {Refusal.GIFT_TAKEN, Refusal.USED_BY_YOU}


async def test_a_receiver_gets_what_a_buyer_of_the_plan_gets_and_the_giver_is_told(books: Books) -> None:
    code = (await books.give(7, YEAR)).gift.code
    await books.configs.request(8, "wish", None, NOW)
    await books.redeem(code, 8)
    row = (await books.rows("SELECT subscription_end, active_plan, max_configs FROM users WHERE tg_id = 8"))[0]
    assert tuple(row) == (NOW + TRIAL + timedelta(days=365), "sub_12m", 5)
    assert await books.value("SELECT expires_at FROM configs") == row.subscription_end
    notices = [notice for notice in await books.notices.claim_due(NOW, 30, 10) if notice.recipient == 7]
    assert [(notice.kind, notice.facts) for notice in notices if notice.kind is NoticeKind.GIFT_REDEEMED] == [
        (NoticeKind.GIFT_REDEEMED, {"days": "365"})
    ]
    (gift,) = await books.gifts.of_giver(7, 10)
    assert gift.redeemed_at == NOW


async def test_who_buys_a_gift_may_redeem_it_and_is_told_nothing(books: Books) -> None:
    code = (await books.give(7)).gift.code
    assert isinstance(await books.redeem(code, 7), DaysGiven)
    assert await books.value("SELECT count(*) FROM notices WHERE kind = 'gift_redeemed'") == 0


@pytest.mark.parametrize("has_trial_left", [True, False], ids=["in the trial", "after it"])
@pytest.mark.parametrize("percent", [None, 1, 33, 99])
@pytest.mark.parametrize("way", ["for oneself", "as a gift to another", "as a gift to oneself"])
async def test_every_stack_of_discount_gift_trial_rubles_and_days_comes_to_what_the_rules_say(
    books: Books, way: str, percent: int | None, has_trial_left: bool
) -> None:
    """The sums and the ends by the rules themselves: each part does its own, in whatever company."""
    at = NOW + (timedelta(days=1) if has_trial_left else timedelta(days=20))
    start = NOW + TRIAL if has_trial_left else at
    await books.promo("RUBLES", PromoKind.BALANCE, 50)
    await books.promo("DAYS", PromoKind.DAYS, 3)
    use_id, price = 0, MONTH.price
    if percent is not None:
        await books.promo("OFF", PromoKind.PERCENT, percent)
        kept = await books.redeem("OFF", now=at)
        assert isinstance(kept, Discount)
        use_id, price = kept.use_id, discounted(MONTH.price, percent)
    await books.redeem("RUBLES", now=at)
    await books.redeem("DAYS", now=at)
    days = {7: 3, 8: 0}
    if way == "for oneself":
        assert (await books.buy(7, now=at, use_id=use_id)).price == price
        days[7] += 30
    else:
        gift = await books.give(7, now=at, use_id=use_id)
        assert gift.price == price
        receiver = 7 if way == "as a gift to oneself" else 8
        await books.redeem(gift.gift.code, receiver, now=at)
        days[receiver] += 30
    assert await books.balance() == Money.rub(1050) - price
    ends = {row.tg_id: row.subscription_end for row in await books.rows("SELECT tg_id, subscription_end FROM users")}
    assert ends[7] == start + timedelta(days=days[7])
    assert ends[8] == (start if days[8] else NOW + TRIAL) + timedelta(days=days[8])
    with pytest.raises(OfferChanged):
        await books.buy(7, now=at, use_id=use_id or 1)


async def test_purchases_gifts_and_codes_of_all_kinds_at_once_keep_the_books_right(books: Books) -> None:
    await books.fund(7, 5000)
    for code, kind in zip(("OFF", "MONEY", "DAYS"), PromoKind, strict=True):
        await books.promo(code, kind, 10, per_person=5)
    codes = [(await books.give(7)).gift.code for _ in range(5)]
    ways = [
        *(books.redeem(code, tg_id) for code, tg_id in product(("OFF", "MONEY", "DAYS", *codes), (7, 8, 9))),
        *(books.buy(7) for _ in range(5)),
        *(books.give(7) for _ in range(5)),
        *(books.promos.release_lapsed(NOW + timedelta(days=9)) for _ in range(3)),
        *(books.desk.stop("OFF", NOW) for _ in range(2)),
    ]
    outcomes = await asyncio.gather(*ways, return_exceptions=True)
    assert {type(each) for each in outcomes if isinstance(each, BaseException)} <= {PromoRefused, OfferChanged}
    assert sum(isinstance(each, DaysGiven) and each.is_gift for each in outcomes) == 5
