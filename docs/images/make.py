"""Makes the README's pictures from a running sandbox; must not be needed by anything else.

    .venv/bin/python -m docs.images.make

Chromium has to be on the PATH.
"""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image
from playwright.async_api import async_playwright

from sandbox.stage import running
from tests.screens.palette import small_png
from tests.support.visitor import Visitor

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, ViewportSize

HERE = Path(__file__).parent
DESK: ViewportSize = {"width": 1280, "height": 930}
PHONE: ViewportSize = {"width": 390, "height": 960}
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
GAP = 48
SHARPNESS = 2


async def main() -> None:
    """Walk in both languages and both colour schemes, and keep a picture of each."""
    with tempfile.TemporaryDirectory(prefix="orbit-images-") as home:
        async with running(Path(home), 0, print) as shown, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"))
            await a_config_is_ready(await a_page(browser, shown.url, "light"))
            await an_invoice_is_paid(await a_page(browser, shown.url, "dark"))
            await a_link_is_opened(browser, await a_page(browser, shown.url, "light"))
            await browser.close()


async def a_page(browser: Browser, url: str, scheme: Literal["light", "dark"]) -> Page:
    """The sandbox on a desk, sharp enough for good screens, in a context of its own."""
    context = await browser.new_context(
        viewport=DESK, device_scale_factor=SHARPNESS, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.goto(url)
    return page


async def a_config_is_ready(page: Page) -> None:
    """The trial's first config with its QR code, and its user on the panel."""
    olga = Visitor(page)
    await olga.becomes("Olga")
    await olga.starts()
    await olga.presses("To the menu", then="Balance")
    await olga.presses("My VPN", then="You have no config yet")
    config = await olga.presses("Create a config", then="Link for the app")
    await config.get_by_test_id("qr").wait_for()
    await olga.panel_users().get_by_text("active").wait_for()
    await config.evaluate("message => message.scrollIntoView({ block: 'start' })")
    await keep(page, "config.png")


async def an_invoice_is_paid(page: Page) -> None:
    """An invoice, and the sandbox's wallet filled in over it."""
    nina = Visitor(page)
    await nina.becomes("Nina")
    await nina.starts()
    await nina.presses("В меню", then="Баланс")
    await nina.presses("Баланс", then="С баланса вы оплачиваете")
    await nina.presses("Пополнить", then="Как вам удобнее")
    await nina.presses("GRAM (TON)", then="Выберите сумму")
    await nina.presses("400", then="с комментарием")
    await nina.opens_the_wallet()
    await keep(page, "payment.png")


async def a_link_is_opened(browser: Browser, page: Page) -> None:
    """The page behind a config's link on two phones: Russian and light, English and dark."""
    max_ = Visitor(page)
    await max_.becomes("Max")
    await max_.starts()
    await max_.presses("В меню", then="Баланс")
    await max_.presses("Мой VPN", then="Конфига пока нет")
    await max_.presses("Создать конфиг", then="Ссылка для приложения")
    link = (await max_.opens("Подключить")).url.partition("?")[0]
    russian = await on_a_phone(browser, f"{link}?lang=ru", "light")
    english = await on_a_phone(browser, f"{link}?lang=en", "dark")
    both = Image.new("RGB", (2 * russian.width + GAP, russian.height), "white")
    both.paste(russian, (0, 0))
    both.paste(english, (russian.width + GAP, 0))
    write(both, "subscription.png")


async def on_a_phone(browser: Browser, url: str, scheme: Literal["light", "dark"]) -> Image.Image:
    """The top of a page, as an iPhone shows it."""
    context = await browser.new_context(
        viewport=PHONE, device_scale_factor=SHARPNESS, color_scheme=scheme, user_agent=IPHONE
    )
    page = await context.new_page()
    await page.goto(url)
    return Image.open(io.BytesIO(await page.screenshot()))


async def keep(page: Page, name: str) -> None:
    """Write a small PNG of the page beside this file."""
    await page.mouse.move(0, 0)
    write(Image.open(io.BytesIO(await page.screenshot(animations="disabled"))), name)


def write(taken: Image.Image, name: str) -> None:
    """Write a picture as a small PNG beside this file."""
    file = HERE / name
    file.write_bytes(small_png(taken))
    sys.stdout.write(f"{name}: {file.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    asyncio.run(main())
