import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.sandbox.chat_steps import key, link, start
from tests.sandbox.console_world import MAX, NINA, World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "wallet", ["https://app.tonkeeper.com/transfer/", "https://app.keeperwallet.com/transfer/", "ton://transfer/"]
)
async def test_a_wallet_link_opens_the_wallet_filled_in_and_pays(page: Page, world: World, wallet: str) -> None:
    await start(page)
    url = f"{wallet}{world.merchant}?amount=590000000&text=ORB-7K2M"
    await world.say(NINA, f'Оплатите <a href="{url}">здесь</a>')
    await page.get_by_role("link", name="здесь").click()
    await expect(page.get_by_test_id("wallet-amount")).to_have_value("0.59")
    await expect(page.get_by_test_id("wallet-comment")).to_have_value("ORB-7K2M")
    await page.get_by_test_id("wallet-send").click()
    await expect(page.get_by_test_id("wallet-result")).to_contain_text("0.59 GRAM sent")
    (paid,) = await world.transactions()
    assert (paid["to"], paid["value_nano"], paid["comment"]) == (world.merchant, "590000000", "ORB-7K2M")


async def test_a_link_to_usdt_opens_the_wallet_for_it_and_a_fake_can_be_sent_instead(page: Page, world: World) -> None:
    await start(page)
    master = "EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs"
    url = f"https://app.keeperwallet.com/transfer/{world.merchant}?jetton={master}&amount=1590000&text=ORB-7K2M"
    await world.say(NINA, f'Оплатите <a href="{url}">здесь</a>')
    for asset, words in ((None, "1.59 USDT sent"), ("fake_usdt", "1.59 fake USDT sent")):
        await page.get_by_role("link", name="здесь").click()
        await expect(page.get_by_test_id("wallet-asset")).to_have_value("usdt")
        await expect(page.get_by_test_id("wallet-amount")).to_have_value("1.59")
        if asset:
            await page.get_by_test_id("wallet-asset").select_option(asset)
        await page.get_by_test_id("wallet-send").click()
        await expect(page.get_by_test_id("wallet-result")).to_contain_text(words)
        await page.get_by_test_id("wallet-done").click()
    fake, real = await world.transactions()
    assert (fake["jetton"], real["jetton"], real["units"], real["to"]) == (
        "fake_usdt", "usdt", "1590000", world.merchant,
    )  # fmt: skip


async def test_a_payment_can_be_sent_wrong_in_amount_and_without_its_comment(page: Page, world: World) -> None:
    await start(page)
    url = f"https://app.tonkeeper.com/transfer/{world.merchant}?amount=590000000&text=ORB-7K2M"
    await world.say(NINA, "Счёт", [link("Открыть кошелёк", url)])
    await key(page, "Открыть кошелёк").click()
    await page.get_by_test_id("wallet-amount").fill("0,000000001")
    await page.get_by_test_id("wallet-no-comment").check()
    await page.get_by_test_id("wallet-send").click()
    await expect(page.get_by_test_id("wallet-result")).to_contain_text("without a comment")
    (paid,) = await world.transactions()
    assert (paid["value_nano"], paid["comment"]) == ("1", None)


@pytest.mark.parametrize("amount", ["", "0", "-1", "1e3", "0.0000000001", "много"])
async def test_the_wallet_refuses_an_amount_that_is_none(page: Page, world: World, amount: str) -> None:
    await page.get_by_test_id("wallet-open").click()
    await page.get_by_test_id("wallet-to").fill(world.merchant)
    await page.get_by_test_id("wallet-amount").fill(amount)
    await page.get_by_test_id("wallet-send").click()
    await expect(page.get_by_test_id("wallet-error")).to_be_visible()
    assert await world.transactions() == []


async def test_the_wallet_shows_why_the_chain_refused(page: Page) -> None:
    await page.get_by_test_id("wallet-open").click()
    await page.get_by_test_id("wallet-to").fill("nowhere")
    await page.get_by_test_id("wallet-amount").fill("1")
    await page.get_by_test_id("wallet-send").click()
    await expect(page.get_by_test_id("wallet-error")).not_to_be_empty()


async def test_a_deep_link_opens_as_a_friend_who_presses_start(page: Page, world: World) -> None:
    await start(page)
    await world.say(NINA, "Ваша ссылка: https://t.me/orbit_sandbox_bot?start=ref_1001")
    await page.get_by_role("link", name="https://t.me/orbit_sandbox_bot?start=ref_1001").click()
    await page.get_by_test_id("open-as-Max").click()
    await expect(page.get_by_test_id("person-Max")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_test_id("message")).to_have_count(1)
    await expect(page.get_by_test_id("message")).to_have_text(re.compile("^/start ref_1001"))
    assert "Max: /start ref_1001" in await world.transcript(MAX)


async def test_a_shared_link_can_be_sent_to_a_friend(page: Page, world: World) -> None:
    await start(page)
    shared = "https://t.me/share/url?url=https%3A%2F%2Ft.me%2Forbit_sandbox_bot%3Fstart%3Dref_1001&text=Попробуй"
    await world.say(NINA, "Пригласите друга", [link("Поделиться", shared)])
    await key(page, "Поделиться").click()
    await expect(page.get_by_test_id("share-text")).to_have_text("Попробуй")
    await expect(page.get_by_test_id("send-to-Nina")).to_have_count(0)
    await page.get_by_test_id("send-to-Max").click()
    await expect(page.get_by_test_id("message")).to_have_count(1)
    await expect(page.get_by_test_id("message")).to_have_text(re.compile("^/start ref_1001"))


async def test_a_foreign_link_is_named_and_not_opened(page: Page, world: World, context: BrowserContext) -> None:
    await start(page)
    await world.say(NINA, "help", [link("Инструкция", "https://orbit.example/help")])
    await key(page, "Инструкция").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("https://orbit.example/help")
    assert context.pages == [page]


async def test_a_link_of_this_machine_opens_in_a_tab(page: Page, world: World, context: BrowserContext) -> None:
    await start(page)
    await world.say(NINA, f'<a href="{world.url}/world">подписка</a>')
    async with context.expect_page() as opened:
        await page.get_by_role("link", name="подписка").click()
    assert (await opened.value).url == f"{world.url}/world"


async def test_copy_buttons_copy(page: Page, world: World, context: BrowserContext) -> None:
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=world.url)
    await start(page)
    await world.say(NINA, "ключ", [{"text": "Скопировать", "copy_text": {"text": "https://sub.example/s/abc"}}])
    await key(page, "Скопировать").click()
    await expect(page.get_by_test_id("toast")).to_have_text("Copied to the clipboard")
    assert await page.evaluate("navigator.clipboard.readText()") == "https://sub.example/s/abc"
