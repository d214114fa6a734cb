"""Who has too little pays in the same go: one press, one payment, one message, and the plan is theirs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.core.actions import PayFor
from app.locales.locales import translator
from app.repo.audit import breaks
from sandbox.telegram import checkout
from tests.support.shop_floor import labels, newest, shop_floor, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from sandbox.telegram.people import Person
    from tests.support.shop_floor import ShopFloor

EN = translator("en")
PAY, SUBSCRIPTION = "Pay 349", "Subscription for 3 months"
SOLD = text("SELECT plan_key FROM purchases")
LAST_LINK = text("SELECT pay_url FROM payments ORDER BY id DESC LIMIT 1")
PAST_THE_DEADLINE = 700


@pytest.fixture
async def floor(tmp_path: Path, database: Database, database_url: URL, redis: Redis) -> AsyncIterator[ShopFloor]:
    """A shop that takes coins and Stars; its books are right in the end."""
    del database  # emptied, which is all that is wanted of it
    async with shop_floor(tmp_path, database_url, redis, stars_enabled=True) as opened:
        yield opened
        assert await breaks(opened.database) == []


async def wants(floor: ShopFloor, nina: Person, label: str, way: str) -> None:
    """From the menu to the invoice for three months."""
    await floor.rested()
    await floor.says(nina, "/menu")
    for pressed in (EN.plain("menu.renew"), "3 months", label, way):
        await floor.press(nina, pressed)


async def sold(floor: ShopFloor) -> list[str]:
    return [row.plan_key for row in await floor.database.run(SOLD)]


def said(nina: Person) -> list[str]:
    """All that the bot's messages in the chat say."""
    return [message.content.text.text for message in nina.messages.values() if message.by_bot]


async def test_coins_buy_the_plan_by_themselves_and_one_message_says_so(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await wants(floor, nina, PAY, "GRAM")
    assert shown(nina).startswith(f"💎 {SUBSCRIPTION} · 349")
    before = len(said(nina))
    await floor.pays_last_invoice()
    await floor.work()
    assert shown(nina).startswith(f"✅ Paid! {SUBSCRIPTION}")
    assert (await sold(floor), len(said(nina))) == (["sub_3m"], before + 1)
    assert not any("topped up" in words for words in said(nina))
    await floor.press(nina, EN.plain("vpn.new"))
    await floor.work()
    assert "/sub/" in shown(nina)


async def test_stars_name_the_plan_on_their_sheet_and_buy_it(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.click(nina, "new:wish")
    await floor.work()
    await wants(floor, nina, PAY, "Telegram Stars")
    (link,) = await floor.database.run(LAST_LINK)
    asked = checkout.invoice_of(floor.telegram, nina, None, link.pay_url)
    assert asked.title == SUBSCRIPTION
    paying = asyncio.create_task(checkout.pay(floor.telegram, nina, asked))  # noqa: TID251 - awaited below
    await asyncio.sleep(0)
    await floor.deliver()
    assert (await paying).charge is not None
    await floor.deliver()
    await floor.work()
    assert shown(nina).startswith(f"✅ Paid! {SUBSCRIPTION}")
    assert await sold(floor) == ["sub_3m"]
    # Who has a config already is a press away from it.
    await floor.press(nina, EN.plain("menu.vpn"))
    assert "/sub/" in shown(nina)


async def test_a_gift_that_is_paid_for_comes_with_its_link(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await wants(floor, nina, EN.plain("gift.buy"), "GRAM")
    assert shown(nina).startswith("💎 Gift: subscription for 3 months")
    await floor.pays_last_invoice()
    await floor.work()
    assert "?start=gift_" in shown(nina)
    assert await floor.database.run(text("SELECT code FROM gifts"))


async def test_an_expired_invoice_leads_to_another_one_for_the_same(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await wants(floor, nina, PAY, "GRAM")
    floor.world.clock.advance(PAST_THE_DEADLINE)
    await floor.work()
    assert "expired" in shown(nina)
    await floor.rested()
    for pressed in (PAY, "GRAM"):
        await floor.press(nina, pressed)
    await floor.pays_last_invoice()
    await floor.work()
    assert shown(nina).startswith(f"✅ Paid! {SUBSCRIPTION}")
    assert await sold(floor) == ["sub_3m"]


async def test_money_for_what_was_cancelled_stays_on_the_balance(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await wants(floor, nina, PAY, "GRAM")
    await floor.press(nina, EN.plain("invoice.cancel"))
    await floor.pays_last_invoice()
    await floor.work()
    assert "topped up" in shown(nina)
    assert await sold(floor) == []


async def test_the_payment_button_of_a_plan_that_is_paid_by_now_just_buys_it_once(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await wants(floor, nina, PAY, "GRAM")
    await floor.press(nina, EN.plain("invoice.cancel"))
    plan = floor.app.settings.catalogue().get("sub_3m")
    again = PayFor(key=plan.key, version=plan.version, intent="one", is_gift=False, method="ton").pack()
    await floor.tops_up(nina, 400)
    for _ in range(2):
        await floor.rested()
        await floor.click(nina, again, newest(nina))
        assert shown(nina).startswith("✅ Subscription paid")
    assert await sold(floor) == ["sub_3m"]


async def test_a_renewal_says_from_when_to_when_and_little_that_is_missing_is_rounded_up(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.tops_up(nina, 340)
    await floor.says(nina, "/menu")
    for pressed in (EN.plain("menu.renew"), "3 months"):
        await floor.press(nina, pressed)
    assert " → " in shown(nina)
    assert "9\u00a0₽ short" in shown(nina)
    assert labels(nina)[0] == EN.plain("buy.pay", amount="50\u00a0₽")


async def test_a_button_that_nobody_was_given_opens_nothing(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await wants(floor, nina, PAY, "GRAM")
    for data in (
        "for:sub_3m:0000:i:0:ton",
        "for:nothing:0000:i:0:ton",
        "for:sub_3m:0000-99:i:0:ton",
        "for:sub_3m:0000:i:2:ton",
        "for:sub_3m",
    ):
        await floor.rested()
        await floor.click(nina, data)
    assert len(await floor.database.run(text("SELECT id FROM payments"))) == 1
