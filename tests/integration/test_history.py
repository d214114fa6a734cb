"""The history that a person sees: all that moved their balance and every invoice, once each, by pages, theirs alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import NotFound
from app.domain.money import Money
from app.domain.promo import PromoKind
from app.repo.history import HistoryRepository
from app.services.history import PAGE_SIZE, EntryKind, EntryRef, EntryState, History, Place
from tests.support.books import NOW, Books
from tests.support.office import Office

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.services.history import Entry
    from app.utils.redis import Cache

NEWEST = Place()


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(1)
    await books.arrive(7, inviter=1)
    return books


@pytest.fixture
def history(books: Books) -> History:
    return History(HistoryRepository(books.database))


def told(entries: tuple[Entry, ...]) -> list[tuple[EntryKind, EntryState, str]]:
    return [(entry.kind, entry.state, str(entry.amount)) for entry in entries]


async def test_every_kind_of_money_is_told_with_its_state(books: Books, history: History, cache: Cache) -> None:
    office = Office(books, cache)
    await books.fund(7, 400)
    await books.buy(7)
    await books.give(7)
    await books.promo("MONEY", PromoKind.BALANCE, 100)
    await books.redeem("MONEY", 7)
    await office.gives(await office.charge(), 7)
    await office.takes_back()
    await books.invoice(7, 150)
    expired = await books.invoice(7, 250, at=NOW - timedelta(hours=1))
    await books.scanned(NOW)
    page = await history.page(7, NEWEST)
    found = told(page.entries)
    given_back = [each for each in found if EntryState.RETURNED in each]
    assert [kind for kind, _, _ in given_back] == [EntryKind.REFUND, EntryKind.TOPUP]
    assert sorted(each for each in found if each not in given_back) == sorted(
        [
            (EntryKind.TOPUP, EntryState.CREDITED, "400"),
            (EntryKind.PURCHASE, EntryState.PAID, "-129"),
            (EntryKind.GIFT, EntryState.PAID, "-129"),
            (EntryKind.PROMO, EntryState.CREDITED, "100"),
            (EntryKind.TOPUP, EntryState.WAITING, "150"),
            (EntryKind.TOPUP, EntryState.EXPIRED, "250"),
        ]
    )
    assert len(page.entries) == 8
    assert [entry.at for entry in page.entries] == sorted((entry.at for entry in page.entries), reverse=True)
    bonus = await history.page(1, NEWEST)
    assert told(bonus.entries) == [(EntryKind.REFERRAL, EntryState.CREDITED, "50")]
    assert (await history.receipt(7, EntryRef(expired.id, is_payment=True))).number == str(expired.id)
    await books.are_right()


async def test_a_charge_that_went_back_is_told_so_at_the_top_up_and_once_more_as_what_was_taken(
    books: Books, history: History, cache: Cache
) -> None:
    office = Office(books, cache)
    await office.gives(await office.charge(), 7)
    before = told((await history.page(7, NEWEST)).entries)
    await office.takes_back()
    refund, topup = (await history.page(7, NEWEST)).entries
    assert [state for _, state, _ in before] == [EntryState.CREDITED]
    assert (topup.kind, topup.state) == (EntryKind.TOPUP, EntryState.RETURNED)
    assert (refund.kind, refund.state, refund.amount) == (EntryKind.REFUND, EntryState.RETURNED, -topup.amount)
    receipt = await history.receipt(7, topup.ref)
    assert (receipt.entry, receipt.charge) == (topup, "charge-1")
    await books.are_right()


async def test_pages_lead_through_all_entries_once_and_back_again(books: Books, history: History) -> None:
    # Several share an instant, which the pages must not trip over.
    for number in range(3 * PAGE_SIZE + 1):
        await books.invoice(7, 100 + number, at=NOW - timedelta(minutes=number // 3))
    pages = [await history.page(7, NEWEST)]
    while pages[-1].has_older:
        pages.append(await history.page(7, Place(pages[-1].entries[-1].ref)))
    entries = [entry for page in pages for entry in page.entries]
    assert [len(page.entries) for page in pages] == [8, 8, 8, 1]
    assert sorted(entry.amount for entry in entries) == [Money.rub(100 + n) for n in range(25)]
    assert [page.has_newer for page in pages] == [False, True, True, True]
    back = await history.page(7, Place(pages[3].entries[0].ref, is_newer=True))
    assert (back.entries, back.has_newer, back.has_older) == (pages[2].entries, True, True)
    first = await history.page(7, Place(pages[1].entries[0].ref, is_newer=True))
    assert (first.entries, first.has_newer) == (pages[0].entries, False)


async def test_a_payment_that_was_paid_since_it_was_shown_has_the_receipt_of_what_it_brought(
    books: Books, history: History
) -> None:
    invoice = await books.invoice(7, 400)
    shown = EntryRef(invoice.id, is_payment=True)
    assert (await history.receipt(7, shown)).entry.state is EntryState.WAITING
    transfer = books.transfer(invoice)
    await books.settle(transfer)
    receipt = await history.receipt(7, shown)
    assert (receipt.entry.state, receipt.number, receipt.hash) == (EntryState.CREDITED, str(invoice.id), transfer.hash)
    assert receipt == await history.receipt(7, receipt.entry.ref)
    assert (await history.page(7, Place(shown))).entries == ()


async def test_a_purchase_has_a_receipt_with_its_plan_and_a_price_that_went_back_is_told(
    books: Books, history: History
) -> None:
    await books.fund(7, 400)
    await books.buy(7)
    bought = next(e for e in (await history.page(7, NEWEST)).entries if e.kind is EntryKind.PURCHASE)
    receipt = await history.receipt(7, bought.ref)
    assert (receipt.plan_key, receipt.days, receipt.payment_id) == ("sub_1m", 30, None)
    assert receipt.number == f"L{bought.ref.id}"


async def test_another_persons_entries_are_not_there(books: Books, history: History) -> None:
    await books.fund(7, 400)
    pending = await books.invoice(7, 150)
    theirs = (await history.page(7, NEWEST)).entries
    assert len(theirs) == 2
    hers = (await history.page(1, NEWEST)).entries
    for ref in (*(entry.ref for entry in theirs), EntryRef(pending.id, is_payment=True), EntryRef(10**12, True)):
        with pytest.raises(NotFound):
            await history.receipt(1, ref)
        for is_newer in (False, True):
            assert {e.ref for e in (await history.page(1, Place(ref, is_newer))).entries} == {e.ref for e in hers}
    assert [e.amount for e in await history.topups(7, 5)] == [Money.rub(400), Money.rub(150)]
