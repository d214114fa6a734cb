"""Topping up by CryptoBot, over HTTP and on the real engine: found by asking alone, whatever is lost on the way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from unittest.mock import AsyncMock

import pytest
from structlog.testing import capture_logs

from app.domain.errors import MethodUnavailable, StorageUnavailable
from app.domain.money import ZERO, Money
from app.payments.gateway.marks import Marks
from app.services.records import LinkInvoice
from tests.support.crypto_world import KEY, NINA, TOKEN, CryptoShop, only_invoice, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.utils.redis import Cache

RUB500 = Money.rub(500)
MAX = 502
MINUTE = 60
HOUR = 3600


@pytest.fixture
async def shop(database: Database, cache: Cache) -> AsyncIterator[CryptoShop]:
    async with open_shop(database, cache) as opened:
        yield opened


async def test_an_invoice_asks_for_rubles_until_the_deadline_and_says_whose_it_is(shop: CryptoShop) -> None:
    payment = await shop.opens("499.50")
    (made,) = shop.till.invoices.values()
    assert (made.currency_type, made.currency, str(made.amount)) == ("fiat", "RUB", "499.50")
    assert made.expires_at is not None
    assert 595 <= (made.expires_at - made.created_at).total_seconds() <= 600
    assert not made.allow_comments
    assert made.payload is not None
    assert made.payload.startswith(f"orbit1:{payment.id}:{NINA}:")
    shown = shop.gateway.invoice(payment)
    assert isinstance(shown, LinkInvoice)
    assert shown.pay_url == f"https://t.me/CryptoBot?start={made.hash}"
    assert payment.external_id == str(made.id)


async def test_asking_alone_credits_what_is_paid_once(shop: CryptoShop) -> None:
    payment = await shop.opens()
    assert await shop.reconciliation.run_once() == 0
    await shop.pays(payment.external_id, asset="TON")
    assert await shop.reconciliation.run_once() == 1
    assert await shop.reconciliation.run_once() == 0
    assert await shop.balance() == RUB500
    assert await shop.status(payment) == "confirmed"


async def test_two_replicas_that_ask_at_once_credit_once(shop: CryptoShop) -> None:
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    assert sum(await asyncio.gather(*(shop.reconciliation.run_once() for _ in range(8)))) == 1
    assert await shop.balance() == RUB500


async def test_an_invoice_whose_making_was_never_answered_is_found_by_what_it_carries(shop: CryptoShop) -> None:
    await shop.fails("createInvoice", "drop_after")
    with pytest.raises(MethodUnavailable):
        await shop.opens()
    await shop.pays(only_invoice(shop))
    assert await shop.reconciliation.run_once() == 1
    assert await shop.balance() == RUB500


async def test_what_came_while_the_bot_was_off_for_longer_than_usual_is_found_at_its_start(shop: CryptoShop) -> None:
    await shop.reconciliation.run_once()
    await shop.reconciliation.run_once()
    await shop.fails("createInvoice", "drop_after")
    with pytest.raises(MethodUnavailable):
        await shop.opens()
    await shop.pays(only_invoice(shop))
    shop.clock.advance(30 * 24 * HOUR)
    shop.restarts()
    assert await shop.reconciliation.run_once() == 1
    assert await shop.balance() == RUB500


async def test_what_came_while_crypto_pay_was_silent_for_longer_than_usual_is_found(shop: CryptoShop) -> None:
    await shop.reconciliation.run_once()
    await shop.fails("createInvoice", "drop_after")
    with pytest.raises(MethodUnavailable):
        await shop.opens()
    await shop.pays(only_invoice(shop))
    await shop.fails("getInvoices", "error", times=-1)
    for _ in range(8):
        await shop.reconciliation.run_once()
        shop.clock.advance(24 * HOUR)
    await shop.heals()
    assert await shop.reconciliation.run_once() == 1
    assert await shop.balance() == RUB500


async def test_what_could_not_be_booked_when_it_was_read_is_read_again_within_the_hour(
    shop: CryptoShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.reconciliation.run_once()
    await shop.fails("createInvoice", "drop_after")
    with pytest.raises(MethodUnavailable):
        await shop.opens()
    await shop.pays(only_invoice(shop))
    shop.clock.advance(20 * MINUTE)
    with monkeypatch.context() as down:
        down.setattr(shop.books.receipts, "record", AsyncMock(side_effect=StorageUnavailable))
        with pytest.raises(StorageUnavailable):
            await shop.reconciliation.run_once()
    shop.clock.advance(61 * MINUTE)
    assert await shop.reconciliation.run_once() == 1
    assert await shop.balance() == RUB500


async def test_invoices_that_were_never_made_take_no_place_among_the_open_ones(shop: CryptoShop) -> None:
    await shop.fails("createInvoice", "error", times=5)
    for _ in range(5):
        with pytest.raises(MethodUnavailable):
            await shop.opens()
    assert (await shop.opens()).external_id == str(only_invoice(shop))


async def test_an_unpaid_invoice_expires_and_one_paid_late_is_credited_all_the_same(shop: CryptoShop) -> None:
    payment = await shop.opens()
    shop.clock.advance(12 * MINUTE)
    await shop.reconciliation.run_once()
    assert await shop.status(payment) == "failed:expired"
    await shop.pays(payment.external_id, late=True)
    assert await shop.reconciliation.run_once() == 1
    assert await shop.status(payment) == "confirmed"
    assert await shop.balance() == RUB500


async def test_money_for_an_invoice_that_was_swept_finds_its_owner(shop: CryptoShop) -> None:
    payment = await shop.opens()
    shop.clock.advance(12 * MINUTE)
    await shop.reconciliation.run_once()
    shop.clock.advance(8 * 24 * HOUR)
    assert await shop.payments.drop_stale(shop.clock.now(), 10) == 1
    await shop.pays(payment.external_id, late=True)
    await shop.reconciliation.run_once()
    assert await shop.balance() == RUB500


async def test_while_crypto_pay_is_away_nothing_expires_and_afterwards_all_is_credited(shop: CryptoShop) -> None:
    await shop.reconciliation.run_once()
    paid, unpaid = await shop.opens(), await shop.opens("700")
    await shop.pays(paid.external_id)
    for action in ("error", "drop_before", "garbage", "rate_limit"):
        await shop.fails("getInvoices", action, times=-1)
        shop.clock.advance(2 * HOUR)
        with capture_logs() as lines:
            assert await shop.reconciliation.run_once() == 0
        assert [line["event"] for line in lines] == ["provider_silent"]
        assert TOKEN not in str(lines)
        await shop.heals()
    assert {await shop.status(paid), await shop.status(unpaid)} == {"pending"}
    assert await shop.reconciliation.run_once() == 1
    assert await shop.balance() == RUB500
    assert await shop.status(unpaid) == "failed:expired"


async def test_a_short_failure_of_a_read_is_tried_over(shop: CryptoShop) -> None:
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    await shop.fails("getInvoices", "error", times=1, status=502)
    await shop.fails("getInvoices", "drop_before", times=1)
    assert await shop.reconciliation.run_once() == 1


async def test_a_cancelled_invoice_can_not_be_paid_any_more(shop: CryptoShop) -> None:
    payment = await shop.opens()
    await shop.topups.cancel(NINA, payment.id)
    assert shop.till.invoices == {}
    assert await shop.status(payment) == "failed:cancelled"


async def test_cancelling_goes_on_without_crypto_pay_and_money_that_comes_is_credited(shop: CryptoShop) -> None:
    payment = await shop.opens()
    await shop.fails("*", "error", times=-1)
    await shop.topups.cancel(NINA, payment.id)
    assert await shop.status(payment) == "failed:cancelled"
    await shop.heals()
    await shop.pays(payment.external_id)
    await shop.reconciliation.run_once()
    assert await shop.balance() == RUB500


async def test_cancelling_again_takes_away_what_the_first_time_left_there(shop: CryptoShop) -> None:
    payment = await shop.opens()
    await shop.fails("deleteInvoice", "error")
    await shop.topups.cancel(NINA, payment.id)
    assert len(shop.till.invoices) == 1
    await shop.topups.cancel(NINA, payment.id)
    assert shop.till.invoices == {}
    assert await shop.status(payment) == "failed:cancelled"


async def test_an_invoice_that_was_just_paid_is_not_taken_away_by_cancelling(shop: CryptoShop) -> None:
    shop.till.deletes_paid = True
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    await shop.topups.cancel(NINA, payment.id)
    await shop.reconciliation.run_once()
    assert await shop.balance() == RUB500


@pytest.mark.parametrize(
    "foreign",
    [
        {"currency_type": "fiat", "fiat": "RUB", "amount": "500", "payload": "17"},
        {"currency_type": "fiat", "fiat": "RUB", "amount": "500"},
        {"currency_type": "crypto", "asset": "USDT", "amount": "1.5", "payload": "theirs"},
        {"currency_type": "fiat", "fiat": "USD", "amount": "500"},
        {"currency_type": "fiat", "fiat": "RUB", "amount": "0.001"},
        {"currency_type": "fiat", "fiat": "RUB", "amount": "999999999999"},
    ],
)
async def test_paid_invoices_of_others_behind_the_same_token_wait_for_an_operator(
    shop: CryptoShop, foreign: dict[str, object]
) -> None:
    payment = await shop.opens()
    theirs = shop.till.create(foreign)
    await shop.pays(theirs.id)
    await shop.reconciliation.run_once()
    assert await shop.balance() == ZERO
    assert await shop.receipts() == [(str(theirs.id), "unmatched")]
    assert await shop.status(payment) == "pending"


@pytest.mark.parametrize("change", [{"amount": "50000"}, {"fiat": "USD"}, {"currency_type": "crypto", "asset": "BTC"}])
async def test_what_an_invoice_carries_is_good_for_its_own_sum_only(
    shop: CryptoShop, change: dict[str, object]
) -> None:
    await shop.opens()
    (ours,) = shop.till.invoices.values()
    same = {"currency_type": "fiat", "fiat": "RUB", "amount": "500", "payload": ours.payload}
    copied = shop.till.create(same | change)
    await shop.pays(copied.id, asset=change.get("asset", "USDT"))
    await shop.reconciliation.run_once()
    assert await shop.balance() == ZERO
    assert await shop.receipts() == [(str(copied.id), "unmatched")]


async def test_a_number_that_was_given_anew_after_a_restored_backup_does_not_take_anothers_money(
    shop: CryptoShop,
) -> None:
    ninas = await shop.opens()
    await shop.arrives(MAX)
    forgotten = Marks(KEY).write(ninas.id, MAX, RUB500)
    made = shop.till.create({"currency_type": "fiat", "fiat": "RUB", "amount": "500", "payload": forgotten})
    await shop.pays(made.id)
    await shop.reconciliation.run_once()
    assert (await shop.balance(MAX), await shop.balance(NINA)) == (RUB500, ZERO)
    assert await shop.status(ninas) == "pending"


async def test_an_app_whose_token_was_revoked_is_told_by_its_name_without_the_token(shop: CryptoShop) -> None:
    shop.till.token = "other"
    with capture_logs() as lines:
        await shop.reconciliation.run_once()
    assert [(line["event"], line["reason"]) for line in lines] == [("provider_silent", "UNAUTHORIZED")]


async def test_a_thousand_paid_invoices_are_read_to_the_end(shop: CryptoShop) -> None:
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    payload = shop.till.find(payment.external_id).payload
    for _ in range(1100):
        made = shop.till.create({"currency_type": "fiat", "fiat": "RUB", "amount": "1"})
        shop.till.pay(made.id, "USDT")
    lost = shop.till.create({"currency_type": "fiat", "fiat": "RUB", "amount": "500", "payload": payload})
    shop.till.pay(lost.id, "USDT")
    assert await shop.reconciliation.run_once() == 1102
    assert await shop.balance() == Money.rub(1000)
