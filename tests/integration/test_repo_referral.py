"""The bonus for an invitation: once, for real money, to whoever invited."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from app.domain.money import Money
from tests.support.books import Books

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

BONUS = Money.rub(50)


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(1)
    return books


async def test_the_first_top_up_pays_the_inviter_and_tells_them(books: Books) -> None:
    await books.arrive(7, inviter=1)
    assert await books.balance(1) == Money(0)
    await books.fund(7, 400)
    assert await books.balance(1) == BONUS
    assert await books.users.referrals(1) == (1, 1, BONUS)
    ((recipient, facts),) = await books.rows("SELECT recipient, facts FROM notices WHERE kind = 'referral_bonus'")
    assert (recipient, facts) == (1, {"amount": "50.00"})
    await books.are_right()


async def test_later_top_ups_pay_nothing_more(books: Books) -> None:
    await books.arrive(7, inviter=1)
    for _ in range(3):
        await books.fund(7, 400)
    assert await books.balance(1) == BONUS
    await books.are_right()


async def test_two_top_ups_of_one_person_at_once_pay_once(books: Books) -> None:
    for referee in range(10, 30):
        await books.arrive(referee, inviter=1)
        pair = [books.transfer(await books.invoice(referee)) for _ in range(2)]
        await asyncio.gather(*(books.settle(transfer) for transfer in pair))
    assert await books.balance(1) == Money(20 * BONUS.kopecks)
    await books.are_right()


async def test_friends_of_one_inviter_who_pay_at_once_each_count(books: Books) -> None:
    referees = range(10, 40)
    await books.arrive(*referees, inviter=1)
    transfers = [books.transfer(await books.invoice(referee)) for referee in referees]
    await asyncio.gather(*(books.settle(transfer) for transfer in transfers[:15]), books.settle(*transfers[15:]))
    assert await books.balance(1) == Money(30 * BONUS.kopecks)
    await books.are_right()


async def test_an_inviter_and_a_friend_who_pay_on_one_page_both_come_out_right(books: Books) -> None:
    await books.arrive(7, inviter=1)
    pages = [books.transfer(await books.invoice(1, 100)), books.transfer(await books.invoice(7, 200))]
    await books.settle(*pages)
    assert (await books.balance(1), await books.balance(7)) == (Money.rub(150), Money.rub(200))
    await books.are_right()


async def test_who_was_not_invited_pays_nobody(books: Books) -> None:
    await books.arrive(7)
    await books.fund(7, 400)
    assert await books.value("SELECT count(*) FROM ledger_entries WHERE account = 'bonuses'") == 0


async def test_a_few_kopecks_do_not_buy_a_bonus(books: Books) -> None:
    await books.arrive(7, inviter=1)
    invoice = await books.invoice(7, 50, "220")
    await books.settle(books.transfer(invoice, 10**6))  # 22 kopecks
    assert (await books.balance(7), await books.balance(1)) == (Money(22), Money(0))
    await books.settle(books.transfer(invoice))  # together they are a top-up
    assert await books.balance(1) == BONUS
    await books.are_right()


async def test_money_in_the_operators_queue_earns_no_bonus(books: Books) -> None:
    await books.arrive(7, inviter=1)
    await books.settle(books.transfer(None, 10**9, comment="for 7"))
    assert await books.balance(1) == Money(0)


async def test_the_signup_trigger_pays_at_the_first_start_once(database: Database, cache: Cache) -> None:
    books = Books(database, cache, trigger="signup")
    await books.arrive(1)
    await books.users.glance(1)
    await asyncio.gather(*(books.arrive(7, inviter=1) for _ in range(10)))
    await books.fund(7, 400)
    assert await books.balance(1) == BONUS
    account = await books.users.glance(1)
    assert account is not None
    assert account.balance == BONUS
    await books.are_right()
