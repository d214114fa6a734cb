"""Stars on the real engine and the emulated Bot API: who may pay, what is booked, what is found, what is given back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from unittest.mock import AsyncMock

import pytest
from sqlalchemy import text

from app.domain.errors import NotFound, StorageUnavailable
from app.domain.money import Money
from app.domain.payment import PaymentStatus
from app.services.refunds import RefundStatus
from app.services.stars import StarPayments
from tests.support.bot_world import until
from tests.support.star_shop import StarShop, star_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from app.repo.db import Database
    from app.utils.redis import Cache

TEN_MINUTES = 600
STARS = "stars"


@pytest.fixture
async def shop(database: Database, cache: Cache, tmp_path: Path) -> AsyncIterator[StarShop]:
    async with star_shop(database, cache, tmp_path) as shop:
        shop.listen()
        yield shop
        await shop.audit()


async def settled(shop: StarShop, updates: int) -> None:
    """All updates that carry money came, and nothing of them is open."""
    await until(lambda: sum("message" in raw or "pre_checkout_query" in raw for raw in shop.intake.raw) >= updates)
    await until(lambda: len(shop.world.telegram.updates) == 0)
    while await shop.unhandled():  # noqa: ASYNC110 - a row in the database tells nobody that it changed
        await asyncio.sleep(0)


async def test_a_paid_invoice_brings_exactly_its_amount(shop: StarShop) -> None:
    ann = await shop.customer()
    invoice = await shop.invoice(ann, 150)
    assert invoice.stars == 112
    done = await shop.pays(ann, invoice)
    assert done["paid"]
    await settled(shop, 2)
    assert await shop.balance(ann) == Money.rub(150)
    assert (await shop.payments.of_owner(ann, invoice.payment_id)).status is PaymentStatus.CONFIRMED


async def test_the_pay_sheet_speaks_the_owners_language(shop: StarShop) -> None:
    ann = await shop.customer()
    await shop.users.set_language(ann, "ru")
    invoice = await shop.invoice(ann)
    shown = await shop.world.seen(f"invoice?person={ann}&link={invoice.pay_url}")
    assert shown["title"] == "Баланс OrbitVPN"
    assert "150" in shown["description"]


async def test_a_second_charge_of_one_link_is_real_money_at_its_worth(shop: StarShop) -> None:
    ann = await shop.customer()
    invoice = await shop.invoice(ann, 150)
    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(shop.pays(ann, invoice)) for _ in range(2)]
    # A bot that books the first before it judges the second refuses that one; either way nothing is lost.
    charged = [one.result()["charge_id"] for one in both if one.result()["paid"]]
    await settled(shop, 2 + len(charged))
    expected = Money.rub(150) + Money.rub("151.20") if len(charged) == 2 else Money.rub(150)
    assert await shop.balance(ann) == expected


async def test_charges_whose_updates_were_lost_are_found_by_reconciliation(shop: StarShop) -> None:
    await shop.world.misbehaves("update:successful_payment", "drop_before", times=-1)
    ann = await shop.customer()
    invoice = await shop.invoice(ann, 150)
    assert (await shop.pays(ann, invoice))["paid"]
    assert (await shop.pays(ann, invoice))["paid"]  # the shop does not know of the first yet
    assert await shop.balance(ann) == Money.rub(0)
    assert await shop.reconciliation.run_once() == 2
    assert await shop.balance(ann) == Money.rub(150) + Money.rub("151.20")
    assert await shop.reconciliation.run_once() == 0


async def test_a_list_of_many_pages_is_read_once_and_then_from_its_end(shop: StarShop) -> None:
    await shop.world.misbehaves("update:successful_payment", "drop_before", times=-1)
    ann = await shop.customer()
    invoice = await shop.invoice(ann, 50)
    for _ in range(250):
        shop.world.telegram.stars.charge(ann, shop.world.telegram.stars.at_link(invoice.pay_url), 1_790_000_000)  # type: ignore[arg-type]  # there is one
    assert await shop.reconciliation.run_once() == 250
    assert await shop.balance(ann) == Money.rub(50) + Money(249 * 5130)
    calls = await shop.world.calls("getStarTransactions")
    assert await shop.reconciliation.run_once() == 0
    assert await shop.world.calls("getStarTransactions") == calls + 2


async def test_a_page_of_the_list_that_was_not_booked_to_its_end_is_read_again(
    shop: StarShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.world.misbehaves("update:successful_payment", "drop_before", times=-1)
    ann = await shop.customer()
    invoice = await shop.invoice(ann, 50)
    asked = shop.world.telegram.stars.at_link(invoice.pay_url)
    assert asked is not None
    for _ in range(250):
        shop.world.telegram.stars.charge(ann, asked, 1_790_000_000)
    # The process dies where the first page has been read; OVERLAP would hide one that was passed over by less.
    monkeypatch.setattr(StarPayments, "book_row", AsyncMock(side_effect=StorageUnavailable))
    for _ in range(3):
        with pytest.raises(StorageUnavailable):
            await shop.reconciliation.run_once()
    monkeypatch.undo()
    assert await shop.reconciliation.run_once() == 250


async def test_an_update_that_comes_three_times_is_booked_once(shop: StarShop) -> None:
    ann = await shop.customer()
    await shop.pays(ann, await shop.invoice(ann))
    await settled(shop, 2)
    for raw in list(shop.intake.raw) * 3:
        await shop.again(raw)
    assert await shop.reconciliation.run_once() == 0
    assert await shop.balance(ann) == Money.rub(150)


async def test_fifty_deliveries_of_one_update_at_once_to_as_many_replicas_are_booked_once(shop: StarShop) -> None:
    ann = await shop.customer()
    await shop.pays(ann, await shop.invoice(ann))
    await settled(shop, 2)
    (paid,) = [raw for raw in shop.intake.raw if "successful_payment" in raw.get("message", {})]
    await asyncio.gather(*(shop.again(paid) for _ in range(50)))
    assert await shop.balance(ann) == Money.rub(150)


async def test_the_inviter_gets_the_bonus_for_a_first_payment_in_stars(shop: StarShop) -> None:
    ann = await shop.customer()
    bob = await shop.customer("Bob", inviter=ann)
    await shop.pays(bob, await shop.invoice(bob))
    await settled(shop, 2)
    assert await shop.balance(ann) == Money.rub(50)


async def refused(shop: StarShop, payer: int, invoice: object) -> str:
    done = await shop.pays(payer, invoice)  # type: ignore[arg-type]  # an invoice of this shop
    assert done["paid"] is False
    assert shop.world.telegram.stars.transfers == []
    return str(done["error"])


async def test_an_expired_invoice_is_refused_before_the_reconciliation_ends_it(shop: StarShop) -> None:
    ann = await shop.customer()
    invoice = await shop.invoice(ann)
    shop.clock.advance(TEN_MINUTES + 1)
    assert "expired" in await refused(shop, ann, invoice)
    assert (await shop.payments.of_owner(ann, invoice.payment_id)).status is PaymentStatus.PENDING
    shop.clock.advance(60)
    await shop.reconciliation.run_once()
    assert (await shop.payments.of_owner(ann, invoice.payment_id)).status is PaymentStatus.FAILED


async def test_a_cancelled_invoice_is_refused(shop: StarShop) -> None:
    ann = await shop.customer()
    invoice = await shop.invoice(ann)
    await shop.payments.cancel(ann, invoice.payment_id)
    assert "closed" in await refused(shop, ann, invoice)


async def test_a_foreign_payer_is_refused_in_their_own_language(shop: StarShop) -> None:
    ann, bob = await shop.customer(), await shop.customer("Bob")
    await shop.users.set_language(bob, "ru")
    assert "другой человек" in await refused(shop, bob, await shop.invoice(ann))


async def test_a_changed_price_is_refused(shop: StarShop) -> None:
    ann = await shop.customer()
    invoice = await shop.invoice(ann)
    await shop.database.run(text("UPDATE payments SET stars = 111"))
    assert "changed" in await refused(shop, ann, invoice)


async def test_a_paid_invoice_is_refused(shop: StarShop) -> None:
    ann = await shop.customer()
    invoice = await shop.invoice(ann)
    await shop.pays(ann, invoice)
    await settled(shop, 2)
    done = await shop.pays(ann, invoice)
    assert "has been paid" in done["error"]


@pytest.mark.parametrize("payload", ["topup:999999", "topup:0", "17", "topup:17 ", "topup:99999999999999999999"])
async def test_an_unknown_payload_is_refused(shop: StarShop, payload: str) -> None:
    ann = await shop.customer()
    link = await shop.bot.create_invoice_link("x", "x", payload, "XTR", [{"label": "x", "amount": 1}])  # type: ignore[list-item]  # aiogram takes dictionaries too
    done = await shop.world.sim("pay", person=ann, link=link)
    assert "closed" in done["error"]


async def test_money_that_comes_after_the_end_of_its_invoice_is_credited(shop: StarShop) -> None:
    await shop.world.misbehaves("update:successful_payment", "drop_before")
    ann = await shop.customer()
    invoice = await shop.invoice(ann)
    await shop.pays(ann, invoice)
    await shop.payments.cancel(ann, invoice.payment_id)
    await shop.reconciliation.run_once()
    assert await shop.balance(ann) == Money.rub(150)
    assert (await shop.payments.of_owner(ann, invoice.payment_id)).status is PaymentStatus.CONFIRMED


async def paid(shop: StarShop, person: int) -> str:
    done = await shop.pays(person, await shop.invoice(person))
    await settled(shop, 2)
    return str(done["charge_id"])


async def test_a_refund_takes_the_balance_back_once(shop: StarShop) -> None:
    ann = await shop.customer()
    charge = await paid(shop, ann)
    assert await shop.refunds.refund(STARS, charge) is RefundStatus.DONE
    assert await shop.refunds.refund(STARS, charge) is RefundStatus.DONE
    await settled(shop, 3)
    await shop.reconciliation.run_once()
    assert await shop.balance(ann) == Money.rub(0)
    assert shop.world.telegram.stars.earned() == 0
    (listed,) = await shop.refunds.charges(10)
    assert (listed.is_refunded, listed.debt) == (True, Money.rub(0))


async def test_a_refund_of_spent_money_books_a_debt(shop: StarShop) -> None:
    ann = await shop.customer()
    charge = await paid(shop, ann)
    await shop.spend(ann, 100)
    assert await shop.refunds.refund(STARS, charge) is RefundStatus.DONE
    await settled(shop, 3)
    assert await shop.balance(ann) == Money.rub(0)
    (listed,) = await shop.refunds.charges(10)
    assert listed.debt == Money.rub(100)


async def test_a_refund_by_telegram_itself_is_booked_even_before_its_charge(shop: StarShop) -> None:
    ann = await shop.customer()
    await shop.world.misbehaves("update:successful_payment", "drop_before")
    done = await shop.pays(ann, await shop.invoice(ann))
    await shop.bot.refund_star_payment(ann, done["charge_id"])
    await settled(shop, 2)
    await shop.reconciliation.run_once()
    assert await shop.balance(ann) == Money.rub(0)
    rows = await shop.database.run(text("SELECT direction FROM receipts ORDER BY 1"))
    assert [row.direction for row in rows] == ["in", "out"]


async def test_a_refund_whose_answer_is_lost_is_resolved_by_the_list(shop: StarShop) -> None:
    ann = await shop.customer()
    charge = await paid(shop, ann)
    await shop.world.misbehaves("refundStarPayment", "drop_after")
    assert await shop.refunds.refund(STARS, charge) is RefundStatus.DONE
    assert await shop.balance(ann) == Money.rub(0)


async def test_a_refund_that_telegram_never_heard_of_stays_open_and_is_finished_later(shop: StarShop) -> None:
    ann = await shop.customer()
    charge = await paid(shop, ann)
    await shop.world.misbehaves("refundStarPayment", "drop_before")
    assert await shop.refunds.refund(STARS, charge) is RefundStatus.OPEN
    assert await shop.balance(ann) == Money.rub(150)
    await shop.refunds.finish()
    assert await shop.balance(ann) == Money.rub(0)
    await shop.refunds.finish()
    assert await shop.world.calls("refundStarPayment") == 2


async def test_a_charge_of_a_stranger_waits_for_the_operator_and_can_be_refunded(shop: StarShop) -> None:
    stranger = await shop.world.person("Eve")
    link = await shop.bot.create_invoice_link("x", "x", "elsewhere", "XTR", [{"label": "x", "amount": 7}])  # type: ignore[list-item]  # see above
    asked = shop.world.telegram.stars.at_link(link)
    assert asked is not None
    charge = shop.world.telegram.stars.charge(stranger, asked, 1_790_000_000)
    await shop.reconciliation.run_once()
    (listed,) = await shop.refunds.charges(10)
    assert listed.credited is None
    assert await shop.refunds.refund(STARS, charge.id) is RefundStatus.DONE
    assert shop.world.telegram.stars.earned() == 0


async def test_an_unknown_charge_is_not_found(shop: StarShop) -> None:
    with pytest.raises(NotFound):
        await shop.refunds.refund(STARS, "stx-none")
