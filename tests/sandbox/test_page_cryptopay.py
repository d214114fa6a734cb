import pytest
from playwright.async_api import Page, expect

from tests.sandbox.chat_steps import key, link, start
from tests.sandbox.console_world import NINA, World

pytestmark = pytest.mark.browser
HEADERS = {"Crypto-Pay-API-Token": "1:till"}


async def made(world: World, **more: object) -> dict[str, str]:
    asked = {"currency_type": "fiat", "fiat": "RUB", "amount": "500", "expires_in": 600, **more}
    async with world.http.post(f"{world.cryptopay_url}/api/createInvoice", json=asked, headers=HEADERS) as answer:
        invoice: dict[str, str] = (await answer.json())["result"]
        return invoice


async def test_an_invoice_of_cryptobot_is_paid_in_the_coin_that_was_chosen(page: Page, world: World) -> None:
    invoice = await made(world)
    await start(page)
    await world.say(NINA, "Счёт", [link("Оплатить", invoice["bot_invoice_url"])])
    await key(page, "Оплатить").click()
    await expect(page.get_by_test_id("crypto-amount")).to_have_text("500 RUB")
    await page.get_by_test_id("crypto-asset").select_option("TON")
    await page.get_by_test_id("crypto-pay").click()
    await expect(page.get_by_test_id("crypto-result")).to_contain_text("2.27272727 TON sent")
    await page.get_by_test_id("crypto-done").click()
    await key(page, "Оплатить").click()
    await expect(page.get_by_test_id("crypto-result")).to_contain_text("TON sent")


async def test_an_invoice_that_has_expired_or_is_unknown_can_not_be_paid(page: Page, world: World) -> None:
    invoice = await made(world)
    world.clock.advance(601)
    await start(page)
    await world.say(NINA, "Счёт", [link("Оплатить", invoice["bot_invoice_url"])])
    await world.say(NINA, "Чужой", [link("Другой", "https://t.me/CryptoBot?start=IVnothere")])
    await key(page, "Оплатить").click()
    await expect(page.get_by_test_id("crypto-result")).to_contain_text("has expired")
    await page.get_by_test_id("crypto-done").click()
    await key(page, "Другой").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("knows no such invoice")
