"""Purchases that wait for money, on the real engine: bought once by whatever pays, or left alone and told why."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import NotFound
from app.domain.money import ZERO, Money
from app.domain.pending import Outcome, Wish
from app.domain.plans import Plan
from app.domain.promo import Discount, PromoKind, discounted
from app.repo.bonuses import Bonuses
from app.repo.receipts import ReceiptRepository
from app.repo.waiting import WaitingRepository
from app.services.operators import Worth
from app.services.pending_records import facts_of, wish_in
from app.services.records import NoticeKind, PaidEvent
from tests.support.books import MONTH, NOW, Books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.services.records import Notice, Payment
    from app.utils.redis import Cache

TRIAL = timedelta(days=7)
LATER = NOW + timedelta(minutes=3)
COIN = 10**9


@pytest.fixture
async def books(database: Database, cache: Cache) -> AsyncIterator[Books]:
    books = Books(database, cache)
    await books.arrive(7, 8)
    yield books
    await books.are_right()


def wish(plan: Plan = MONTH, intent: str = "one", *, is_gift: bool = False, kept: Discount | None = None) -> Wish:
    price = discounted(plan.price, kept.percent) if kept else plan.price
    return Wish(plan, kept.use_id if kept else 0, price, intent, is_gift)


async def invoice(books: Books, wanted: Wish, rubles: int = 129, at: datetime = NOW) -> Payment:
    return await books.invoice(7, rubles, at=at, wish=wanted)


async def told(books: Books) -> list[Notice]:
    """What the person is told, in order."""
    return [each for each in await books.notices.claim_due(LATER + timedelta(days=9), 30, 50) if each.recipient == 7]


async def status(books: Books, payment: Payment) -> str:
    return str(await books.value("SELECT status FROM pending_purchases WHERE payment_id = :id", id=payment.id))


async def sales(books: Books) -> tuple[int, int]:
    """How many plans and gifts were bought."""
    (row,) = await books.rows("SELECT (SELECT count(*) FROM purchases), (SELECT count(*) FROM gifts)")
    return row[0], row[1]


async def test_a_transfer_that_pays_the_invoice_buys_the_plan_and_one_notice_tells_of_both(books: Books) -> None:
    paying = await invoice(books, wish())
    await books.payments.attach_message(paying.id, 55)
    await books.settle(books.transfer(paying))
    assert await books.complete() == [Outcome.BOUGHT]
    assert await books.balance() == ZERO
    end = NOW + TRIAL + timedelta(days=30)
    assert await books.value("SELECT subscription_end FROM users WHERE tg_id = 7") == end
    (notice,) = await told(books)
    assert (notice.kind, notice.message_id) == (NoticeKind.PURCHASE_MADE, 55)
    assert notice.facts == {
        **facts_of(wish()), "amount": "129.00", "balance": "0.00", "end": end.isoformat(),
        "receipt": str(paying.id), "method": "ton",
    }  # fmt: skip
    assert wish_in(notice.facts) == wish()


@pytest.mark.parametrize("pages", [1, 2])
async def test_what_was_paid_in_time_is_bought_though_more_came_too_late(books: Books, pages: int) -> None:
    paying = await invoice(books, wish())
    first, second = books.transfer(paying), books.transfer(paying, at=NOW + timedelta(days=2))
    for page in ([first, second],) if pages == 1 else ([first], [second]):
        await books.settle(*page, now=NOW + timedelta(days=2))
    assert await books.complete(now=NOW + timedelta(days=2)) == [Outcome.BOUGHT]


async def test_a_gift_that_was_paid_is_bought_and_its_code_is_told(books: Books) -> None:
    await books.settle(books.transfer(await invoice(books, wish(is_gift=True))))
    assert await books.complete() == [Outcome.BOUGHT]
    (gift,) = await books.gifts.of_giver(7, 10)
    (notice,) = await told(books)
    assert (notice.kind, notice.facts["code"]) == (NoticeKind.PURCHASE_MADE, gift.code)
    assert await books.value("SELECT subscription_end FROM users WHERE tg_id = 7") == NOW + TRIAL


@pytest.mark.parametrize("gateway", ["stars", "cryptobot", "yookassa"])
async def test_a_charge_of_any_gateway_buys_the_plan(books: Books, cache: Cache, gateway: str) -> None:
    paying = await invoice(books, wish())
    await books.rows("UPDATE payments SET method = :method, comment = NULL", method=gateway)
    receipts = ReceiptRepository(books.database, cache, Bonuses("first_payment", Decimal(50)))
    event = PaidEvent(gateway, "k1", paying.id, None, 7, "RUB", 12900, Money.rub(129), NOW)
    await receipts.credit(event, NOW)
    await receipts.credit(event, NOW)
    assert await books.complete() == [Outcome.BOUGHT]
    assert await sales(books) == (1, 0)
    assert [notice.kind for notice in await told(books)] == [NoticeKind.PURCHASE_MADE]


async def test_what_an_operator_gives_to_the_payment_buys_the_plan(books: Books, cache: Cache) -> None:
    paying = await invoice(books, wish())
    await books.settle(books.transfer(paying, 1))
    waiting = WaitingRepository(books.database, cache, Bonuses("first_payment", Decimal(50)))
    (money,) = await waiting.waiting()
    assert await waiting.assign(money, 7, Worth(Money.rub(129), Decimal(10) ** 9), "olga", NOW)
    assert await books.complete() == [Outcome.BOUGHT]
    assert await books.balance() == ZERO


async def test_money_that_does_not_suffice_buys_nothing_until_the_rest_has_come(books: Books) -> None:
    paying = await invoice(books, wish())
    await books.settle(books.transfer(paying, paying.nano // 3))
    assert await books.complete() == [Outcome.SHORT]
    assert await sales(books) == (0, 0)
    (notice,) = await told(books)
    assert notice.kind is NoticeKind.PURCHASE_UNMADE
    assert (notice.facts["why"], notice.facts["balance"]) == ("short", "43.04")
    await books.settle(books.transfer(paying))
    assert await books.complete() == [Outcome.BOUGHT]
    assert await sales(books) == (1, 0)


async def test_two_transfers_on_one_page_are_one_purchase_and_one_notice(books: Books) -> None:
    paying = await invoice(books, wish())
    half = paying.nano // 2 + 1
    await books.settle(books.transfer(paying, half), books.transfer(paying, half))
    assert await books.complete() == [Outcome.BOUGHT]
    assert [notice.kind for notice in await told(books)] == [NoticeKind.PURCHASE_MADE]


async def test_what_is_left_over_stays_on_the_balance(books: Books) -> None:
    paying = await invoice(books, wish())
    await books.settle(books.transfer(paying, paying.nano + COIN))
    assert await books.complete() == [Outcome.BOUGHT]
    assert await books.balance() == Money.rub(220)


DEARER, ANOTHER = replace(MONTH, price=Money.rub(149)), replace(MONTH, key="sub_9m")


@pytest.mark.parametrize(("on_sale", "price"), [(DEARER, "149"), (ANOTHER, None)])
async def test_a_plan_that_is_sold_otherwise_by_now_is_not_bought(
    books: Books, on_sale: Plan, price: str | None
) -> None:
    await books.settle(books.transfer(await invoice(books, wish())))
    assert await books.complete(on_sale) == [Outcome.CHANGED]
    assert await books.balance() == Money.rub(129)
    (notice,) = await told(books)
    assert (notice.facts["why"], notice.facts.get("price_now")) == ("changed", price)


async def test_the_discount_that_was_shown_is_given_and_burned(books: Books) -> None:
    await books.promo("OFF", PromoKind.PERCENT, 50)
    kept = await books.redeem("OFF")
    assert isinstance(kept, Discount)
    await books.settle(books.transfer(await invoice(books, wish(kept=kept), 65)))
    assert await books.complete() == [Outcome.BOUGHT]
    assert await books.balance() == Money.rub("0.50")
    assert await books.value("SELECT status FROM promo_uses") == "used"


async def test_a_discount_that_is_gone_by_then_leaves_the_money_on_the_balance(books: Books) -> None:
    await books.promo("OFF", PromoKind.PERCENT, 50)
    kept = await books.redeem("OFF")
    assert isinstance(kept, Discount)
    await books.settle(books.transfer(await invoice(books, wish(kept=kept), 65)))
    assert await books.complete(now=NOW + timedelta(days=4)) == [Outcome.CHANGED]
    (notice,) = await told(books)
    assert notice.facts["price_now"] == "129"


@pytest.mark.parametrize(("span", "end"), [(timedelta(hours=24), Outcome.BOUGHT), (timedelta(hours=25), Outcome.LATE)])
async def test_late_money_buys_within_a_day_of_the_wish_by_the_chains_time(
    books: Books, span: timedelta, end: Outcome
) -> None:
    paying = await invoice(books, wish())
    await books.scanned(NOW + timedelta(hours=1))
    transfer = books.transfer(paying, at=NOW + span)
    await books.settle(transfer, late="230", now=NOW + timedelta(days=3))
    assert await books.complete(now=NOW + timedelta(days=3)) == [end]


async def test_an_expired_invoice_offers_the_same_again(books: Books) -> None:
    await invoice(books, wish())
    await invoice(books, wish(intent="two"))
    await books.invoice(7)
    await books.scanned(NOW + timedelta(hours=1))
    assert {wish_in(notice.facts) for notice in await told(books)} == {wish(), wish(intent="two"), None}


async def test_money_for_a_cancelled_invoice_is_only_credited(books: Books) -> None:
    paying = await invoice(books, wish())
    await books.payments.cancel(7, paying.id)
    await books.settle(books.transfer(paying))
    assert await books.complete() == []
    assert await status(books, paying) == "cancelled"
    assert [notice.kind for notice in await told(books)] == [NoticeKind.PAYMENT_CONFIRMED]


async def test_the_banned_are_only_credited(books: Books) -> None:
    paying = await invoice(books, wish())
    await books.rows("UPDATE users SET is_banned = true WHERE tg_id = 7")
    await books.settle(books.transfer(paying))
    assert await books.complete() == [Outcome.BANNED]
    assert (await sales(books), await books.balance()) == ((0, 0), Money.rub(129))


async def test_a_plan_that_was_bought_by_hand_for_the_same_intent_is_bought_once(books: Books) -> None:
    paying = await invoice(books, wish())
    await books.fund(7, 129)
    await books.buy(7, intent="one")
    await books.settle(books.transfer(paying))
    assert await books.complete() == [Outcome.HAD]
    assert (await sales(books), await books.balance()) == ((1, 0), Money.rub(129))
    assert {notice.kind for notice in await told(books)} == {NoticeKind.PAYMENT_CONFIRMED}


async def test_two_invoices_for_one_intent_buy_once_and_credit_twice(books: Books) -> None:
    payments = [await invoice(books, wish()) for _ in range(2)]
    await books.settle(*(books.transfer(paying) for paying in payments))
    assert sorted(filter(None, await books.complete())) == [Outcome.BOUGHT, Outcome.HAD]
    assert (await sales(books), await books.balance()) == ((1, 0), Money.rub(129))


async def test_of_two_wishes_the_balance_decides_how_many_are_fulfilled(books: Books) -> None:
    payments = [await invoice(books, wish(intent=intent), 100) for intent in ("one", "two")]
    await books.settle(*(books.transfer(paying) for paying in payments))
    assert await books.complete() == [Outcome.BOUGHT, Outcome.SHORT]
    assert (await sales(books), await books.balance()) == ((1, 0), Money.rub(71))


async def test_many_replicas_at_once_complete_it_once(books: Books) -> None:
    paying = await invoice(books, wish())
    await books.settle(books.transfer(paying))
    ends = [end for found in await asyncio.gather(*(books.complete() for _ in range(20))) for end in found]
    assert [end for end in ends if end is not None] == [Outcome.BOUGHT]
    assert await sales(books) == (1, 0)


async def test_completing_meets_settling_and_cancelling_without_waiting_in_a_circle(books: Books) -> None:
    """Each takes the person's row, the payment's and the wish's in the same order."""
    payments = [await invoice(books, wish(intent=f"i{n}"), 129) for n in range(8)]

    async def cancel(paying: Payment) -> None:
        with suppress(NotFound):
            await books.payments.cancel(7, paying.id)

    before = await books.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    for _ in range(3):
        await asyncio.gather(
            *(books.settle(books.transfer(paying)) for paying in payments),
            *(books.complete() for _ in payments),
            *(cancel(paying) for paying in payments[::2]),
        )
    await books.complete()
    assert await books.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == before
    assert await books.value("SELECT count(*) FROM pending_purchases WHERE status IN ('waiting', 'due')") == 0


async def test_a_job_is_enqueued_where_money_came_for_a_wish_and_nowhere_else(books: Books) -> None:
    count = "SELECT count(*) FROM jobs.pgqueuer WHERE entrypoint = 'pending-purchases'"
    paying, other = await invoice(books, wish()), await books.invoice(7)
    await books.settle(books.transfer(other))
    assert await books.value(count) == 0
    await books.settle(books.transfer(paying))
    assert await books.value(count) == 1
    await books.complete()
    assert await books.value(count) == 1


async def test_an_invoice_that_nobody_paid_takes_its_wish_along_when_it_is_swept(books: Books) -> None:
    await invoice(books, wish())
    await books.scanned(NOW + timedelta(hours=1))
    assert await books.payments.drop_stale(NOW + timedelta(days=8), 10) == 1
    assert await books.value("SELECT count(*) FROM pending_purchases") == 0
