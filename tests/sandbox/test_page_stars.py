import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, expect

from tests.sandbox.chat_steps import key, link, start
from tests.sandbox.console_world import NINA, World

pytestmark = pytest.mark.browser

INVOICE = {
    "title": "Баланс OrbitVPN",
    "description": "Пополнение баланса на 150 ₽",
    "payload": "topup:17",
    "provider_token": "",
    "currency": "XTR",
    "prices": [{"label": "150 ₽", "amount": 112}],
}


@asynccontextmanager
async def answering(world: World, **verdict: object) -> AsyncIterator[None]:
    """A bot that says the same to every checkout."""

    async def answers() -> None:
        offset = 0
        while True:
            for update in await world.call("getUpdates", offset=offset, timeout=20):
                offset = update["update_id"] + 1
                if "pre_checkout_query" in update:
                    query = update["pre_checkout_query"]["id"]
                    await world.call("answerPreCheckoutQuery", pre_checkout_query_id=query, **verdict)

    bot = asyncio.get_running_loop().create_task(answers())
    try:
        yield
    finally:
        bot.cancel()


async def test_the_button_of_an_invoice_link_opens_a_sheet_and_pays(page: Page, world: World) -> None:
    await start(page)
    where = await world.call("createInvoiceLink", **INVOICE)
    await world.say(NINA, "Счёт", [link("Оплатить 112 ⭐", where)])
    await key(page, "Оплатить 112 ⭐").click()
    await expect(page.get_by_test_id("stars-title")).to_have_text("Баланс OrbitVPN")
    await expect(page.get_by_test_id("stars-price")).to_have_text("112 ⭐")
    async with answering(world, ok=True):
        await page.get_by_test_id("stars-pay").click()
        await expect(page.get_by_test_id("stars-result")).to_have_text("112 ⭐ paid")
    await page.get_by_test_id("stars-done").click()
    await expect(page.locator(".message.service .text")).to_have_text("You paid 112 ⭐ for Баланс OrbitVPN")
    (row,) = (await world.call("getStarTransactions"))["transactions"]
    assert row["amount"] == 112


async def test_a_refused_payment_shows_the_bots_words_and_can_be_tried_again(page: Page, world: World) -> None:
    await start(page)
    where = await world.call("createInvoiceLink", **INVOICE)
    await world.say(NINA, f'<a href="{where}">счёт</a>')
    await page.get_by_role("link", name="счёт").click()
    async with answering(world, ok=False, error_message="Этот счёт <b>закрыт</b>"):
        await page.get_by_test_id("stars-pay").click()
        await expect(page.get_by_test_id("stars-error")).to_have_text("Этот счёт <b>закрыт</b>")
    await expect(page.get_by_test_id("stars-pay")).to_be_enabled()
    assert (await world.call("getStarTransactions"))["transactions"] == []


async def test_an_invoice_card_is_drawn_and_paid_by_its_button(page: Page, world: World) -> None:
    await start(page)
    await world.call("sendInvoice", chat_id=NINA, **INVOICE)
    card = page.get_by_test_id("message").last
    await expect(card).to_contain_text("Баланс OrbitVPN")
    await expect(card.locator(".price")).to_have_text("112 ⭐")
    await key(page, "Pay ⭐112").click()
    async with answering(world, ok=True):
        await page.get_by_test_id("stars-pay").click()
        await expect(page.get_by_test_id("stars-result")).to_be_visible()


async def test_a_link_to_no_invoice_is_said_to_be_none(page: Page, world: World) -> None:
    await start(page)
    await world.say(NINA, "Счёт", [link("Оплатить", "https://t.me/$nothing")])
    await key(page, "Оплатить").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("there is no invoice")
