"""Payments in Stars on the Bot API emulator: invoices, checkouts, charges, the list, refunds, and refusals."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram.types import LabeledPrice

from tests.sandbox.bot_api import MAX, NINA, STRANGER, Stage, stage

Json = dict[str, Any]
INVOICE: Json = {
    "title": "Balance",
    "description": "Top-up by 150 ₽",
    "payload": "topup:17",
    "provider_token": "",
    "currency": "XTR",
    "prices": [{"label": "150 ₽", "amount": 112}],
}


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as ready:
        yield ready


async def paying(scene: Stage, person: int = NINA, error: str | None = None, **asked: Any) -> Json:
    """Pay, with a bot that answers the checkout at once."""
    async with asyncio.TaskGroup() as tasks:
        payment = tasks.create_task(scene.act("pay", person=person, **asked))
        query = await checkout(scene)
        verdict = {"ok": False, "error_message": error} if error else {"ok": True}
        assert (await scene.call("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], **verdict))["ok"]
    done: Json = payment.result()
    return done


async def checkout(scene: Stage) -> Json:
    (update,) = (await scene.call("getUpdates", timeout=20))["result"]
    await scene.call("getUpdates", offset=update["update_id"] + 1)
    query: Json = update["pre_checkout_query"]
    return query


async def link(scene: Stage, **changes: Any) -> str:
    made: str = (await scene.call("createInvoiceLink", **{**INVOICE, **changes}))["result"]
    return made


async def test_a_link_is_paid_and_bot_and_chat_hear_of_it(scene: Stage) -> None:
    where = await link(scene)
    assert where.startswith("https://t.me/$")
    before = (await scene.ask("invoice", person=NINA, link=where))["balance"]
    done = await paying(scene, link=where)
    assert done["paid"]
    assert done["balance"] == before - 112
    (update,) = await scene.drained()
    paid = update["message"]["successful_payment"]
    assert paid["telegram_payment_charge_id"] == done["charge_id"]
    assert (paid["currency"], paid["total_amount"], paid["invoice_payload"]) == ("XTR", 112, "topup:17")
    assert update["message"]["from"]["id"] == NINA
    assert (await scene.shown())["text"] == "You paid 112 ⭐ for Balance"
    assert (await scene.call("getMyStarBalance"))["result"]["amount"] == 112


async def test_the_checkout_names_payer_price_and_payload(scene: Stage) -> None:
    where = await link(scene)
    async with asyncio.TaskGroup() as tasks:
        payment = tasks.create_task(scene.act("pay", person=STRANGER, link=where))
        query = await checkout(scene)
        assert query["from"]["id"] == STRANGER
        assert (query["currency"], query["total_amount"], query["invoice_payload"]) == ("XTR", 112, "topup:17")
        await scene.call("answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True)
        assert "query is too old" in await scene.refusal(
            "answerPreCheckoutQuery", pre_checkout_query_id=query["id"], ok=True
        )
    assert payment.result()["paid"]


async def test_a_refused_checkout_takes_nothing_and_the_payer_reads_why(scene: Stage) -> None:
    done = await paying(scene, link=await link(scene), error="Этот счёт закрыт")
    assert (done["paid"], done["error"], done["charge_id"]) == (False, "Этот счёт закрыт", None)
    assert (await scene.call("getStarTransactions"))["result"]["transactions"] == []


async def test_a_bot_that_does_not_answer_in_time_gets_nothing() -> None:
    async with stage() as scene:
        scene.telegram.stars.checkout_seconds = 0.01
        done = await scene.act("pay", person=NINA, link=await link(scene))
        assert (done["paid"], done["error"]) == (False, "The bot did not answer in time.")


async def test_one_link_is_paid_twice_and_a_refund_has_the_id_of_its_charge(scene: Stage) -> None:
    where = await link(scene)
    first = await paying(scene, link=where)
    await scene.drained()
    second = await paying(scene, MAX, link=where)
    await scene.drained()
    charge = first["charge_id"]
    assert await scene.bot.refund_star_payment(NINA, charge)
    (update,) = await scene.drained()
    assert update["message"]["refunded_payment"]["telegram_payment_charge_id"] == charge
    listed = (await scene.bot.get_star_transactions()).transactions
    assert [row.id for row in listed] == [charge, second["charge_id"], charge]
    assert [row.receiver is not None for row in listed] == [False, False, True]
    assert (await scene.bot.get_star_transactions(offset=2, limit=1)).transactions == listed[2:]
    assert (await scene.call("getMyStarBalance"))["result"]["amount"] == 112
    again = {"user_id": NINA, "telegram_payment_charge_id": charge}
    assert await scene.refusal("refundStarPayment", **again) == "Bad Request: CHARGE_ALREADY_REFUNDED"
    foreign = {"user_id": MAX, "telegram_payment_charge_id": charge}
    assert await scene.refusal("refundStarPayment", **foreign) == "Bad Request: CHARGE_NOT_FOUND"


async def test_a_lost_update_leaves_the_charge_in_the_list(scene: Stage) -> None:
    await scene.act("faults", match="update:successful_payment", action="drop_before")
    done = await paying(scene, link=await link(scene))
    assert done["paid"]
    assert await scene.drained() == []
    (row,) = (await scene.call("getStarTransactions"))["result"]["transactions"]
    assert (row["id"], row["source"]["invoice_payload"]) == (done["charge_id"], "topup:17")


async def test_an_invoice_card_is_paid_by_its_button(scene: Stage) -> None:
    sent = await scene.bot.send_invoice(
        NINA, "Balance", "Top-up", "topup:1", "XTR", prices=[LabeledPrice(label="x", amount=5)], provider_token=""
    )
    assert sent.invoice is not None
    assert sent.invoice.total_amount == 5
    card = await scene.shown()
    assert card["invoice"] == {"title": "Balance", "description": "Top-up", "currency": "XTR", "total_amount": 5}
    assert card["buttons"] == [[{"text": "Pay ⭐5", "kind": "pay"}]]
    assert (await paying(scene, message_id=card["id"]))["paid"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"title": ""}, "title"),
        ({"title": "я" * 33}, "title"),
        ({"description": "я" * 256}, "description"),
        ({"payload": ""}, "PAYLOAD"),
        ({"payload": "я" * 65}, "PAYLOAD"),
        ({"currency": "RUB"}, "PAYMENT_PROVIDER_INVALID"),
        ({"provider_token": "1:TEST"}, "PAYMENT_PROVIDER_INVALID"),
        ({"prices": []}, "STARS_INVOICE_INVALID"),
        ({"prices": [{"label": "a", "amount": 1}, {"label": "b", "amount": 1}]}, "STARS_INVOICE_INVALID"),
        ({"prices": [{"label": "a", "amount": 0}]}, "TOTAL_AMOUNT"),
        ({"prices": [{"label": "a", "amount": 100_001}]}, "TOTAL_AMOUNT"),
    ],
)
async def test_an_invoice_that_telegram_would_refuse_is_refused(scene: Stage, changes: Json, reason: str) -> None:
    assert reason in await scene.refusal("createInvoiceLink", **{**INVOICE, **changes})
    assert reason in await scene.refusal("sendInvoice", chat_id=NINA, **{**INVOICE, **changes})


async def test_the_longest_payload_is_counted_in_bytes(scene: Stage) -> None:
    assert await link(scene, payload="я" * 64)


async def test_a_pay_button_belongs_to_invoices_only(scene: Stage) -> None:
    markup = {"inline_keyboard": [[{"text": "Pay", "pay": True}]]}
    assert "BUTTON_TYPE_INVALID" in await scene.refusal("sendMessage", chat_id=NINA, text="x", reply_markup=markup)
    other = {"inline_keyboard": [[{"text": "no", "callback_data": "x"}]]}
    assert "pay button" in await scene.refusal("sendInvoice", chat_id=NINA, **INVOICE, reply_markup=other)


async def test_a_refusal_needs_words_and_a_charge_must_exist(scene: Stage) -> None:
    assert "error message" in await scene.refusal("answerPreCheckoutQuery", pre_checkout_query_id="1", ok=False)
    unknown = {"user_id": NINA, "telegram_payment_charge_id": "none"}
    assert await scene.refusal("refundStarPayment", **unknown) == "Bad Request: CHARGE_NOT_FOUND"
