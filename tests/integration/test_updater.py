"""The wallet's poller against a chain over HTTP: money is found once, and blindness concludes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.domain.errors import MethodUnavailable, TooManyPayments
from app.domain.money import Money
from app.domain.payment import PaymentMethod, PaymentStatus
from app.payments.gateway.ton import TonGateway
from app.payments.manager import PaymentManager
from app.payments.models import Invoice
from app.utils.payment_cleanup import PaymentCleanupTask
from app.utils.updater import TonTransactionsUpdater
from sandbox.clock import SandboxClock
from tests.integration.payment_book import PaymentBook
from tests.integration.ton_world import ChainWorld, FixedRates, HandClock, open_chain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.payments.models import AnyInvoice

OWNER = 42


@dataclass
class Shop:
    """The chain, the store and what stands between them."""

    chain: ChainWorld
    book: PaymentBook
    clock: HandClock
    updater: TonTransactionsUpdater
    manager: PaymentManager

    async def invoice(self, rubles: int = 400) -> Invoice:
        return of_ton((await self.manager.open(OWNER, PaymentMethod.TON, Money.rub(rubles))).invoice)

    def status(self, payment_id: int) -> PaymentStatus:
        return self.book.entries[payment_id].status


def of_ton(invoice: AnyInvoice) -> Invoice:
    assert isinstance(invoice, Invoice)
    return invoice


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_chain() as chain:
        clock, book = HandClock(), PaymentBook()
        # The chain stamps its transactions with the time of the world; the shop's clock starts there.
        clock.at = SandboxClock().now()
        rates = FixedRates(fetched_at=clock.at)
        gateway = TonGateway(chain.merchant, rates)
        updater = TonTransactionsUpdater(chain.history(), book, rates, clock)
        yield Shop(chain, book, clock, updater, PaymentManager([gateway], book, clock, timedelta(minutes=10)))


async def test_an_invoice_asks_for_a_rounded_amount_at_a_payable_address(shop: Shop) -> None:
    opened = await shop.manager.open(OWNER, PaymentMethod.TON, Money.rub(400))
    invoice = of_ton(opened.invoice)
    assert shop.manager.methods == (PaymentMethod.TON,)
    assert (invoice.nano, invoice.coins) == (1_819_000_000, "1.819")
    assert invoice.address == shop.chain.merchant.friendly()
    assert invoice.address.startswith("UQ")
    assert invoice.comment in invoice.wallet_link
    assert invoice.ton_link.startswith("ton://transfer/UQ")
    assert invoice.expires_at == shop.clock.at + timedelta(minutes=10)
    assert shop.manager.invoice_of(opened.payment) == invoice


async def test_a_method_that_is_off_and_a_fourth_open_invoice_are_refused(shop: Shop) -> None:
    with pytest.raises(MethodUnavailable):
        await shop.manager.open(OWNER, PaymentMethod.STARS, Money.rub(400))
    comments = {(await shop.invoice()).comment for _ in range(3)}
    assert len(comments) == 3
    with pytest.raises(TooManyPayments):
        await shop.invoice()


async def test_no_invoice_is_quoted_at_an_old_rate(shop: Shop) -> None:
    shop.clock.advance(minutes=5, seconds=1)
    with pytest.raises(MethodUnavailable):
        await shop.invoice()


async def test_a_paid_invoice_is_credited_once_however_often_the_chain_is_read(shop: Shop) -> None:
    await shop.updater.run_once()
    invoice = await shop.invoice()
    await shop.chain.pay(invoice.nano, f" {invoice.comment.lower()}\n")
    report = await shop.updater.run_once()
    assert [credit.amount for credit in shop.book.credits] == [Money.rub(400)]
    assert report.credits == 1
    assert report.complete
    assert shop.status(invoice.payment_id) is PaymentStatus.CONFIRMED
    assert (await shop.updater.run_once()).transfers == 0
    assert len(shop.book.credits) == 1


async def test_a_backlog_is_settled_whole_in_one_run(shop: Shop) -> None:
    await shop.updater.run_once()
    invoice = await shop.invoice()
    await shop.chain.fill(1300)
    await shop.chain.pay(invoice.nano, invoice.comment)
    report = await shop.updater.run_once()
    assert (report.transfers, report.credits, report.unmatched) == (1301, 1, 1300)


async def test_the_first_start_passes_over_history(shop: Shop) -> None:
    await shop.chain.fill(700)
    report = await shop.updater.run_once()
    assert (report.transfers, report.credits, report.unmatched, report.complete) == (1, 0, 0, True)
    assert [transfer.verdict for transfer in shop.book.transfers.values()] == ["history"]
    assert (await shop.updater.run_once()).transfers == 0


async def test_an_invoice_paid_before_the_chain_was_ever_read_is_credited(shop: Shop) -> None:
    await shop.chain.fill(20)
    invoice = await shop.invoice()
    await shop.chain.pay(invoice.nano, invoice.comment)
    await shop.chain.fill(2)
    report = await shop.updater.run_once()
    assert (report.transfers, report.credits) == (2, 1)
    assert (await shop.updater.run_once()).transfers == 0


async def test_the_first_payment_ever_into_a_fresh_wallet_is_no_history(shop: Shop) -> None:
    assert (await shop.updater.run_once()).complete
    invoice = await shop.invoice()
    await shop.chain.pay(invoice.nano, invoice.comment)
    assert (await shop.updater.run_once()).credits == 1


async def test_nothing_expires_while_the_chain_can_not_be_read_and_the_outage_is_logged_once(shop: Shop) -> None:
    await shop.updater.run_once()
    invoice = await shop.invoice()
    await shop.chain.pay(invoice.nano, invoice.comment)
    unpaid = await shop.invoice()
    shop.clock.advance(hours=6)
    await shop.chain.fault("error", times=-1, status=502)
    with capture_logs() as logs:
        reports = [await shop.updater.run_once() for _ in range(3)]
        assert not any(report.complete or report.expired for report in reports)
        assert shop.status(unpaid.payment_id) is PaymentStatus.PENDING
        await shop.chain.heal()
        report = await shop.updater.run_once()
    assert (report.credits, report.expired) == (1, 1)
    assert shop.status(invoice.payment_id) is PaymentStatus.CONFIRMED
    assert shop.status(unpaid.payment_id) is PaymentStatus.FAILED
    events = [entry["event"] for entry in logs]
    assert (events.count("chain_unavailable"), events.count("chain_available")) == (1, 1)


async def test_an_outage_in_the_middle_keeps_what_was_read_and_goes_on_from_there(shop: Shop) -> None:
    await shop.updater.run_once()
    await shop.chain.fill(1300)
    await shop.chain.fault("garbage", times=4, skip=2)
    report = await shop.updater.run_once()
    assert not report.complete
    assert 0 < report.transfers < 1300
    rest = await shop.updater.run_once()
    assert (report.transfers + rest.transfers, rest.complete) == (1300, True)
    assert len(shop.book.transfers) == 1300


async def test_an_index_far_behind_the_chain_lets_nothing_expire(shop: Shop) -> None:
    await shop.updater.run_once()
    invoice = await shop.invoice()
    shop.clock.advance(minutes=15)
    await shop.chain.post("mode", indexing_latency=600)
    assert (await shop.updater.run_once()).expired == 0
    await shop.chain.post("mode", indexing_latency=3)
    assert (await shop.updater.run_once()).expired == 1
    assert shop.status(invoice.payment_id) is PaymentStatus.FAILED


async def test_money_that_comes_after_the_expiry_is_still_credited(shop: Shop) -> None:
    await shop.updater.run_once()
    invoice = await shop.invoice()
    shop.clock.advance(minutes=15)
    assert (await shop.updater.run_once()).expired == 1
    await shop.chain.pay(invoice.nano // 2, invoice.comment)
    await shop.chain.pay(invoice.nano, invoice.comment)
    assert (await shop.updater.run_once()).credits == 2
    assert shop.status(invoice.payment_id) is PaymentStatus.CONFIRMED


@pytest.mark.parametrize("stale", [0, 1, 499, 500, 1001])
async def test_cleanup_drops_all_that_is_stale(shop: Shop, stale: int) -> None:
    shop.book.stale = stale
    assert await PaymentCleanupTask(shop.book, shop.clock).run_once() == stale
    assert shop.book.stale == 0
