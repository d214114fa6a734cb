import pytest
from playwright.async_api import Page, expect

from tests.sandbox.chat_steps import key, link, start
from tests.sandbox.console_world import NINA, World

pytestmark = pytest.mark.browser
BASIC = {"Authorization": "Basic MTAwNTAwOnRlc3Rfc2hvcA=="}
WISH = {
    "amount": {"value": "1290.00", "currency": "RUB"},
    "capture": True,
    "confirmation": {"type": "redirect", "return_url": "https://t.me/orbit_sandbox_bot"},
    "description": "OrbitVPN #17",
}


async def made(world: World, number: str) -> str:
    headers = BASIC | {"Idempotence-Key": number}
    async with world.http.post(f"{world.yookassa_url}/v3/payments", json=WISH, headers=headers) as answer:
        url: str = (await answer.json())["confirmation"]["confirmation_url"]
        return url


@pytest.mark.parametrize(("way", "shown"), [("bank_card", "Bank card"), ("sbp", "SBP")])
async def test_a_payment_is_made_by_the_way_that_was_chosen(page: Page, world: World, way: str, shown: str) -> None:
    await start(page)
    await world.say(NINA, "Счёт", [link("Оплатить", await made(world, "1"))])
    await key(page, "Оплатить").click()
    await expect(page.get_by_test_id("kassa-amount")).to_have_text("1,290.00 ₽")
    await page.get_by_test_id(f"kassa-{way}").check()
    await page.get_by_test_id("kassa-pay").click()
    await expect(page.get_by_test_id("kassa-result")).to_contain_text(shown)
    await page.get_by_test_id("kassa-done").click()
    await key(page, "Оплатить").click()
    await expect(page.get_by_test_id("kassa-result")).to_contain_text("Paid")


async def test_a_payment_can_be_declined_and_one_that_expired_or_is_unknown_can_not_be_made(
    page: Page, world: World
) -> None:
    unknown = "https://yoomoney.ru/checkout/payments/v2/contract?orderId=22e12f66-000f-5000-8000-18db351245c7"
    links = [link("Первый", await made(world, "1")), link("Второй", await made(world, "2")), link("Чужой", unknown)]
    await start(page)
    await world.say(NINA, "Счета", *[[each] for each in links])
    await key(page, "Первый").click()
    await page.get_by_test_id("kassa-decline").click()
    await expect(page.get_by_test_id("kassa-result")).to_contain_text("declined")
    await page.get_by_test_id("kassa-done").click()
    world.clock.advance(3601)
    await key(page, "Второй").click()
    await expect(page.get_by_test_id("kassa-result")).to_contain_text("The time to pay is over")
    await page.get_by_test_id("kassa-done").click()
    await key(page, "Чужой").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("knows no such payment")
