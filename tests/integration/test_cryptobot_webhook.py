"""Webhooks of Crypto Pay at the web door: the genuine credit once, all others change nothing and are told apart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import yarl
from structlog.testing import capture_logs

from app.domain.money import ZERO, Money
from app.domain.payment import PaymentMethod
from app.repo.db import Database, make_engine
from sandbox.cryptopay.signing import TAMPERED, update
from tests.support.bot_world import ENOUGH_SECONDS
from tests.support.crypto_world import TOKEN, CryptoShop, another_door, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import URL

    from app.utils.redis import Cache

RUB500 = Money.rub(500)
SIGNATURE = "crypto-pay-api-signature"


@pytest.fixture
async def shop(database: Database, cache: Cache) -> AsyncIterator[CryptoShop]:
    async with open_shop(database, cache) as opened:
        await opened.webhooks(attempts=1, copies=0)
        yield opened


async def test_the_news_of_a_payment_credits_it(shop: CryptoShop) -> None:
    await shop.webhooks()
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    await asyncio.wait_for(shop.credited.wait(), ENOUGH_SECONDS)
    assert await shop.balance() == RUB500
    assert await shop.status(payment) == "confirmed"


async def test_fifty_deliveries_at_once_credit_once(shop: CryptoShop) -> None:
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    assert await shop.delivers(payment.external_id, times=50) == [200] * 50
    assert await shop.reconciliation.run_once() == 0
    assert await shop.balance() == RUB500


async def test_fifty_deliveries_at_once_to_two_replicas_credit_once(
    shop: CryptoShop, database_url: URL, cache: Cache
) -> None:
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    paid = shop.till.find(payment.external_id)
    body, headers = TAMPERED["none"](TOKEN, update(paid, shop.clock.now(), {}))
    second = Database(make_engine(database_url, 5))
    async with another_door(shop, second, cache) as other_door:

        async def deliver(door: str) -> int:
            async with shop.http.post(door, data=body, headers=headers) as answer:
                return answer.status

        assert await asyncio.gather(*(deliver(door) for door in (shop.door, other_door) * 25)) == [200] * 50
    await second.close()
    assert await shop.balance() == RUB500


async def test_repeated_stale_and_reordered_news_end_in_the_same_books(shop: CryptoShop) -> None:
    first, second = await shop.opens(), await shop.opens("700")
    await shop.pays(first.external_id)
    await shop.pays(second.external_id)
    for payment in (second, first, second, first):
        assert await shop.delivers(payment.external_id) == [200]
    shop.clock.advance(3 * 86400)
    assert await shop.delivers(first.external_id) == [200]
    assert await shop.balance() == Money.rub(1200)
    assert len(await shop.receipts()) == 2


async def test_news_that_first_arrives_days_later_are_still_credited(shop: CryptoShop) -> None:
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    shop.clock.advance(3 * 86400)
    assert await shop.delivers(payment.external_id) == [200]
    assert await shop.balance() == RUB500


@pytest.mark.parametrize(
    "tamper", ["missing", "forged", "foreign_token", "truncated", "short_signature", "reserialised", "non_ascii"]
)
async def test_what_is_not_signed_as_it_stands_is_refused_with_one_line_without_secrets(
    shop: CryptoShop, tamper: str
) -> None:
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    with capture_logs() as lines:
        assert await shop.delivers(payment.external_id, tamper=tamper) == [401]
    assert [line["event"] for line in lines] == ["notification_refused"]
    assert set(lines[0]) == {"event", "log_level", "gateway", "address"}
    assert await shop.receipts() == []
    assert await shop.balance() == ZERO


@pytest.mark.parametrize("tamper", ["not_json", "nan", "key_twice", "no_object"])
async def test_what_is_signed_but_not_to_be_read_in_one_way_only_is_refused(shop: CryptoShop, tamper: str) -> None:
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    with capture_logs() as lines:
        assert await shop.delivers(payment.external_id, tamper=tamper) == [400]
    assert [line["event"] for line in lines] == ["notification_unreadable"]
    assert await shop.balance() == ZERO


async def test_signed_news_of_another_kind_are_taken_and_change_nothing(shop: CryptoShop) -> None:
    payment = await shop.opens()
    assert await shop.delivers(payment.external_id, tamper="other_type") == [200]
    assert await shop.balance() == ZERO


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "50000"},
        {"fiat": "USD"},
        {"payload": "orbit1:1:501:0"},
        {"payload": None},
        {"currency_type": "crypto", "asset": "USDT"},
        {"status": "active"},
    ],
)
async def test_signed_news_that_differ_from_what_crypto_pay_says_when_asked_are_told_and_change_nothing(
    shop: CryptoShop, changes: dict[str, object]
) -> None:
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    with capture_logs() as lines:
        assert await shop.delivers(payment.external_id, changes=changes) == [200]
    assert [(line["event"], line["log_level"]) for line in lines] == [("notification_differs", "error")]
    assert await shop.balance() == ZERO


async def test_an_invoice_that_is_not_paid_is_not_credited_whatever_is_signed(shop: CryptoShop) -> None:
    payment = await shop.opens()
    assert await shop.delivers(payment.external_id, changes={"status": "paid"}) == [200]
    assert await shop.balance() == ZERO


async def test_news_of_an_invoice_that_nobody_knows_are_told_and_change_nothing(shop: CryptoShop) -> None:
    payment = await shop.opens()
    with capture_logs() as lines:
        assert await shop.delivers(payment.external_id, changes={"invoice_id": 999, "status": "paid"}) == [200]
    assert [line["event"] for line in lines] == ["notification_of_unknown_invoice"]
    assert await shop.balance() == ZERO


async def test_while_crypto_pay_can_not_be_asked_its_news_are_sent_back_to_come_again(shop: CryptoShop) -> None:
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    await shop.fails("getInvoices", "error", times=-1)
    assert await shop.delivers(payment.external_id) == [503]
    await shop.heals()
    assert await shop.delivers(payment.external_id) == [200]
    assert await shop.balance() == RUB500


async def test_all_webhooks_lost_is_no_loss(shop: CryptoShop) -> None:
    await shop.webhooks(copies=1, drop=1)
    payment = await shop.opens()
    await shop.pays(payment.external_id)
    await shop.reconciliation.run_once()
    assert await shop.balance() == RUB500


@pytest.mark.parametrize("wrong", ["/payments/cryptobot", "/payments/cryptobot/" + "0" * 32, "/payments/ton/x"])
async def test_only_the_path_that_was_handed_out_leads_anywhere(shop: CryptoShop, wrong: str) -> None:
    async with shop.http.post(shop.door.partition("/payments")[0] + wrong, data=b"{}") as answer:
        assert answer.status == 404


async def test_a_body_over_64_kilobytes_is_not_read(shop: CryptoShop) -> None:
    async with shop.http.post(shop.door, data=b" " * (64 * 1024 + 1), headers={SIGNATURE: "0" * 64}) as answer:
        assert answer.status == 413


async def test_the_token_stands_in_no_representation(shop: CryptoShop) -> None:
    gateway = shop.gateway
    assert gateway.method is PaymentMethod.CRYPTOBOT
    assert TOKEN not in f"{gateway!r}{vars(gateway)!r}{gateway.descriptor!r}"


async def test_a_webhook_that_breaks_off_in_the_midst_is_no_error_of_ours(shop: CryptoShop) -> None:
    url = yarl.URL(shop.door)
    with capture_logs() as lines:
        _, writer = await asyncio.open_connection(url.host, url.port)
        head = f"POST {url.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello"
        writer.write(head.encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        # The next one is answered after it.
        payment = await shop.opens()
        await shop.pays(payment.external_id)
        assert await shop.delivers(payment.external_id) == [200]
    assert not [line for line in lines if line["log_level"] in {"error", "critical"}]
    assert await shop.balance() == RUB500
