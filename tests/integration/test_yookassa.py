"""Topping up through YooKassa, over HTTP and on the real engine: found by asking alone, whatever is lost on the way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.domain.errors import MethodUnavailable
from app.domain.money import ZERO, Money
from app.payments.gateway.marks import Marks
from app.payments.gateway.yookassa_wishes import Fiscal
from app.services.records import LinkInvoice
from tests.support.kassa_world import CHAT, KEY, MAX, NINA, SECRET, KassaShop, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.utils.redis import Cache

RUB500 = Money.rub(500)
MINUTE, HOUR = 60, 3600


@pytest.fixture
async def shop(database: Database, cache: Cache) -> AsyncIterator[KassaShop]:
    async with open_shop(database, cache) as opened:
        yield opened


def wish(**changes: object) -> dict[str, object]:
    """What somebody else asks YooKassa for behind the same shop."""
    usual: dict[str, object] = {
        "amount": {"value": "500.00", "currency": "RUB"},
        "capture": True,
        "confirmation": {"type": "redirect", "return_url": "https://shop.example"},
    }
    return usual | changes


async def test_a_payment_asks_for_rubles_says_whose_it_is_and_leads_back_to_the_chat(shop: KassaShop) -> None:
    payment = await shop.opens("499.50")
    (made,) = shop.till.payments.values()
    assert (str(made.amount), made.capture, made.return_url) == ("499.50", True, CHAT)
    assert made.metadata["orbit"].startswith(f"orbit1:{payment.id}:{NINA}:")
    shown = shop.gateway.invoice(payment)
    assert isinstance(shown, LinkInvoice)
    assert shown.pay_url == f"https://yoomoney.ru/checkout/payments/v2/contract?orderId={made.id}"
    assert payment.external_id == made.id


async def test_a_receipt_by_54_fz_goes_along_where_the_operator_asked_for_it(database: Database, cache: Cache) -> None:
    async with open_shop(database, cache, Fiscal("receipts@example.com", 4)) as shop:
        charge = await shop.pays(await shop.opens())
        await shop.reconciliation.run_once()
        # The emulator refuses a receipt whose items don't sum to the amount.
        assert await shop.refunds.refund("yookassa", charge) == "done"
        assert await shop.balance() == ZERO


@pytest.mark.parametrize("method", ["bank_card", "sbp"])
async def test_asking_alone_credits_what_is_paid_once(shop: KassaShop, method: str) -> None:
    payment = await shop.opens()
    assert await shop.reconciliation.run_once() == 0
    await shop.pays(payment, method=method)
    assert await shop.reconciliation.run_once() == 1
    assert await shop.reconciliation.run_once() == 0
    assert await shop.balance() == RUB500
    assert await shop.status(payment) == "confirmed"


async def test_two_replicas_that_ask_at_once_credit_once(shop: KassaShop) -> None:
    await shop.pays(await shop.opens())
    assert sum(await asyncio.gather(*(shop.reconciliation.run_once() for _ in range(8)))) == 1
    assert await shop.balance() == RUB500


@pytest.mark.parametrize("action", ["drop_after", "drop_before", "error", "rate_limit", "garbage"])
async def test_a_payment_whose_making_was_not_answered_is_asked_for_again_and_made_once(
    shop: KassaShop, action: str
) -> None:
    await shop.fails("POST /v3/payments", action, times=2, status=502)
    payment = await shop.opens()
    assert [made.id for made in shop.till.payments.values()] == [payment.external_id]


async def test_a_payment_whose_making_was_never_answered_is_found_by_what_it_carries(shop: KassaShop) -> None:
    await shop.fails("POST /v3/payments", "drop_after", times=3)
    with pytest.raises(MethodUnavailable):
        await shop.opens()
    (made,) = shop.till.payments
    await shop.pays(made)
    assert await shop.reconciliation.run_once() == 1
    assert await shop.balance() == RUB500


async def test_what_came_while_the_bot_was_off_for_longer_than_usual_is_found_at_its_start(shop: KassaShop) -> None:
    await shop.reconciliation.run_once()
    await shop.reconciliation.run_once()
    await shop.fails("POST /v3/payments", "drop_after", times=3)
    with pytest.raises(MethodUnavailable):
        await shop.opens()
    (made,) = shop.till.payments
    await shop.pays(made)
    shop.clock.advance(30 * 24 * HOUR)
    shop.restarts()
    assert await shop.reconciliation.run_once() == 1
    assert await shop.balance() == RUB500


async def test_making_the_same_payment_again_makes_no_second_and_another_owners_is_another(shop: KassaShop) -> None:
    payment = await shop.opens()
    again = await shop.gateway.issue(payment)
    assert again.external_id == payment.external_id
    await shop.arrives(MAX)
    other = await shop.opens(owner=MAX)
    assert len(shop.till.payments) == 2
    assert other.external_id != payment.external_id


async def test_an_unpaid_invoice_expires_and_one_paid_late_is_credited_all_the_same(shop: KassaShop) -> None:
    payment = await shop.opens()
    shop.clock.advance(12 * MINUTE)
    await shop.reconciliation.run_once()
    assert await shop.status(payment) == "failed:expired"
    shop.clock.advance(30 * MINUTE)
    await shop.pays(payment)
    assert await shop.reconciliation.run_once() == 1
    assert await shop.status(payment) == "confirmed"
    assert await shop.balance() == RUB500


async def test_what_is_paid_days_after_its_making_is_found_within_the_hour(shop: KassaShop) -> None:
    payment = await shop.opens()
    await shop.reconciliation.run_once()
    shop.clock.advance(3 * 24 * HOUR)
    await shop.reconciliation.run_once()
    await shop.pays(payment, late=True)
    shop.clock.advance(61 * MINUTE)
    assert await shop.reconciliation.run_once() == 1
    assert await shop.balance() == RUB500


async def test_money_for_an_invoice_that_was_swept_finds_its_owner(shop: KassaShop) -> None:
    payment = await shop.opens()
    shop.clock.advance(12 * MINUTE)
    await shop.reconciliation.run_once()
    charge = await shop.pays(payment)
    shop.clock.advance(8 * 24 * HOUR)
    assert await shop.payments.drop_stale(shop.clock.now(), 10) == 1
    await shop.webhooks(copies=0)
    assert await shop.delivers(charge) == [200]
    assert await shop.balance() == RUB500


async def test_a_payment_that_the_bank_declined_brings_nothing_and_ends_by_its_deadline(shop: KassaShop) -> None:
    payment = await shop.opens()
    await shop.sim("decline", payment_id=payment.external_id)
    await shop.reconciliation.run_once()
    assert await shop.status(payment) == "pending"
    shop.clock.advance(12 * MINUTE)
    await shop.reconciliation.run_once()
    assert await shop.status(payment) == "failed:expired"
    assert await shop.receipts() == []


async def test_a_cancelled_invoice_that_is_paid_all_the_same_is_credited(shop: KassaShop) -> None:
    payment = await shop.opens()
    await shop.topups.cancel(NINA, payment.id)
    assert await shop.status(payment) == "failed:cancelled"
    await shop.pays(payment)
    await shop.reconciliation.run_once()
    assert await shop.balance() == RUB500


async def test_while_yookassa_is_away_nothing_expires_and_afterwards_all_is_credited(shop: KassaShop) -> None:
    await shop.reconciliation.run_once()
    paid, unpaid = await shop.opens(), await shop.opens("700")
    await shop.pays(paid)
    for action in ("error", "drop_before", "garbage", "rate_limit"):
        await shop.fails("GET /v3/", action, times=-1)
        shop.clock.advance(2 * HOUR)
        with capture_logs() as lines:
            assert await shop.reconciliation.run_once() == 0
        assert [line["event"] for line in lines] == ["provider_silent"]
        assert SECRET not in str(lines)
        await shop.heals()
    assert {await shop.status(paid), await shop.status(unpaid)} == {"pending"}
    assert await shop.reconciliation.run_once() == 1
    assert await shop.balance() == RUB500
    assert await shop.status(unpaid) == "failed:expired"


async def test_a_key_that_was_revoked_is_told_by_its_name_without_the_key(shop: KassaShop) -> None:
    await shop.fails("GET /v3/payments", "error", times=-1, status=401)
    with capture_logs() as lines:
        await shop.reconciliation.run_once()
    assert [line["event"] for line in lines] == ["provider_silent"]
    assert SECRET not in f"{lines!r}{vars(shop.gateway)!r}{vars(shop.api)!r}"


@pytest.mark.parametrize("metadata", [{}, {"orbit": "17"}, {"order": "8"}, {"orbit": "orbit1:1:501:" + "0" * 32}])
async def test_paid_payments_of_others_behind_the_same_shop_wait_for_an_operator(
    shop: KassaShop, metadata: dict[str, str]
) -> None:
    payment = await shop.opens()
    theirs = shop.till.create(wish(metadata=metadata), "theirs")
    await shop.pays(theirs.id)
    await shop.reconciliation.run_once()
    assert await shop.balance() == ZERO
    assert await shop.receipts() == [(theirs.id, "in", "unmatched")]
    assert await shop.status(payment) == "pending"


async def test_what_a_payment_carries_is_good_for_its_own_sum_only(shop: KassaShop) -> None:
    await shop.opens()
    (ours,) = shop.till.payments.values()
    copied = shop.till.create(wish(amount={"value": "50000.00", "currency": "RUB"}, metadata=ours.metadata), "copy")
    await shop.pays(copied.id)
    await shop.reconciliation.run_once()
    assert await shop.balance() == ZERO
    assert await shop.receipts() == [(copied.id, "in", "unmatched")]


async def test_money_that_is_authorised_but_not_captured_is_not_credited(shop: KassaShop) -> None:
    await shop.opens()
    (ours,) = shop.till.payments.values()
    ours.capture = False
    await shop.webhooks(copies=0)
    await shop.pays(ours.id)
    assert await shop.delivers(ours.id, event="payment.succeeded") == [404]
    await shop.reconciliation.run_once()
    assert await shop.receipts() == []


async def test_a_number_that_was_given_anew_after_a_restored_backup_does_not_take_anothers_money(
    shop: KassaShop,
) -> None:
    ninas = await shop.opens()
    await shop.arrives(MAX)
    forgotten = Marks(KEY).write(ninas.id, MAX, RUB500)
    made = shop.till.create(wish(metadata={"orbit": forgotten}), "forgotten")
    await shop.pays(made.id)
    await shop.reconciliation.run_once()
    assert (await shop.balance(MAX), await shop.balance(NINA)) == (RUB500, ZERO)
    assert await shop.status(ninas) == "pending"


async def test_lists_longer_than_a_page_are_read_to_the_end(shop: KassaShop) -> None:
    payment = await shop.opens()
    for number in range(250):
        shop.till.pay(shop.till.create(wish(), f"theirs-{number}").id, "sbp")
    await shop.pays(payment)
    assert await shop.reconciliation.run_once() == 251
    assert await shop.balance() == RUB500
