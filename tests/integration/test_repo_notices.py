"""Promised notices: leased to one sender, in order, promised once a key, told until somebody says that it is done."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.repo.db import Database, make_engine
from app.repo.notices import NoticeRepository
from app.services.records import Notice, NoticeKind
from tests.support.books import NOW, Books

if TYPE_CHECKING:
    from sqlalchemy import URL

    from app.utils.redis import Cache


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(7, 8)
    return books


async def promise(books: Books, count: int) -> None:
    await books.rows(
        "INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)"
        " SELECT 'paid:' || n, 7, 'payment_confirmed', jsonb_build_object('n', n::text), :at, :at"
        " FROM generate_series(1, CAST(:count AS int)) n",
        at=NOW,
        count=count,
    )


async def claim(books: Books, seconds: int = 0, limit: int = 100) -> list[Notice]:
    return await books.notices.claim_due(NOW + timedelta(seconds=seconds), 30, limit)


async def test_notices_come_in_the_order_of_their_promises_in_the_recipients_language(books: Books) -> None:
    await promise(books, 30)
    await books.users.set_language(7, "en")
    first, rest = await claim(books, limit=10), await claim(books)
    assert [int(notice.facts["n"]) for notice in first + rest] == list(range(1, 31))
    assert {(notice.language, notice.kind) for notice in rest} == {("en", NoticeKind.PAYMENT_CONFIRMED)}


async def test_a_claim_keeps_its_limit_by_whatever_plan_the_database_carries_it_out(
    books: Books, database_url: URL, cache: Cache
) -> None:
    await promise(books, 30)
    database = Database(make_engine(database_url, 1))
    for kind in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
        await database.run(text(f"SET enable_{kind} = off"))
    assert len(await NoticeRepository(database, cache).claim_due(NOW, 30, 10)) == 10
    await database.close()


async def test_senders_that_claim_at_once_never_share_a_notice(books: Books) -> None:
    await promise(books, 60)
    claimed = await asyncio.gather(*(claim(books, limit=7) for _ in range(12)))
    ids = [notice.id for notices in claimed for notice in notices]
    assert len(ids) == len(set(ids)) == 60


async def test_a_notice_whose_sender_died_comes_again_after_the_lease(books: Books) -> None:
    await promise(books, 1)
    assert [notice.attempts for notice in await claim(books)] == [1]
    assert await claim(books, seconds=29) == []
    assert [notice.attempts for notice in await claim(books, seconds=30)] == [2]


async def test_what_was_sent_never_comes_again(books: Books) -> None:
    await promise(books, 1)
    (notice,) = await claim(books)
    await books.notices.sent(notice.id, NOW)
    await books.notices.retry(notice.id, NOW)
    assert await claim(books, seconds=10**6) == []


async def test_a_failed_notice_waits_as_long_as_it_is_told(books: Books) -> None:
    await promise(books, 1)
    (notice,) = await claim(books)
    await books.notices.retry(notice.id, NOW + timedelta(seconds=300))
    assert await claim(books, seconds=299) == []
    assert len(await claim(books, seconds=300)) == 1


async def test_news_repeated_promises_one_notice(books: Books) -> None:
    transfer = books.transfer(await books.invoice(7))
    await asyncio.gather(*(books.settle(transfer) for _ in range(5)))
    await books.settle(transfer)
    assert [notice.recipient for notice in await claim(books, seconds=600)] == [7]
