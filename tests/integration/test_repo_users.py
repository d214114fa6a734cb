"""Accounts: arriving once, being invited once, and a cached copy that never outlives a change."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from app.repo.account_cache import account_keys
from app.services.records import Newcomer
from tests.support.books import NOW, Books

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache


@pytest.fixture
def books(database: Database, cache: Cache) -> Books:
    return Books(database, cache)


async def inviter_of(books: Books, tg_id: int) -> int | None:
    rows = await books.rows("SELECT referrer_id FROM referrals WHERE referee_id = :tg_id", tg_id=tg_id)
    return rows[0].referrer_id if rows else None


async def test_a_newcomer_gets_an_account_a_wallet_and_a_trial_of_whole_days(books: Books) -> None:
    arrival = await books.arrive(7)
    assert (arrival.is_new, arrival.trial_started) == (True, True)
    assert arrival.account.subscription_end == NOW + timedelta(hours=168)
    again = await books.arrive(7)
    assert (again.is_new, again.trial_started) == (False, False)
    assert again.account == arrival.account
    await books.are_right()


async def test_an_account_that_was_erased_comes_back_without_a_second_trial(books: Books) -> None:
    await books.arrive(7)
    async with books.database.transaction() as connection:
        # The guards of the books let no account go; who erases one by force has to switch them off.
        await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        await connection.exec_driver_sql("DELETE FROM ledger_accounts WHERE user_id = 7")
        await connection.exec_driver_sql("DELETE FROM users WHERE tg_id = 7")
    arrival = await books.arrive(7)
    assert (arrival.is_new, arrival.trial_started, arrival.account.subscription_end) == (True, False, None)
    await books.are_right()


async def test_an_inviter_is_remembered_at_the_first_start_only(books: Books) -> None:
    await books.arrive(1, 2)
    await books.arrive(7, inviter=1)
    await books.arrive(7, inviter=2)
    await books.arrive(2, inviter=1)
    assert [await inviter_of(books, tg_id) for tg_id in (7, 2, 1)] == [1, None, None]


@pytest.mark.parametrize("inviter", [7, 404, 2**63 - 1])
async def test_oneself_and_strangers_invite_nobody(books: Books, inviter: int) -> None:
    arrival = await books.arrive(7, inviter=inviter)
    assert arrival.is_new
    assert await inviter_of(books, 7) is None


async def test_inviting_oneself_is_impossible_in_the_database_too(books: Books) -> None:
    await books.arrive(7)
    with pytest.raises(IntegrityError):
        await books.rows("INSERT INTO referrals (referee_id, referrer_id, created_at) VALUES (7, 7, now())")


async def test_a_start_from_two_links_at_once_remembers_one_of_them(books: Books) -> None:
    await books.arrive(1, 2)
    arrivals = await asyncio.gather(*(books.arrive(7, inviter=1 + n % 2) for n in range(30)))
    assert sum(arrival.is_new for arrival in arrivals) == 1
    assert await inviter_of(books, 7) in {1, 2}


async def test_who_blocked_the_bot_is_back_with_the_next_start(books: Books) -> None:
    await books.arrive(7)
    await books.users.mark_gone(7, NOW)
    assert await books.value("SELECT gone_at FROM users") == NOW
    await books.arrive(7)
    assert await books.value("SELECT gone_at FROM users") is None
    await books.users.mark_gone(7, NOW)
    await books.users.mark_gone(7, None)
    assert await books.value("SELECT gone_at FROM users") is None


async def test_names_and_language_of_every_kind_survive_the_cache(books: Books) -> None:
    name = "Ни\nна 1\n\U0001f469\u200d\U0001f680 <b>'"
    await books.users.arrive(Newcomer(7, name, "nina", "ru", None), NOW, 7)
    await books.users.set_language(7, "en")
    cold, warm = await books.users.glance(7), await books.users.glance(7)
    assert cold is not None
    assert cold == warm
    assert (cold.first_name, cold.language) == (name, "en")


async def test_a_stranger_is_nobody(books: Books) -> None:
    assert await books.users.glance(404) is None


async def test_a_reader_from_before_a_change_can_not_bring_the_old_account_back(books: Books) -> None:
    await books.arrive(7)
    *_, generation = await books.users.cache.get_many(account_keys(7))
    stale = await books.users.refresh(7, generation or "0")
    await books.users.set_language(7, "en")
    await books.users.refresh(7, generation or "0")  # what the slow reader does with the generation it saw
    assert await books.users.cache.get("user:7:profile") is None
    account = await books.users.glance(7)
    assert stale is not None
    assert account is not None
    assert (stale.language, account.language) == ("ru", "en")


async def test_every_change_of_an_account_shows_on_the_next_look(books: Books) -> None:
    await books.arrive(7)
    invoice = await books.invoice(rubles=500)
    changes = [
        ("balance", books.settle(books.transfer(invoice))),
        ("subscription_end", books.buy(7)),
        ("configs", books.configs.request(7, "wish", None, NOW)),
        ("language", books.users.set_language(7, "en")),
    ]
    for field, change in changes:
        before, cached = await books.users.glance(7), await books.users.glance(7)
        await change
        after = await books.users.glance(7)
        assert before == cached
        assert getattr(before, field) != getattr(after, field)


async def test_readers_and_writers_at_once_leave_no_old_account_behind(books: Books) -> None:
    await books.arrive(7)
    for _ in range(10):
        invoice = await books.invoice(rubles=50)
        looks = [books.users.glance(7) for _ in range(20)]
        await asyncio.gather(*looks[:10], books.settle(books.transfer(invoice)), *looks[10:])
        account = await books.users.glance(7)
        assert account is not None
        assert account.balance == await books.balance()
