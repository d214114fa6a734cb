"""Clicks and amounts that no screen of ours asks for: each is answered, none is a fault, none changes a row."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from app.core.handlers import make_switchboard
from app.domain.money import Money
from app.locales.locales import translator
from app.services.topups import MAXIMUM, MINIMUM
from tests.support.rows import all_rows
from tests.support.shop_floor import NINA, newest, shown

if TYPE_CHECKING:
    from tests.support.shop_floor import ShopFloor

EN = translator("en")
STALE = (EN.plain("error.stale_button"), EN.plain("error.not_found"))
ID_PREFIXES = ("cfg", "key", "chk", "cxl", "wait")
NO_IDS = ("", "0", "-1", str(2**63), "9" * 59, "1e3", "1.0", "0x1", " 1", "1_0", "１", "٣", "NaN", "None", "a")
CLICKS = (
    *("", ":", "::", "m", "m:", "m:nowhere", "m:home:more", "M:home", " m:home", "m:home\n", "nope:1", "-", "null"),
    *(f"{prefix}:{number}" for prefix in ID_PREFIXES for number in NO_IDS),
    *("del:1", "del:1:maybe", "del:1:1:1", "del:-1:1", f"del:{'9' * 30}:1", "cfg:1:2", "new", "new:a:b"),
    *("plan:", "plan:sub_99m", "plan:sub_1m:1", "buy:sub_1m", "buy:sub_1m:x", "buy:sub_99m:x:y", "buy:sub_1m:x:y:z"),
    *("gift:sub_1m", "gift:sub_99m:x:y", "promo:CODE", "m:gifts:1"),
    *("top:", "top:-1", "top:1", "top:1e9", f"top:{'9' * 50}", "pay:ton:-1", "pay:ton:1", f"pay:ton:{'9' * 50}"),
    *("pay:ton", "pay:cash:10000", "pay::10000", "pay:ton:NaN", "lang:", "lang:xx", "lang:ru:en", "lang:__class__"),
    *("🙂" * 16, "м:домой", "m:\u202eemoh", "\u0000", "\u0000m:home", "\ufffd" * 21),
    *("x" * 64, "%s%n{0}", "'; DROP TABLE users"),
)
NO_AMOUNTS = (
    *("-1", "-0", "0", "0.00", "+100", "1e309", "1E+30", "1e3", "NaN", "sNaN", "Infinity", "-inf", "0x64", "1_000"),
    *("١٠٠", "１００", "१००", "½", "10 0", "100 rub", "100₽", "1,000.00", "1.000,00", "100.", ".5"),
    *("100.001", "100,555", "49.99", "100000.01", "9999999", "99999999", "9" * 4096, "100\n100", "100\u200b"),
    *("\u202e001", "1\u0000", "💯", "--", "<b>"),
)


async def test_a_click_with_any_data_is_answered_and_changes_nothing(floor: ShopFloor) -> None:
    nina = await floor.customer()
    before = await all_rows(floor.database)
    for data in CLICKS:
        await floor.says(nina, "/menu")
        answer = await floor.click(nina, data)
        # Who leaves a config that is not theirs to wait for is back in their own list.
        assert answer.text or shown(nina).startswith(STALE) or data.startswith("wait:"), data
        await floor.rested()
    assert await all_rows(floor.database) == before


async def test_five_hundred_random_bytes_and_mixtures_are_answered_too(floor: ShopFloor) -> None:
    nina = await floor.customer()
    dice, prefixes = Random(16), [*make_switchboard().prefixes]
    for _ in range(500):
        junk = "".join(chr(dice.choice((dice.randrange(1, 128), dice.randrange(0xA0, 0x3000)))) for _ in range(20))
        data = dice.choice((junk, f"{dice.choice(prefixes)}:{junk}", f"{dice.choice(prefixes)}:{junk[:9]}:{junk[9:]}"))
        await floor.click(nina, data)
        await floor.rested()


@pytest.mark.parametrize(
    "changes",
    [{"message": None}, {"message": {"chat": {"id": NINA, "type": "private"}, "message_id": 1, "date": 0}}],
    ids=["without its message", "on a message too old to be read"],
)
async def test_a_click_on_a_message_that_is_out_of_reach_is_answered(
    floor: ShopFloor, changes: dict[str, Any]
) -> None:
    nina = await floor.customer()
    await floor.says(nina, "/menu")
    query = floor.telegram.ask(nina)
    person = {"id": NINA, "is_bot": False, "first_name": "Nina", "language_code": "en"}
    body = {"id": query.id, "from": person, "chat_instance": "1", "data": "m:balance", **changes}
    body = {name: value for name, value in body.items() if value is not None}
    await (await floor.app.intake.accept({"update_id": 1, "callback_query": body}))
    assert [answer.query_id for answer in floor.telegram.history.answers(NINA, 0)] == [query.id]
    assert shown(nina).startswith("💰")


async def test_what_is_no_amount_is_refused_in_words_and_opens_nothing(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.click(nina, "top:0")
    before = await all_rows(floor.database)
    for amount in NO_AMOUNTS:
        await floor.says(nina, "/menu")
        await floor.click(nina, "top:0")
        await floor.says(nina, amount)
        assert shown(nina) == EN.plain("error.amount", minimum=EN.money(MINIMUM), maximum=EN.money(MAXIMUM)), amount
        await floor.rested()
    assert await all_rows(floor.database) == before


@pytest.mark.parametrize(("typed", "amount"), [("150", "150"), (" 150,5 ", "150.50"), ("100000", "100000")])
async def test_after_a_slip_the_right_amount_still_opens_an_invoice(floor: ShopFloor, typed: str, amount: str) -> None:
    nina = await floor.customer()
    await floor.click(nina, "top:0")
    await floor.says(nina, "a lot")
    await floor.says(nina, typed)
    assert EN.money(Money.rub(amount)) in shown(nina)
    assert newest(nina).content.photo is not None
    await floor.says(nina, typed)
    assert EN.plain("topup.use_buttons") in shown(nina)
