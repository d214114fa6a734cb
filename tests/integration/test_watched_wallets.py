"""The wallet and its jetton wallet read into the books: everything once, whatever happens to the index meanwhile."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.domain.assets import Asset
from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.domain.ton import TonAddress
from app.payments.gateway.ton_history import PAGE
from app.payments.models import Invoice
from app.repo.audit import examined
from tests.integration.chain_shop import OWNER, ChainShop
from tests.integration.ton_world import MASTER, open_chain
from tests.support.books import Books

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.payments.models import AnyInvoice
    from app.repo.db import Database
    from app.utils.redis import Cache

NEW_WALLET = TonAddress(0, b"\x77" * 32)
STATUSES = "SELECT status, count(*) FROM payments GROUP BY status ORDER BY status"


@pytest.fixture
async def shop(database: Database, cache: Cache) -> AsyncIterator[ChainShop]:
    async with open_chain() as chain:
        books = Books(database, cache)
        await books.arrive(OWNER)
        shop = ChainShop(chain, books)
        assert await shop.read() == 0  # what was there before the first start is history
        yield shop


def on_chain(invoice: AnyInvoice) -> Invoice:
    assert isinstance(invoice, Invoice)
    return invoice


@pytest.mark.parametrize(("method", "jetton"), [(PaymentMethod.TON, None), (PaymentMethod.USDT, "usdt")])
async def test_what_an_invoice_asks_for_is_credited_once(
    shop: ChainShop, method: PaymentMethod, jetton: str | None
) -> None:
    invoice = on_chain(await shop.invoice(method))
    await shop.chain.pay(invoice.nano, invoice.comment, jetton=jetton)
    assert [await shop.read() for _ in range(3)] == [1, 0, 0]
    assert await shop.books.balance() == Money.rub(400)
    await shop.books.are_right()


async def test_an_invoice_in_usdt_leads_a_wallet_to_the_real_jetton(shop: ChainShop) -> None:
    invoice = on_chain(await shop.invoice(PaymentMethod.USDT))
    assert (invoice.nano, invoice.coins, invoice.asset) == (5_000_000, "5", Asset.USDT)
    tail = f"transfer/{shop.chain.merchant.friendly()}?jetton={MASTER.friendly(bounceable=True)}&amount=5000000&text="
    assert invoice.wallet_link == f"https://app.keeperwallet.com/{tail}{invoice.comment}"
    assert invoice.ton_link == f"ton://{tail}{invoice.comment}"


async def test_a_fake_usdt_with_the_right_comment_is_worth_nothing(shop: ChainShop) -> None:
    invoice = on_chain(await shop.invoice(PaymentMethod.USDT))
    await shop.chain.pay(invoice.nano, invoice.comment, jetton="fake_usdt")
    assert await shop.read() == 0
    assert await shop.books.balance() == Money(0)
    assert [status for status, _ in await shop.books.receipts()] == ["ignored"]
    await shop.books.are_right()


async def test_each_asset_finds_the_invoice_of_the_other(shop: ChainShop) -> None:
    coins, dollars = on_chain(await shop.invoice(PaymentMethod.TON)), on_chain(await shop.invoice(PaymentMethod.USDT))
    await shop.chain.pay(10**9, dollars.comment)
    await shop.chain.pay(10**6, coins.comment, jetton="usdt")
    assert await shop.read() == 2
    assert await shop.books.balance() == Money.rub(300)
    await shop.books.are_right()


async def test_usdt_without_a_comment_waits_for_the_operator(shop: ChainShop) -> None:
    await shop.chain.pay(3_000_000, None, jetton="usdt")
    assert await shop.read() == 0
    rows = await shop.books.rows("SELECT asset, nano FROM ton_transactions WHERE status = 'unmatched'")
    assert [tuple(row) for row in rows] == [("usdt", 3_000_000)]
    await shop.books.are_right()


async def test_usdt_is_read_as_soon_as_the_master_can_be_asked(shop: ChainShop) -> None:
    wallets = shop.wallets_of(shop.chain.merchant)
    await shop.chain.post("faults", match="/methods/", action="error", times=-1)
    assert await wallets.run_once(Asset.USDT) is None
    invoice = on_chain(await shop.invoice(PaymentMethod.USDT))
    await shop.chain.pay(invoice.nano, invoice.comment, jetton="usdt")
    await shop.chain.heal()
    report = await wallets.run_once(Asset.USDT)
    assert report is not None
    assert report.credits == 1


async def test_an_idle_read_asks_the_database_once(shop: ChainShop) -> None:
    await shop.chain.pay(10**9, "hello")
    await shop.read()
    asked: list[str] = []
    run = shop.books.database.run

    async def noted(statement: object, params: object = None) -> object:
        asked.append(str(statement))
        return await run(statement, params)  # type: ignore[arg-type]  # passed on as they came

    shop.books.database.run = noted  # type: ignore[method-assign,assignment]
    try:
        report = await shop.wallets.run_once(Asset.TON)
    finally:
        del shop.books.database.run
    assert report is not None
    assert (report.complete, report.transfers, len(asked)) == (True, 0, 1)


async def test_a_wallet_that_was_changed_is_watched_until_its_invoices_are_settled(shop: ChainShop) -> None:
    coins, dollars = on_chain(await shop.invoice(PaymentMethod.TON)), on_chain(await shop.invoice(PaymentMethod.USDT))
    changed = shop.wallets_of(NEW_WALLET)
    payment = await shop.books.payments.of_owner(OWNER, coins.payment_id)
    assert shop.manager_of(NEW_WALLET).invoice_of(payment) == coins  # shown again, it still names the old one
    await shop.chain.pay(coins.nano, coins.comment)
    await shop.chain.pay(dollars.nano, dollars.comment, jetton="usdt")
    await changed.read_others()
    assert await shop.books.balance() == Money.rub(800)
    await shop.chain.pay(coins.nano, "for nobody")
    shop.clock.advance(600)
    await changed.read_others()
    assert await shop.books.value("SELECT count(*) FROM ton_transactions WHERE comment = 'for nobody'") == 0
    await shop.books.are_right()


async def test_an_unpaid_invoice_of_the_old_wallet_ends_by_that_wallets_scan_and_pays_late_for_a_week(
    shop: ChainShop,
) -> None:
    coins = on_chain(await shop.invoice(PaymentMethod.TON))
    changed = shop.wallets_of(NEW_WALLET)
    shop.clock.advance(3600)
    assert (await changed.run_once(Asset.TON)) is not None
    assert [tuple(row) for row in await shop.books.rows(STATUSES)] == [("pending", 1)]
    await changed.read_others()
    assert [tuple(row) for row in await shop.books.rows(STATUSES)] == [("failed", 1)]
    shop.clock.advance(6 * 86_400)
    await shop.chain.pay(coins.nano, coins.comment)
    await changed.read_others()
    assert [tuple(row) for row in await shop.books.rows(STATUSES)] == [("confirmed", 1)]
    await shop.books.are_right()


async def test_late_money_that_nobody_saw_come_is_worth_what_the_chart_says_of_its_minute(shop: ChainShop) -> None:
    invoice = on_chain(await shop.invoice(PaymentMethod.TON, 220))
    shop.clock.advance(3000)
    await shop.chain.post("rate", rub="200")
    shop.clock.advance(600)
    await shop.chain.pay(10**9, invoice.comment)
    shop.clock.advance(3600)
    await shop.chain.post("rate", rub="240")
    assert await shop.read() == 1
    rate = await shop.books.rows("SELECT rate, rate_source FROM ton_transactions")
    assert [tuple(row) for row in rate] == [(Decimal(200), "tonapi-chart")]
    assert await shop.books.balance() == Money.rub(200)
    await shop.books.are_right()


async def test_without_a_chart_late_money_is_worth_what_it_is_worth_now(shop: ChainShop) -> None:
    invoice = on_chain(await shop.invoice(PaymentMethod.TON, 220))
    shop.clock.advance(3600)
    await shop.chain.pay(10**9, invoice.comment)
    shop.clock.advance(3600)
    await shop.chain.post("rate", rub="240")
    await shop.chain.post("mode", draws_charts=False)
    assert await shop.read() == 1
    assert await shop.books.balance() == Money.rub(240)
    await shop.books.are_right()


async def test_after_six_blind_hours_five_thousand_transfers_are_credited_once_and_none_has_expired(
    shop: ChainShop,
) -> None:
    comments = await shop.many_invoices(5000, shop.chain.merchant)
    await shop.chain.fault("error", times=-1, status=502)
    for _ in range(2):
        await shop.chain.fill(2500, *comments[:2500], value_nano=10**9)
        del comments[:2500]
        shop.clock.advance(3 * 3600)
        assert await shop.read() == 0
    assert [tuple(row) for row in await shop.books.rows(STATUSES)] == [("pending", 5000)]
    await shop.chain.heal()
    assert await shop.read() == 5000
    assert [tuple(row) for row in await shop.books.rows(STATUSES)] == [("confirmed", 5000)]
    # The second half came hours after its deadline, and is worth what the coin was worth then.
    assert await shop.books.value("SELECT count(*) FROM ton_transactions WHERE rate_source = 'tonapi-chart'") == 2500
    assert await shop.books.balance() == Money.rub(5000 * 220)
    assert await shop.read() == 0
    assert await examined(shop.books.database) == []


async def test_a_backlog_of_ten_thousand_is_read_in_pages_and_stored_once(shop: ChainShop) -> None:
    await shop.chain.fill(10_000)
    shop.store.pages.clear()
    report = await shop.wallets.run_once(Asset.TON)
    assert report is not None
    assert (report.transfers, report.unmatched, report.complete) == (10_000, 10_000, True)
    assert (max(shop.store.pages), sum(shop.store.pages)) == (PAGE, 10_000)
    assert await examined(shop.books.database) == []


async def test_a_page_that_is_rolled_back_is_read_again_from_where_it_began(shop: ChainShop) -> None:
    invoice = on_chain(await shop.invoice(PaymentMethod.TON))
    await shop.chain.fill(700)
    await shop.chain.pay(invoice.nano, invoice.comment)
    # The second page can't be written: it is rolled back as a whole, with its cursor.
    await shop.books.rows("ALTER TABLE payments ADD CONSTRAINT sick CHECK (status <> 'confirmed') NOT VALID")
    try:
        with pytest.raises(Exception, match="sick"):
            await shop.wallets.run_once(Asset.TON)
    finally:
        await shop.books.rows("ALTER TABLE payments DROP CONSTRAINT sick")
    assert await shop.books.value("SELECT count(*) FROM ton_transactions") == PAGE
    assert await shop.read() == 1
    assert await shop.books.value("SELECT count(*) FROM ton_transactions") == 701
    assert await shop.books.balance() == Money.rub(400)
    await shop.books.are_right()
