"""Two assets and one space of comments: whatever is sent for whichever invoice is credited at its worth, once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.domain.assets import Asset
from app.domain.money import Money
from app.domain.payment import PaymentStatus
from app.domain.rates import NEAR
from app.repo.rates import RateRepository
from app.services.records import Rate
from tests.support.books import JETTON_WALLET, NOW, WALLET, Books

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.services.records import Payment
    from app.utils.redis import Cache

COIN, USDT = 10**9, 10**6
LATE = NOW + timedelta(hours=1)


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(7)
    return books


@pytest.fixture
def history(database: Database) -> RateRepository:
    return RateRepository(database)


async def invoice(books: Books, rubles: int = 400, rub: str = "80") -> Payment:
    return await books.invoice(rubles=rubles, rub=rub, asset=Asset.USDT)


async def noted(history: RateRepository, asset: Asset, rub: str, at: datetime, source: str = "market") -> None:
    await history.note(asset, [Rate(Decimal(rub), source, at)])


async def rate_of(books: Books) -> tuple[Decimal, str, datetime]:
    ((rub, source, at),) = await books.rows("SELECT rate, rate_source, rate_at FROM ton_transactions")
    return rub, source, at


async def test_usdt_as_asked_credits_exactly_the_amount_and_is_booked_apart(books: Books) -> None:
    payment = await invoice(books)
    assert payment.nano == 5 * USDT
    await books.settle(books.transfer(payment, asset=Asset.USDT))
    assert await books.ledger() == [
        (f"payment:{payment.id}", "gateway:usdt", Money.rub(-400)),
        (f"payment:{payment.id}", "wallet:7", Money.rub(400)),
    ]
    assert (await books.payments.of_owner(7, payment.id)).status is PaymentStatus.CONFIRMED
    assert (await books.payments.cursor(JETTON_WALLET)).lt > (await books.payments.cursor(WALLET)).lt == 0
    await books.are_right()


@pytest.mark.parametrize(
    ("units", "rubles"), [(4 * USDT, 320), (6 * USDT, 480), (5 * USDT - 1, "399.99"), (126, "0.01")]
)
async def test_usdt_short_and_over_is_credited_at_the_locked_rate(books: Books, units: int, rubles: int | str) -> None:
    payment = await invoice(books)
    await books.settle(books.transfer(payment, units, asset=Asset.USDT), late="1")
    assert await books.balance() == Money.rub(rubles)
    await books.are_right()


async def test_a_second_usdt_transfer_is_money_too_and_a_page_repeated_none(books: Books) -> None:
    payment = await invoice(books)
    page = [books.transfer(payment, asset=Asset.USDT), books.transfer(payment, USDT, asset=Asset.USDT)]
    for _ in range(3):
        await books.settle(*page)
    assert await books.balance() == Money.rub(480)
    assert {key for key, *_ in await books.ledger()} == {f"payment:{payment.id}", f"usdt:{page[1].hash}"}
    await books.are_right()


async def test_coins_for_an_invoice_in_usdt_are_worth_what_coins_are_worth_at_their_minute(
    books: Books, history: RateRepository
) -> None:
    await noted(history, Asset.TON, "230", NOW)
    await noted(history, Asset.USDT, "80", NOW)
    payment = await invoice(books)
    await books.settle(books.transfer(payment, 2 * COIN), late="1")
    assert await books.balance() == Money.rub(460)
    assert (await books.payments.of_owner(7, payment.id)).status is PaymentStatus.CONFIRMED
    assert await rate_of(books) == (Decimal(230), "market", NOW)
    await books.are_right()


async def test_usdt_for_an_invoice_in_coins_is_worth_what_usdt_is_worth_at_its_minute(
    books: Books, history: RateRepository
) -> None:
    await noted(history, Asset.TON, "230", NOW)
    await noted(history, Asset.USDT, "81", NOW)
    payment = await books.invoice(rubles=400)
    await books.settle(books.transfer(payment, 2 * USDT, asset=Asset.USDT), late="1")
    assert await books.balance() == Money.rub(162)
    await books.are_right()


async def test_both_assets_for_one_invoice_at_once_are_both_credited(books: Books, history: RateRepository) -> None:
    await noted(history, Asset.TON, "230", NOW)
    payment = await invoice(books)
    transfers = books.transfer(payment, COIN), books.transfer(payment, asset=Asset.USDT)
    await asyncio.gather(*(books.settle(transfer, late="80") for transfer in transfers))
    assert await books.balance() == Money.rub(630)
    await books.are_right()


@pytest.mark.parametrize("verdict", ["mint", "self_transfer", "unreadable"])
async def test_jettons_that_nobody_sent_wait_for_the_operator(books: Books, verdict: str) -> None:
    units = 0 if verdict == "unreadable" else USDT
    transfer = books.transfer(await invoice(books), units, asset=Asset.USDT, is_money=False, verdict=verdict)
    assert (await books.settle(transfer)).unmatched == 1
    assert await books.receipts() == [("unmatched", None)]
    await books.are_right()


@pytest.mark.parametrize(("verdict", "units"), [("no_transfer", 0), ("returned", 0), ("aborted", 0), ("notice", 1)])
async def test_what_brought_no_jetton_is_kept_and_bothers_nobody(books: Books, verdict: str, units: int) -> None:
    transfer = books.transfer(await invoice(books), units, is_money=False, verdict=verdict)
    assert (await books.settle(transfer)).unmatched == 0
    assert await books.receipts() == [("ignored", None)]
    await books.are_right()


@pytest.mark.parametrize(
    ("asset", "units", "ago", "rubles", "source"),
    [
        (Asset.TON, 2 * COIN, timedelta(0), 300, "market"),
        (Asset.TON, 2 * COIN, NEAR - timedelta(minutes=1), 300, "market"),
        (Asset.TON, 2 * COIN, NEAR, 400, "test"),
        (Asset.TON, 2 * COIN, -timedelta(minutes=1), 400, "test"),
        (Asset.USDT, 5 * USDT, timedelta(minutes=3), 750, "market"),
    ],
)
async def test_late_money_is_worth_the_last_rate_before_its_own_minute_and_that_of_now_where_none_is_near(
    books: Books, history: RateRepository, asset: Asset, units: int, ago: timedelta, rubles: int, source: str
) -> None:
    payment = await books.invoice(asset=asset)
    await noted(history, asset, "150", LATE - ago)
    await books.settle(books.transfer(payment, units, at=LATE, asset=asset), late="200", now=LATE)
    assert await books.balance() == Money.rub(rubles)
    assert (await rate_of(books))[1] == source
    await books.are_right()


async def test_of_several_rates_the_nearest_before_counts_and_another_assets_never(
    books: Books, history: RateRepository
) -> None:
    payment = await books.invoice()
    for minutes, rub in ((-9, "100"), (-2, "170"), (1, "900")):
        await noted(history, Asset.TON, rub, LATE + timedelta(minutes=minutes))
    await noted(history, Asset.USDT, "80", LATE)
    await books.settle(books.transfer(payment, COIN, at=LATE), now=LATE)
    assert await books.balance() == Money.rub(170)
    await books.are_right()


async def test_a_minute_has_one_rate_holes_are_found_and_old_rates_go(history: RateRepository) -> None:
    for seconds, rub in ((0, "220"), (59, "221"), (60, "222")):
        await noted(history, Asset.TON, rub, NOW + timedelta(seconds=seconds))
    newest = await history.newest(Asset.TON)
    assert newest == Rate(Decimal(222), "market", NOW + timedelta(minutes=1))
    since, until = NOW - timedelta(minutes=9), NOW + timedelta(minutes=10)
    assert await history.hole(Asset.TON, since, until, NEAR) is None
    later = NOW + timedelta(hours=3)
    assert await history.hole(Asset.TON, since, later, NEAR) == (NOW + timedelta(minutes=1), later)
    assert await history.hole(Asset.USDT, since, until, NEAR) == (since, until)
    assert await history.prune(NOW + timedelta(minutes=1)) == 1
    assert await history.newest(Asset.USDT) is None


async def test_invoices_end_by_a_scan_of_what_they_are_paid_to_and_of_no_other(books: Books) -> None:
    await invoice(books)
    await books.invoice()
    old = await books.invoice(account="0:" + "d" * 64)
    assert await books.scanned(LATE) == 1
    assert await books.scanned(LATE, Asset.USDT) == 1
    assert await books.payments.other_wallets(WALLET, LATE) == [old.account]
    assert (await books.payments.scanned("0:" + "d" * 64, "ton", "0:" + "d" * 64, LATE)).expired == 1
    assert await books.payments.other_wallets(WALLET, LATE) == []
    assert await books.payments.other_wallets(WALLET, NOW - timedelta(days=7)) == [old.account]
