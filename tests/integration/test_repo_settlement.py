"""Transfers become money: whatever a person sends, whenever and however it is written, is credited once or queued."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import NotFound
from app.domain.money import Money
from app.domain.payment import FailReason, PaymentStatus
from tests.support.books import NOW, WALLET, Books

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache

COIN = 10**9


@pytest.fixture
async def books(database: Database, cache: Cache) -> Books:
    books = Books(database, cache)
    await books.arrive(7)
    return books


async def test_paid_as_asked_credits_exactly_the_amount_confirms_and_tells(books: Books) -> None:
    invoice = await books.invoice(rubles=400)
    await books.payments.attach_message(invoice.id, 55)
    transfer = books.transfer(invoice)
    settlement = await books.settle(transfer)
    assert [(c.payment_id, c.owner, c.amount) for c in settlement.credits] == [(invoice.id, 7, Money.rub(400))]
    assert await books.balance() == Money.rub(400)
    assert (await books.payments.of_owner(7, invoice.id)).status is PaymentStatus.CONFIRMED
    assert await books.ledger() == [
        (f"payment:{invoice.id}", "gateway:ton", Money.rub(-400)),
        (f"payment:{invoice.id}", "wallet:7", Money.rub(400)),
    ]
    ((kind, facts, message_id),) = await books.rows("SELECT kind, facts, message_id FROM notices")
    assert (kind, facts["amount"], message_id) == ("payment_confirmed", "400.00", 55)
    assert (await books.payments.cursor(WALLET)).lt == transfer.lt
    await books.are_right()


async def test_more_than_asked_is_credited_on_top_at_the_locked_rate(books: Books) -> None:
    invoice = await books.invoice(rubles=400, rub="220")
    await books.settle(books.transfer(invoice, invoice.nano + COIN), late="1000")
    assert await books.balance() == Money.rub(620)
    await books.are_right()


async def test_less_than_asked_is_credited_at_what_it_is_worth(books: Books) -> None:
    invoice = await books.invoice(rubles=400, rub="220")
    await books.settle(books.transfer(invoice, COIN))
    assert await books.balance() == Money.rub(220)
    assert (await books.payments.of_owner(7, invoice.id)).status is PaymentStatus.CONFIRMED
    await books.are_right()


async def test_late_by_the_chains_time_is_credited_at_the_rate_of_its_arrival(books: Books) -> None:
    invoice = await books.invoice(rubles=400, rub="220")
    await books.settle(books.transfer(invoice, 2 * COIN, at=NOW + timedelta(minutes=10, seconds=1)), late="150")
    assert await books.balance() == Money.rub(300)
    await books.are_right()


async def test_in_time_by_the_chains_time_counts_as_in_time_however_late_it_is_seen(books: Books) -> None:
    invoice = await books.invoice(rubles=400, rub="220")
    await books.scanned(NOW + timedelta(hours=5))
    in_time = books.transfer(invoice, at=NOW + timedelta(minutes=10))
    await books.settle(in_time, late="1", now=NOW + timedelta(hours=6))
    assert await books.balance() == Money.rub(400)
    assert (await books.payments.of_owner(7, invoice.id)).status is PaymentStatus.CONFIRMED
    await books.are_right()


@pytest.mark.parametrize("one_page", [True, False])
async def test_second_transfer_for_one_invoice_is_money_too(books: Books, one_page: bool) -> None:
    invoice = await books.invoice(rubles=220, rub="220")
    first, second = books.transfer(invoice), books.transfer(invoice, 2 * COIN)
    for page in [(second, first)] if one_page else [(first,), (second,)]:
        await books.settle(*page)
    assert await books.balance() == Money.rub(660)
    assert {key for key, *_ in await books.ledger()} == {f"payment:{invoice.id}", f"ton:{second.hash}"}
    await books.are_right()


@pytest.mark.parametrize(
    "written",
    [
        "  {lower}  ",
        "{lower}",
        "{upper}",
        "\u00a0{upper}\u00a0",
        "\u200b{upper}",
        "{upper}\n",
        "\ufeff{lower}\ufe0f",
        "{upper}\u0000",
    ],
)
async def test_comment_counts_whatever_wallets_do_to_its_spaces_and_case(books: Books, written: str) -> None:
    invoice = await books.invoice()
    comment = written.format(lower=invoice.comment.lower(), upper=invoice.comment.upper())
    await books.settle(books.transfer(invoice, comment=comment))
    assert await books.balance() == Money.rub(400)
    await books.are_right()


@pytest.mark.parametrize("comment", [None, "", "hello", "ABCDEFGHJK", "{code} {code}", "x{code}", "\ud800{code}!"])
async def test_money_without_a_known_comment_waits_for_the_operator(books: Books, comment: str | None) -> None:
    invoice = await books.invoice()
    written = comment.format(code=invoice.comment) if comment else comment
    settlement = await books.settle(books.transfer(None, COIN, comment=written))
    assert (settlement.credits, settlement.unmatched) == ((), 1)
    assert await books.receipts() == [("unmatched", None)]
    assert await books.balance() == Money(0)
    assert (await books.payments.of_owner(7, invoice.id)).status is PaymentStatus.PENDING
    await books.are_right()


@pytest.mark.parametrize("verdict", ["aborted", "failed", "no_source", "self_transfer", "not_internal"])
async def test_doubtful_transfer_with_the_right_comment_is_queued_and_never_credited(
    books: Books, verdict: str
) -> None:
    invoice = await books.invoice()
    await books.settle(books.transfer(invoice, is_money=False, verdict=verdict))
    assert await books.receipts() == [("unmatched", None)]
    assert await books.balance() == Money(0)
    await books.are_right()


@pytest.mark.parametrize("verdict", ["outgoing", "bounced", "returned", "history", "no_value", "no_message"])
async def test_what_brought_no_coins_is_kept_and_bothers_nobody(books: Books, verdict: str) -> None:
    invoice = await books.invoice()
    nano = 0 if verdict.startswith("no_") else COIN
    settlement = await books.settle(books.transfer(invoice, nano, is_money=False, verdict=verdict))
    assert (await books.receipts(), settlement.unmatched) == ([("ignored", None)], 0)
    await books.are_right()


async def test_expired_then_paid_late_is_credited_and_confirmed(books: Books) -> None:
    invoice = await books.invoice(rub="220")
    await books.scanned(NOW + timedelta(hours=1))
    assert (await books.payments.of_owner(7, invoice.id)).reason is FailReason.EXPIRED
    await books.settle(books.transfer(invoice, COIN, at=NOW + timedelta(hours=2)), late="190")
    paid = await books.payments.of_owner(7, invoice.id)
    assert (paid.status, paid.reason, await books.balance()) == (PaymentStatus.CONFIRMED, None, Money.rub(190))
    await books.are_right()


async def test_cancelled_then_paid_in_time_is_credited_as_quoted(books: Books) -> None:
    invoice = await books.invoice()
    await books.payments.cancel(7, invoice.id)
    await books.settle(books.transfer(invoice), late="1")
    assert await books.balance() == Money.rub(400)
    with pytest.raises(NotFound):
        await books.payments.cancel(7, invoice.id)
    await books.are_right()


async def test_money_for_a_swept_invoice_finds_its_owner(books: Books) -> None:
    invoice = await books.invoice()
    await books.scanned(NOW + timedelta(hours=1))
    assert await books.payments.drop_stale(NOW + timedelta(days=8), 100) == 1
    later = NOW + timedelta(days=80)
    await books.settle(books.transfer(invoice, COIN, at=later), books.transfer(invoice, COIN, at=later), late="300")
    assert await books.balance() == Money.rub(600)
    await books.are_right()


async def test_one_person_pays_many_invoices_on_one_page(books: Books) -> None:
    invoices = [await books.invoice(rubles=50 + n) for n in range(40)]
    await books.settle(*(books.transfer(invoice) for invoice in invoices))
    assert await books.balance() == Money.rub(sum(50 + n for n in range(40)))
    await books.are_right()


async def test_dust_is_queued_and_leaves_the_invoice_open(books: Books) -> None:
    invoice = await books.invoice(rub="220")
    await books.settle(books.transfer(invoice, 45_000))  # 0.0099 rubles
    assert await books.receipts() == [("unmatched", None)]
    assert (await books.payments.of_owner(7, invoice.id)).status is PaymentStatus.PENDING
    await books.are_right()


async def test_dust_before_the_payment_on_one_page_does_not_take_its_place(books: Books) -> None:
    invoice = await books.invoice(rub="220")
    await books.settle(books.transfer(invoice, 1), books.transfer(invoice))
    assert await books.receipts() == [("unmatched", None), ("credited", Money.rub(400))]
    assert (await books.payments.of_owner(7, invoice.id)).status is PaymentStatus.CONFIRMED
    await books.are_right()


async def test_money_of_a_banned_person_is_still_theirs(books: Books) -> None:
    invoice = await books.invoice()
    await books.bans.ban(7, "spam", "olga", NOW)
    await books.settle(books.transfer(invoice))
    assert await books.balance() == Money.rub(400)
    await books.are_right()


async def test_a_settled_page_drops_the_cached_balance(books: Books) -> None:
    invoice = await books.invoice()
    cold = await books.users.glance(7)
    await books.settle(books.transfer(invoice))
    warm = await books.users.glance(7)
    assert cold is not None
    assert warm is not None
    assert (cold.balance, warm.balance) == (Money(0), Money.rub(400))
