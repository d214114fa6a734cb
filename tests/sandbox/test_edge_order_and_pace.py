"""Many updates of one person: in their order, not more than is good for anybody, and money is never held up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.locales.locales import translator
from app.utils.rate_limit import OTHER
from sandbox.faults import Fault
from sandbox.telegram import acts
from tests.support.shop_floor import NINA, newest, shown

if TYPE_CHECKING:
    from tests.support.shop_floor import ShopFloor

EN = translator("en")
FLOOD = OTHER.burst + 10
PAGES = ("vpn", "plans", "balance", "settings", "help", "home")
PAYMENT = {
    "currency": "XTR",
    "total_amount": 100,
    "invoice_payload": "1",
    "telegram_payment_charge_id": "charge",
    "provider_payment_charge_id": "",
}


async def test_twelve_quick_clicks_of_one_person_are_handled_in_their_order(floor: ShopFloor) -> None:
    nina = await floor.customer()
    message = newest(nina)
    # Were they side by side, the slow first would end last.
    floor.telegram.faults.add(Fault("editMessageText", "delay", seconds=0.2))
    clicks = [acts.click(floor.telegram, nina, message.id, f"m:{page}").id for page in PAGES * 2]
    await floor.deliver()
    edits = [call for call in floor.telegram.history.calls(0) if call.method == "editMessageText"]
    answers = [answer.query_id for answer in floor.telegram.history.answers(NINA, 0)]
    assert answers == clicks
    icons = [str(edit.params["text"])[0] for edit in edits]
    assert len(icons) == 12
    assert icons[:6] == icons[6:]
    assert shown(nina).startswith("🪐")


async def test_the_third_quick_start_is_told_to_wait(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.start(nina)
    assert EN.plain("menu.vpn") in str(newest(nina).keyboard)
    await floor.start(nina)
    assert shown(nina) == EN.plain("rate_limit", seconds=3)


async def test_a_flood_of_clicks_is_told_to_wait_on_the_button(floor: ShopFloor) -> None:
    nina = await floor.customer()
    answers = [await floor.click(nina, "m:home") for _ in range(FLOOD)]
    assert [answer.text for answer in answers[: OTHER.burst]] == [None] * OTHER.burst
    assert answers[-1].text == EN.plain("rate_limit", seconds=1)


async def test_one_persons_flood_holds_up_nobody_else(floor: ShopFloor) -> None:
    nina, max_ = await floor.customer(), await floor.customer(502, "Max")
    for _ in range(FLOOD):
        await floor.click(nina, "m:home")
    assert (await floor.click(max_, "m:home")).text is None


async def test_a_message_that_carries_money_is_never_told_to_wait(floor: ShopFloor) -> None:
    nina = await floor.customer()
    for _ in range(FLOOD):
        await floor.says(nina, "hello")
    held_up = EN.plain("rate_limit", seconds=1)
    assert shown(nina) == held_up
    sender = {"id": NINA, "is_bot": False, "first_name": "Nina", "language_code": "en"}
    for number in range(1, 11):
        told = newest(nina).id
        message = {"message_id": 9000 + number, "date": 1, "chat": {"id": NINA, "type": "private"}, "from": sender}
        update = {"update_id": number, "message": {**message, "successful_payment": PAYMENT}}
        await (await floor.app.intake.accept(update))
        assert all(m.content.text.text != held_up for m in nina.messages.values() if m.id > told)
