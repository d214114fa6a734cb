"""Owns the small steps that the page's tests take in a chat; must not test anything."""

from playwright.async_api import Locator, Page, expect


def callback(text: str, **extra: object) -> dict[str, object]:
    return {"text": text, "callback_data": "x", **extra}


def link(text: str, url: str) -> dict[str, object]:
    return {"text": text, "url": url}


def key(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").get_by_role("button", name=text, exact=True)


async def start(page: Page) -> None:
    await page.get_by_test_id("start").click()
    await expect(page.get_by_test_id("message")).to_contain_text("/start")


async def query_id(page: Page, pressed: Locator) -> str:
    async with page.expect_response("**/telegram/click") as answered:
        await pressed.click()
    return str((await (await answered.value).json())["query_id"])
