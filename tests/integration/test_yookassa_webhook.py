"""Notifications of YooKassa at the web door: unsigned, so each is asked for again, and only that credits anything."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.domain.money import ZERO, Money
from tests.support.bot_world import ENOUGH_SECONDS
from tests.support.kassa_world import SECRET, KassaShop, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.utils.redis import Cache

RUB500 = Money.rub(500)
GENUINE = {"type": "notification", "event": "payment.succeeded", "object": {"id": "2d1f"}}


@pytest.fixture
async def shop(database: Database, cache: Cache) -> AsyncIterator[KassaShop]:
    async with open_shop(database, cache) as opened:
        await opened.webhooks(attempts=1, copies=0)
        yield opened


async def test_the_news_of_a_payment_credits_it(shop: KassaShop) -> None:
    await shop.webhooks()
    payment = await shop.opens()
    await shop.pays(payment)
    await asyncio.wait_for(shop.credited.wait(), ENOUGH_SECONDS)
    assert await shop.balance() == RUB500
    assert await shop.status(payment) == "confirmed"


async def test_fifty_deliveries_at_once_credit_once(shop: KassaShop) -> None:
    charge = await shop.pays(await shop.opens())
    assert await shop.delivers(charge, times=50) == [200] * 50
    assert await shop.reconciliation.run_once() == 0
    assert await shop.balance() == RUB500


async def test_repeated_late_and_reordered_news_end_in_the_same_books(shop: KassaShop) -> None:
    first, second = await shop.pays(await shop.opens()), await shop.pays(await shop.opens("700"))
    refund = await shop.gives_back(second)
    news = [("refund.succeeded", refund), ("payment.succeeded", second), ("payment.succeeded", first)] * 2
    for event, name in news:
        assert await shop.delivers(name, event=event) == [200]
    shop.clock.advance(3 * 86400)
    assert await shop.delivers(first) == [200]
    assert await shop.balance() == RUB500
    assert len(await shop.receipts()) == 3


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "null",
        "[]",
        "{}",
        json.dumps(GENUINE)[:-3],
        json.dumps(GENUINE) + "}",
        json.dumps(GENUINE).replace('"2d1f"', "NaN"),
        json.dumps(GENUINE).replace('"event"', '"event": "refund.succeeded", "event"'),
        json.dumps(GENUINE | {"type": "other"}),
        json.dumps(GENUINE | {"object": {"id": 17}}),
        json.dumps(GENUINE | {"object": {"id": "../me"}}),
        json.dumps(GENUINE | {"object": {"id": "a" * 65}}),
        json.dumps(GENUINE | {"object": {}}),
        "[" * 30_000,
    ],
)
async def test_what_yookassa_never_sends_is_refused_with_one_line(shop: KassaShop, raw: str) -> None:
    with capture_logs() as lines:
        assert await shop.delivers(raw=raw) == [400]
    assert [line["event"] for line in lines] == ["notification_refused"]
    assert set(lines[0]) == {"event", "log_level", "gateway", "reason", "address"}
    assert await shop.receipts() == []


@pytest.mark.parametrize("event", ["payment.succeeded", "refund.succeeded"])
async def test_news_of_what_the_shop_never_had_are_refused_with_one_line(shop: KassaShop, event: str) -> None:
    with capture_logs() as lines:
        assert await shop.delivers("22e12f66-000f-5000-8000-18db351245c7", event=event) == [404]
    assert [line["event"] for line in lines] == ["notification_unproven"]
    assert SECRET not in str(lines)
    assert await shop.receipts() == []


async def test_forged_news_of_an_unpaid_payment_credit_nothing_and_leave_one_line(shop: KassaShop) -> None:
    payment = await shop.opens()
    forged = {"status": "succeeded", "paid": True, "amount": {"value": "100000.00", "currency": "RUB"}}
    with capture_logs() as lines:
        assert await shop.delivers(payment.external_id, changes=forged) == [404]
    assert [line["event"] for line in lines] == ["notification_unproven"]
    assert await shop.balance() == ZERO
    assert await shop.status(payment) == "pending"


async def test_a_sum_that_is_told_otherwise_does_not_count(shop: KassaShop) -> None:
    charge = await shop.pays(await shop.opens())
    forged = {"amount": {"value": "100000.00", "currency": "RUB"}, "metadata": {"orbit": "orbit1:9:9:0"}}
    assert await shop.delivers(charge, changes=forged) == [200]
    assert await shop.balance() == RUB500


async def test_the_news_of_another_installation_behind_the_shop_wait_for_an_operator(shop: KassaShop) -> None:
    wish = {
        "amount": {"value": "500.00", "currency": "RUB"},
        "capture": True,
        "confirmation": {"type": "redirect", "return_url": "https://shop.example"},
        "metadata": {"orbit": "orbit1:1:501:" + "f" * 32},
    }
    theirs = await shop.pays(shop.till.create(wish, "theirs").id)
    assert await shop.delivers(theirs) == [200]
    assert await shop.receipts() == [(theirs, "in", "unmatched")]
    assert await shop.balance() == ZERO


@pytest.mark.parametrize("event", ["payment.canceled", "payment.waiting_for_capture", "payout.succeeded"])
async def test_news_that_move_no_money_are_taken_and_change_nothing(shop: KassaShop, event: str) -> None:
    payment = await shop.opens()
    await shop.sim("decline", payment_id=payment.external_id)
    assert await shop.delivers(payment.external_id, event=event) == [200]
    assert await shop.receipts() == []
    assert await shop.status(payment) == "pending"


async def test_while_yookassa_can_not_be_asked_its_news_are_sent_back_to_come_again(shop: KassaShop) -> None:
    charge = await shop.pays(await shop.opens())
    await shop.fails("GET /v3/payments", "error", times=-1)
    assert await shop.delivers(charge) == [503]
    await shop.heals()
    assert await shop.delivers(charge) == [200]
    assert await shop.balance() == RUB500


async def test_all_news_lost_is_no_loss(shop: KassaShop) -> None:
    await shop.webhooks(copies=1, drop=1)
    await shop.paid()
    assert await shop.balance() == RUB500


async def test_a_body_over_64_kilobytes_is_not_read(shop: KassaShop) -> None:
    async with shop.http.post(shop.door, data=b" " * (64 * 1024 + 1)) as answer:
        assert answer.status == 413
    async with shop.http.post(shop.door[:-1] + "x", json=GENUINE) as answer:
        assert answer.status == 404
