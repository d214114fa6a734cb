"""Money that goes back through YooKassa: by the operator, in its cabinet, in parts, twice, with answers lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.domain.errors import MethodUnavailable, NotFound
from app.domain.money import ZERO, Money
from app.services.refunds import RefundStatus
from tests.support.kassa_world import GATEWAY, KassaShop, open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from app.utils.redis import Cache

DONE, OPEN, REFUSED = RefundStatus.DONE, RefundStatus.OPEN, RefundStatus.REFUSED


@pytest.fixture
async def shop(database: Database, cache: Cache) -> AsyncIterator[KassaShop]:
    async with open_shop(database, cache) as opened:
        yield opened


async def told(shop: KassaShop) -> list[str]:
    rows = await shop.database.run(text("SELECT facts ->> 'amount' AS a FROM notices WHERE kind = 'payment_refunded'"))
    return sorted(row.a for row in rows)


async def test_a_refund_takes_the_balance_back_once(shop: KassaShop) -> None:
    charge = await shop.paid()
    assert await shop.refunds.refund(GATEWAY, charge) is DONE
    assert await shop.refunds.refund(GATEWAY, charge) is DONE
    await shop.reconciliation.run_once()
    assert await shop.balance() == ZERO
    (made,) = shop.till.refunds.values()
    assert str(made.amount) == "500.00"
    (listed,) = await shop.refunds.charges(10)
    assert (listed.gateway, listed.is_refunded, listed.debt) == (GATEWAY, True, ZERO)
    assert await told(shop) == ["500.00"]


async def test_operators_that_refund_one_charge_at_once_give_it_back_once(shop: KassaShop) -> None:
    charge = await shop.paid()
    outcomes = await asyncio.gather(*(shop.refunds.refund(GATEWAY, charge) for _ in range(5)))
    assert set(outcomes) <= {DONE, OPEN, REFUSED}
    assert await shop.refunds.refund(GATEWAY, charge) is DONE
    assert len(shop.till.refunds) == 1
    assert await shop.balance() == ZERO


async def test_a_refund_of_spent_money_books_a_debt(shop: KassaShop) -> None:
    charge = await shop.paid()
    await shop.spends(350)
    assert await shop.refunds.refund(GATEWAY, charge) is DONE
    assert await shop.balance() == ZERO
    (listed,) = await shop.refunds.charges(10)
    assert listed.debt == Money.rub(350)


@pytest.mark.parametrize("by_news", [True, False])
async def test_a_refund_in_the_cabinet_is_booked_even_before_its_charge(shop: KassaShop, by_news: bool) -> None:
    charge = await shop.pays(await shop.opens())
    refund = await shop.gives_back(charge)
    await shop.webhooks(copies=0)
    if by_news:
        assert await shop.delivers(refund, event="refund.succeeded") == [200]
    await shop.reconciliation.run_once()
    assert await shop.balance() == ZERO
    assert [(key, direction) for key, direction, _ in await shop.receipts()] == [(charge, "in"), (refund, "out")]


async def test_parts_given_back_in_the_cabinet_are_each_taken_and_the_operator_gives_back_the_rest(
    shop: KassaShop,
) -> None:
    charge = await shop.paid()
    await shop.gives_back(charge, "120.50")
    await shop.reconciliation.run_once()
    assert await shop.balance() == Money.rub("379.50")
    await shop.gives_back(charge, "0.01")
    await shop.reconciliation.run_once()
    assert await shop.balance() == Money.rub("379.49")
    (listed,) = await shop.refunds.charges(10)
    assert (listed.asset_back, listed.is_refunded) == (12051, False)
    assert await shop.refunds.refund(GATEWAY, charge) is DONE
    assert await shop.balance() == ZERO
    assert await told(shop) == ["0.01", "120.50", "379.49"]


async def test_parts_that_come_at_once_never_take_more_than_the_charge_brought(shop: KassaShop) -> None:
    charge = await shop.paid()
    refunds = [await shop.gives_back(charge, "100.00") for _ in range(5)]
    await shop.webhooks(copies=0)
    news = [shop.delivers(name, event="refund.succeeded", times=2) for name in refunds]
    assert await asyncio.gather(*news) == [[200, 200]] * 5
    assert await shop.balance() == ZERO
    assert len(await shop.receipts()) == 6


async def test_a_refund_of_a_charge_that_is_older_than_the_lists_takes_its_money_back(shop: KassaShop) -> None:
    charge = await shop.paid()
    shop.clock.advance(30 * 86_400)
    await shop.gives_back(charge)
    await shop.reconciliation.run_once()
    assert await shop.balance() == ZERO


@pytest.mark.parametrize("action", ["drop_after", "drop_before", "error", "rate_limit"])
async def test_a_refund_whose_answer_is_lost_is_asked_for_again_and_made_once(shop: KassaShop, action: str) -> None:
    charge = await shop.paid()
    await shop.fails("POST /v3/refunds", action, times=2)
    assert await shop.refunds.refund(GATEWAY, charge) is DONE
    assert len(shop.till.refunds) == 1
    assert await shop.balance() == ZERO


async def test_a_refund_that_was_never_answered_is_settled_by_looking(shop: KassaShop) -> None:
    charge = await shop.paid()
    await shop.fails("POST /v3/refunds", "drop_after", times=3)
    assert await shop.refunds.refund(GATEWAY, charge) is DONE
    assert len(shop.till.refunds) == 1
    assert await shop.balance() == ZERO


async def test_a_refund_that_yookassa_never_heard_of_stays_open_and_is_finished_later(shop: KassaShop) -> None:
    charge = await shop.paid()
    await shop.fails("POST /v3/refunds", "drop_before", times=3)
    assert await shop.refunds.refund(GATEWAY, charge) is OPEN
    assert await shop.balance() == Money.rub(500)
    shop.clock.advance(2 * 86_400)
    await shop.refunds.finish()
    assert await shop.balance() == ZERO
    await shop.refunds.finish()
    assert len(shop.till.refunds) == 1


@pytest.mark.parametrize("ends", ["succeeded", "canceled"])
async def test_a_refund_that_takes_its_time_is_waited_for_and_never_made_beside_it(shop: KassaShop, ends: str) -> None:
    charge = await shop.paid()
    await shop.sim("refunding", status="pending")
    assert await shop.refunds.refund(GATEWAY, charge) is OPEN
    shop.clock.advance(3 * 86_400)
    await shop.refunds.finish()
    (pending,) = shop.till.refunds.values()
    assert await shop.balance() == Money.rub(500)
    await shop.sim("settle", refund_id=pending.id, status=ends)
    await shop.sim("refunding", status="succeeded")
    await shop.refunds.finish()
    assert await shop.refunds.refund(GATEWAY, charge) is DONE
    assert await shop.balance() == ZERO
    assert sum(refund.status == "succeeded" for refund in shop.till.refunds.values()) == 1


async def test_a_refund_that_yookassa_refuses_changes_nothing_and_can_be_asked_for_anew(shop: KassaShop) -> None:
    charge = await shop.paid()
    await shop.sim("refunding", status="canceled")
    assert await shop.refunds.refund(GATEWAY, charge) is REFUSED
    assert await shop.balance() == Money.rub(500)
    await shop.sim("refunding", status="succeeded")
    assert await shop.refunds.refund(GATEWAY, charge) is DONE
    assert await shop.balance() == ZERO


async def test_a_charge_of_a_stranger_is_given_back_without_anybodys_balance_changing(shop: KassaShop) -> None:
    wish = {
        "amount": {"value": "90.00", "currency": "RUB"},
        "capture": True,
        "confirmation": {"type": "redirect", "return_url": "https://shop.example"},
    }
    charge = await shop.pays(shop.till.create(wish, "theirs").id)
    assert await shop.refunds.refund(GATEWAY, charge) is DONE
    assert [status for _, _, status in await shop.receipts()] == ["unmatched", "unmatched"]
    (listed,) = await shop.refunds.charges(10)
    assert listed.is_refunded
    assert await shop.balance() == ZERO


async def test_what_nobody_knows_of_or_can_give_back_is_told_apart(shop: KassaShop) -> None:
    with pytest.raises(NotFound):
        await shop.refunds.refund(GATEWAY, "22e12f66-000f-5000-8000-18db351245c7")
    with pytest.raises(MethodUnavailable):
        await shop.refunds.refund("cryptobot", "1")
