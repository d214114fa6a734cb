"""Promo codes on the real engine: within every limit, once a message, a discount waits and is burned or given back."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.errors import Banned, InsufficientBalance, NotFound, OfferChanged, OrbitError, PromoRefused
from app.domain.money import Money
from app.domain.promo import HOLD, MOST_MISSES, Discount, PromoKind, Refusal
from app.services.promos import DaysGiven, RublesGiven
from tests.support.books import MONTH, NOW, Books, blocked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from app.repo.db import Database
    from app.utils.redis import Cache

SECOND = timedelta(seconds=1)
USED = "SELECT used FROM promocodes WHERE code = 'CODE'"
DISCOUNTED = Money.rub("103.20")


@pytest.fixture
async def books(database: Database, cache: Cache) -> AsyncIterator[Books]:
    books = Books(database, cache)
    await books.arrive(7)
    yield books
    await books.are_right()


async def refusal_of(books: Books, code: str, tg_id: int = 7, now: datetime = NOW) -> str:
    with pytest.raises(PromoRefused) as refused:
        await books.redeem(code, tg_id, now=now)
    return refused.value.code


async def waiting(books: Books, percent: int = 20, tg_id: int = 7, **terms: object) -> Discount:
    """A discount by CODE that waits for the person."""
    await books.promo("CODE", PromoKind.PERCENT, percent, **terms)
    kept = await books.redeem("CODE", tg_id)
    assert isinstance(kept, Discount)
    return kept


async def crowd(books: Books, size: int) -> None:
    """Two hundred accounts at once, as /start leaves them without a trial."""
    await books.rows(
        "WITH u AS (INSERT INTO users (tg_id, created_at) SELECT n, now() FROM generate_series(1000, 999 + :size) n"
        " RETURNING tg_id) INSERT INTO ledger_accounts (code, user_id) SELECT 'wallet:' || tg_id, tg_id FROM u",
        size=size,
    )


@pytest.mark.parametrize("kind", PromoKind)
async def test_two_hundred_persons_at_once_use_a_code_for_ten_ten_times(books: Books, kind: PromoKind) -> None:
    await crowd(books, 200)
    await books.promo("CODE", kind, 20, most_uses=10)
    outcomes = await asyncio.gather(*(books.redeem("CODE", 1000 + n) for n in range(200)), return_exceptions=True)
    refused = [outcome.code for outcome in outcomes if isinstance(outcome, PromoRefused)]
    assert refused == [Refusal.USED_UP] * 190
    assert await books.value(USED) == 10
    assert await books.value("SELECT count(DISTINCT user_id) FROM promo_uses") == 10


async def test_two_hundred_messages_of_one_person_use_a_code_as_often_as_one_person_may(books: Books) -> None:
    await books.promo("CODE", PromoKind.BALANCE, 20, per_person=3)
    outcomes = await asyncio.gather(*(books.redeem("CODE") for _ in range(200)), return_exceptions=True)
    assert Counter(map(type, outcomes)) == {RublesGiven: 3, PromoRefused: 197}
    assert await books.balance() == Money.rub(60)


async def test_a_message_that_comes_again_uses_the_code_once(books: Books) -> None:
    await books.promo("CODE", PromoKind.DAYS, 5, per_person=3)
    outcomes = await asyncio.gather(*(books.redeem("CODE", intent="one") for _ in range(20)))
    assert set(outcomes) == {DaysGiven(5, NOW + timedelta(days=12))}
    assert await books.value(USED) == 1


async def test_rubles_go_from_promotions_to_the_wallet(books: Books) -> None:
    await books.promo("CODE", PromoKind.BALANCE, 100)
    assert await books.redeem("CODE") == RublesGiven(Money.rub(100), Money.rub(100))
    key = "promo:CODE:7:1"
    assert await books.ledger() == [(key, "promotions", Money.rub(-100)), (key, "wallet:7", Money.rub(100))]
    account = await books.users.glance(7)
    assert account is not None
    assert account.balance == Money.rub(100)


async def test_days_are_added_to_what_is_left_and_configs_follow(books: Books) -> None:
    await books.configs.request(7, "wish", None, NOW)
    await books.promo("CODE", PromoKind.DAYS, 5)
    assert await books.redeem("CODE", now=NOW + timedelta(days=1)) == DaysGiven(5, NOW + timedelta(days=12))
    assert await books.value("SELECT expires_at FROM configs") == NOW + timedelta(days=12)
    account = await books.users.glance(7)
    assert account is not None
    assert account.active_plan == "trial"


async def test_days_after_the_end_begin_now_and_allow_one_config(books: Books) -> None:
    late = NOW + timedelta(days=30)
    await books.promo("CODE", PromoKind.DAYS, 5)
    await books.redeem("CODE", now=late)
    row = (await books.rows("SELECT subscription_end, active_plan, max_configs FROM users"))[0]
    assert tuple(row) == (late + timedelta(days=5), "given", 1)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-1, Refusal.NOT_YET), (0, None), (59, None), (60, Refusal.ENDED), (61, Refusal.ENDED)]
)
async def test_the_window_is_half_open(books: Books, seconds: int, expected: Refusal | None) -> None:
    await books.promo("CODE", PromoKind.DAYS, 5, valid_from=NOW, valid_until=NOW + 60 * SECOND)
    now = NOW + seconds * SECOND
    if expected is None:
        assert isinstance(await books.redeem("CODE", now=now), DaysGiven)
    else:
        assert await refusal_of(books, "CODE", now=now) == expected


@pytest.mark.parametrize("kind", PromoKind)
async def test_a_code_for_first_purchases_is_refused_after_one_whatever_it_gives(books: Books, kind: PromoKind) -> None:
    await books.fund(7, 400)
    await books.promo("CODE", kind, 20, first_purchase=True)
    await books.give(7)
    assert await refusal_of(books, "CODE") == Refusal.FIRST_ONLY


async def test_strangers_and_banned_accounts_use_nothing(books: Books) -> None:
    await books.promo("CODE", PromoKind.BALANCE, 20)
    with pytest.raises(NotFound):
        await books.redeem("CODE", 404)
    await books.bans.ban(7, "spam", "olga", NOW)
    with pytest.raises(Banned):
        await books.redeem("CODE")
    assert await books.value(USED) == 0


async def test_two_hundred_guesses_at_once_are_ten_misses_and_then_even_a_right_code_is_refused(books: Books) -> None:
    await books.promo("CODE", PromoKind.BALANCE, 20)
    outcomes = await asyncio.gather(*(books.redeem(f"GUESS{n}") for n in range(200)), return_exceptions=True)
    codes = Counter(outcome.code for outcome in outcomes if isinstance(outcome, PromoRefused))
    assert codes == {Refusal.UNKNOWN: MOST_MISSES, Refusal.TOO_MANY_MISSES: 200 - MOST_MISSES}
    hour = timedelta(hours=1)
    assert await refusal_of(books, "CODE", now=NOW + hour - SECOND) == Refusal.TOO_MANY_MISSES
    assert isinstance(await books.redeem("CODE", now=NOW + hour), RublesGiven)


async def test_a_discount_is_burned_by_the_purchase_that_it_made_cheaper(books: Books) -> None:
    await books.fund(7, 400)
    kept = await waiting(books)
    account = await books.users.glance(7)
    assert account is not None
    assert account.discount == kept
    bought = await books.buy(7, use_id=kept.use_id)
    assert (bought.price, bought.balance) == (DISCOUNTED, Money.rub(400) - DISCOUNTED)
    row = (await books.rows("SELECT list_price, discount, price, promo_use_id FROM purchases"))[0]
    assert tuple(map(str, row)) == ("129.00", "25.80", "103.20", str(kept.use_id))
    account = await books.users.glance(7)
    assert account is not None
    assert account.discount is None
    assert await refusal_of(books, "CODE") == Refusal.USED_BY_YOU
    with pytest.raises(OfferChanged):
        await books.buy(7, use_id=kept.use_id)


async def test_two_hundred_presses_of_one_discounted_button_buy_once(books: Books) -> None:
    await books.fund(7, 400)
    kept = await waiting(books)
    bought = await asyncio.gather(*(books.buy(7, intent="one", use_id=kept.use_id) for _ in range(200)))
    assert {one.price for one in bought} == {DISCOUNTED}
    assert await books.balance() == Money.rub(400) - DISCOUNTED


async def test_of_many_screens_with_one_discount_one_sells(books: Books) -> None:
    await books.fund(7, 4000)
    kept = await waiting(books)
    outcomes = await asyncio.gather(
        *(books.buy(7, use_id=kept.use_id) for _ in range(20)),
        *(books.give(7, use_id=kept.use_id) for _ in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, OfferChanged) for outcome in outcomes) == 39
    assert await books.balance() == Money.rub(4000) - DISCOUNTED


async def test_a_discount_that_ran_out_since_the_screen_charges_nothing(books: Books) -> None:
    await books.fund(7, 400)
    kept = await waiting(books)
    with pytest.raises(OfferChanged):
        await books.buy(7, use_id=kept.use_id, now=NOW + HOLD)
    assert await books.balance() == Money.rub(400)
    await books.buy(7, use_id=kept.use_id, now=NOW + HOLD - SECOND)


@pytest.mark.parametrize("forged", [1, 10**12])
async def test_a_use_that_is_nobodys_or_anothers_makes_nothing_cheaper(books: Books, forged: int) -> None:
    await books.arrive(8)
    await books.fund(8, 400)
    await waiting(books)
    others = await books.value("SELECT id FROM promo_uses")
    with pytest.raises(OfferChanged):
        await books.buy(8, use_id=others if forged == 1 else forged)
    assert await books.balance(8) == Money.rub(400)


async def test_a_button_from_before_the_discount_asks_again_instead_of_charging_the_full_price(books: Books) -> None:
    await books.fund(7, 400)
    await waiting(books)
    with pytest.raises(OfferChanged):
        await books.buy(7)


async def test_what_is_missing_is_counted_from_the_discounted_price(books: Books) -> None:
    await books.fund(7, 100)
    kept = await waiting(books)
    with pytest.raises(InsufficientBalance) as short:
        await books.buy(7, use_id=kept.use_id)
    assert short.value.need == DISCOUNTED
    await books.fund(7, 50)
    await books.buy(7, use_id=kept.use_id)


async def test_a_new_discount_takes_the_place_of_the_old_whose_use_is_given_back(books: Books) -> None:
    old = await waiting(books, most_uses=1)
    await books.promo("BETTER", PromoKind.PERCENT, 50)
    new = await books.redeem("BETTER")
    assert isinstance(new, Discount)
    assert await books.value(USED) == 0
    await books.fund(7, 400)
    with pytest.raises(OfferChanged):
        await books.buy(7, use_id=old.use_id)
    assert (await books.buy(7, use_id=new.use_id)).price == Money.rub("64.50")


async def test_the_same_code_again_keeps_the_same_discount_and_its_end(books: Books) -> None:
    kept = await waiting(books)
    assert await books.redeem("CODE", now=NOW + SECOND) == kept
    assert await books.value(USED) == 1


async def test_persons_who_swap_codes_at_once_hold_one_discount_each(books: Books) -> None:
    await crowd(books, 40)
    for code in ("ONE", "TWO"):
        await books.promo(code, PromoKind.PERCENT, 10, per_person=2)
    await asyncio.gather(*(books.redeem(("ONE", "TWO")[n % 2], 1000 + n) for n in range(40)))
    await asyncio.gather(*(books.redeem(("TWO", "ONE")[n % 2], 1000 + n) for n in range(40)))
    assert await books.value("SELECT sum(used) FROM promocodes") == 40


async def test_a_use_that_lapsed_is_free_for_the_next_person_at_once_and_given_back_by_the_job(books: Books) -> None:
    await books.arrive(8)
    await waiting(books, most_uses=1)
    assert await refusal_of(books, "CODE", 8, NOW + HOLD - SECOND) == Refusal.USED_UP
    assert isinstance(await books.redeem("CODE", 8, now=NOW + HOLD), Discount)
    assert await books.promos.release_lapsed(NOW + HOLD) == 0
    assert await books.promos.release_lapsed(NOW + 2 * HOLD) == 1
    assert await books.value(USED) == 0


async def test_a_code_that_is_stopped_ends_at_once_and_takes_the_waiting_discounts_along(books: Books) -> None:
    await books.fund(7, 400)
    kept = await waiting(books)
    assert await books.desk.stop("CODE", NOW)
    account = await books.users.glance(7)
    assert account is not None
    assert account.discount is None
    with pytest.raises(OfferChanged):
        await books.buy(7, use_id=kept.use_id)
    assert await refusal_of(books, "CODE") == Refusal.ENDED
    assert not await books.desk.stop("NONE", NOW)


async def test_a_purchase_beside_the_job_that_gives_back_ends_in_one_of_both(books: Books) -> None:
    await books.fund(7, 4000)
    kept = await waiting(books)
    at = NOW + HOLD
    outcomes = await asyncio.gather(
        *(books.buy(7, use_id=kept.use_id, now=at - SECOND) for _ in range(5)),
        *(books.promos.release_lapsed(at) for _ in range(5)),
        return_exceptions=True,
    )
    sold = sum(not isinstance(outcome, (OrbitError, int)) for outcome in outcomes)
    released = sum(outcome for outcome in outcomes if isinstance(outcome, int))
    assert sold + released == 1


async def test_a_discount_for_first_purchases_that_came_beside_one_makes_no_second_cheaper(books: Books) -> None:
    await books.fund(7, 400)
    await books.promo("CODE", PromoKind.PERCENT, 20, first_purchase=True)
    async with asyncio.TaskGroup() as group, books.database.transaction() as connection:
        kept = await books.promos._redeem(
            connection, {"tg_id": 7, "code": "CODE", "intent": "m", "now": NOW}
        )
        purchase = group.create_task(books.buy(7))
        await blocked(books.database)
    assert isinstance(kept, Discount)
    assert purchase.result().price == MONTH.price
    with pytest.raises(OfferChanged):
        await books.buy(7, use_id=kept.use_id)
    account = await books.users.glance(7)
    assert account is not None
    assert account.discount is None
    assert (await books.buy(7)).price == MONTH.price


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM promo_uses",
        "UPDATE promo_uses SET value = 99",
        "TRUNCATE promo_uses CASCADE",
        "DELETE FROM grants",
        "UPDATE grants SET days = 99",
        "UPDATE gifts SET price = 1",
        "UPDATE gifts SET days = 99",
        "DELETE FROM gifts",
    ],
)
async def test_the_database_refuses_to_rewrite_what_was_used_and_given(books: Books, change: str) -> None:
    await books.fund(7, 400)
    await books.promo("CODE", PromoKind.DAYS, 5)
    await books.redeem("CODE")
    await books.give(7)
    with pytest.raises(DBAPIError, match="money history is kept"):
        await books.rows(change)


async def test_the_operator_sees_what_each_code_has_given(books: Books) -> None:
    await books.fund(7, 400)
    kept = await waiting(books)
    await books.promo("DAYS", PromoKind.DAYS, 5)
    await books.promo("MONEY", PromoKind.BALANCE, 30)
    for code in ("DAYS", "MONEY"):
        await books.redeem(code)
    before = {report.promo.code: report for report in await books.desk.listing()}
    await books.buy(7, use_id=kept.use_id)
    after = {report.promo.code: report for report in await books.desk.listing()}
    assert [(before[c].used, before[c].reserved, before[c].given) for c in ("CODE", "DAYS", "MONEY")] == [
        (0, 1, Money(0)),
        (1, 0, Money(0)),
        (1, 0, Money.rub(30)),
    ]
    assert (after["CODE"].used, after["CODE"].reserved, after["CODE"].given) == (1, 0, MONTH.price - DISCOUNTED)
    assert after["DAYS"].days == 5
