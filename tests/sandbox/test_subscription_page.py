"""The page at a subscription link, in a real browser at the size of a phone."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.support.link_world import ADDRESS, BROWSER, NINA, LinkWorld, link_world
from tests.support.visitor import PHONE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

    from app.repo.db import Database
    from app.utils.redis import Cache

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=pwned()>\"'&"
INSIDE_TELEGRAM = """
window.told = [];
window.TelegramWebviewProxy = { postEvent: (type, facts) => window.told.push([type, JSON.parse(facts)]) };
"""


@pytest.fixture
async def world(database: Database, cache: Cache) -> AsyncIterator[LinkWorld]:
    async with link_world(database, cache, support="orbit_support") as opened:
        yield opened


@asynccontextmanager
async def phone(browser: Browser, script: str | None = None, **options: Any) -> AsyncIterator[Page]:
    """A phone's browser; whatever a test does in it, the page asks this machine only and breaks nothing."""
    asked: list[str] = []
    broken: list[str] = []
    given = {"locale": "ru-RU", "user_agent": BROWSER, **options}
    async with await browser.new_context(viewport=PHONE, **given) as context:
        context.on("request", lambda request: asked.append(request.url))
        page = await context.new_page()
        if script is not None:
            await page.add_init_script(script)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
        yield page
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert {urlsplit(url).hostname for url in asked if not url.startswith("data:")} == {"127.0.0.1"}
    assert broken == []


async def test_a_page_shows_how_things_stand_and_leads_into_every_app(world: LinkWorld, browser: Browser) -> None:
    config_id = await world.customer()
    token = await world.token(config_id)
    await world.books.rows("UPDATE configs SET name = :name", name=HOSTILE)
    async with phone(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        await page.goto(f"{world.url}/sub/{token}")
        await expect(page.get_by_test_id("status")).to_contain_text("7 дней")
        await expect(page.get_by_test_id("status")).to_contain_text("0 МБ, без ограничений")
        await expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
        await expect(page.locator("img")).to_have_count(0)

        await page.get_by_text("Скопировать ссылку").click()
        await expect(page.locator("#copy")).to_have_text("Скопировано")
        assert await page.evaluate("navigator.clipboard.readText()") == f"{ADDRESS}/sub/{token}"
        await page.get_by_text("QR-код").click()
        await expect(page.locator(".qr svg")).to_be_visible()
        await page.get_by_role("link", name="EN").click()
        await expect(page.get_by_role("heading", name="How to connect")).to_be_visible()
        await expect(page.get_by_role("link", name="Support")).to_have_attribute("href", "https://t.me/orbit_support")


async def test_without_scripts_the_systems_switch_and_the_import_links_are_there(
    world: LinkWorld, browser: Browser
) -> None:
    token = await world.token(await world.customer())
    agent = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36"
    async with phone(browser, java_script_enabled=False, user_agent=agent) as page:
        await page.goto(f"{world.url}/sub/{token}")
        shown = page.locator(".panel:visible")
        await expect(shown.get_by_role("link", name="Добавить: v2rayNG")).to_be_visible()
        link = shown.get_by_role("link", name="Добавить в Happ: Happ")
        await expect(link).to_have_attribute("href", f"happ://add/{ADDRESS}/sub/{token}")
        await page.get_by_text("Windows", exact=True).click()
        await expect(shown.get_by_role("link", name="Добавить: Clash Verge")).to_be_visible()
        await expect(shown.get_by_role("link", name="Добавить: v2rayNG")).to_have_count(0)
        await expect(page.locator("#copy")).to_be_hidden()


async def test_inside_telegram_an_app_is_opened_by_the_browser_outside(world: LinkWorld, browser: Browser) -> None:
    token = await world.token(await world.customer())
    async with phone(browser, INSIDE_TELEGRAM) as page:
        await page.goto(f"{world.url}/sub/{token}#tgWebAppData=x&tgWebAppVersion=8.0")
        await page.get_by_role("link", name="Добавить в Happ").click()
        told = await page.evaluate("window.told")
        assert told[-1] == ["web_app_open_link", {"url": f"{world.url}/sub/{token}?open=happ&on=ios&lang=ru"}]
    given = await world.page(f"{token}?open=happ&lang=en")
    assert "Opening Happ" in given.body
    assert "Opening" not in (await world.page(f"{token}?open=%22onload&lang=en")).body


async def test_a_page_is_kept_in_by_its_headers_and_speaks_the_visitors_language(world: LinkWorld) -> None:
    token = await world.token(await world.customer(language="en"))
    given = await world.page(token)
    policy = given.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'nonce-")
    assert "unsafe" not in policy
    assert given.headers["referrer-policy"] == "no-referrer"
    assert given.headers["cache-control"] == "private, no-store"
    assert "noindex" in given.headers["x-robots-tag"]
    assert "How to connect" in given.body, "the account's language where the browser says nothing"
    assert "Как подключиться" in (await world.page(token, Accept_Language="ru-RU,ru;q=0.9,en;q=0.8")).body
    assert "How to connect" in (await world.page(f"{token}?lang=en", Accept_Language="ru")).body
    assert given.body != (await world.page(token)).body, "a nonce is used once"


async def test_a_page_tells_of_the_end_and_of_a_link_that_leads_nowhere(world: LinkWorld) -> None:
    config_id = await world.customer()
    token = await world.token(config_id)
    world.clock.advance(8 * 86_400)
    ended = await world.page(token)
    assert ended.status == 200
    assert "Подписка закончилась" in ended.body
    assert 'href="https://t.me/orbit_bot"' in ended.body
    assert "happ://" not in ended.body
    await world.configs.delete(NINA, config_id)
    gone, unknown = await world.page(token), await world.page("A" * 22)
    assert gone.status == unknown.status == 404
    assert "Ссылка не действует" in gone.body
    assert "This link does not work" in (await world.page(token, Accept_Language="en")).body


async def test_an_app_whose_library_asks_for_html_gets_its_profile(world: LinkWorld) -> None:
    token = await world.token(await world.customer())
    accept = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
    given = await world.get(token, "v2rayNG/1.8.5", Accept=accept)
    assert given.media_type == "text/plain"
    assert json.loads((await world.get(token, "SFA/1.11", Accept=accept)).body)["outbounds"]


async def test_the_page_opens_at_the_device_that_was_chosen_in_the_bot_and_stays_there(world: LinkWorld) -> None:
    token = await world.token(await world.customer())
    chosen = (await world.page(f"{token}?on=windows&lang=en")).body
    assert 'id="on-windows" checked' in chosen
    assert 'href="?on=windows&amp;lang=ru"' in chosen
    for forged in ("", "?on=amiga", "?on=%22%3E%3Cscript%3E"):
        assert 'id="on-ios" checked' in (await world.page(f"{token}{forged}")).body
