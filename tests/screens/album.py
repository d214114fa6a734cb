"""Takes the pictures of scenes: the sandbox's own page in a headless browser, the size of a phone. Judges nothing."""

from __future__ import annotations

import io
import shutil
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from PIL import Image
from playwright.async_api import async_playwright, expect

from sandbox import console
from sandbox.serve import Server
from sandbox.stage import View
from tests.screens.guest import newcomer
from tests.screens.palette import small_png
from tests.support.shop_floor import newest
from tests.support.visitor import PHONE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

    from tests.screens.guest import Floor, Guest
    from tests.screens.scenes import Scene

QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--hide-scrollbars")
# Behind the messages a plain colour: of the wallpaper's shades a picture would be three times as large.
WALLS = "; ".join(f"--wall-{number}: #a3c9a8" for number in range(1, 5))
PLAIN = f":root {{ {WALLS}; --wall-line: transparent }}"
LOOK_AT = "person => localStorage.setItem('sandbox-person', String(person))"
ALL_DRAWN = "() => [...document.images].every(image => image.complete)"
HIDDEN = "() => { const list = document.getElementById('messages'); return list.scrollHeight - list.clientHeight }"


class NoBrowser(RuntimeError):
    """There is no Chromium on the PATH."""


class Unmoved:
    """The bot as the page's buttons see it: it runs in this process, and nobody presses them."""

    running = True

    def log_tail(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    async def start(self) -> None:
        """Nothing happens."""

    async def stop(self) -> None:
        """Nothing happens."""

    async def kill(self) -> None:
        """Nothing happens."""


class Album:
    """A page that looks at whoever a scene is about."""

    def __init__(self, floor: Floor, page: Page) -> None:
        self._floor = floor
        self._page = page

    async def picture(self, scene: Scene, language: str) -> bytes:
        """The scene in that language as PNG."""
        guest = newcomer(self._floor, language)
        await scene.prepare(guest)
        _forget(guest, all_but=1 if scene.changes_a_message else 0)
        answer = await scene.open(guest)
        await self._page.evaluate(LOOK_AT, guest.person.id)
        # From then on the page hears what happens: an alert is seen by who looks at that moment.
        async with self._page.expect_response("**/telegram/events?*"):
            await self._page.reload()
        await self._page.add_style_tag(content=PLAIN)
        first_line = newest(guest.person).content.text.text.partition("\n")[0]
        await expect(self._page.locator(".message.bot").last).to_contain_text(first_line)
        if answer is not None and answer.alert:
            await guest.floor.rested()
            await scene.open(guest)
            await expect(self._page.get_by_test_id("alert")).to_contain_text(answer.text or "")
        await self._page.wait_for_function(ALL_DRAWN)
        return small_png(Image.open(io.BytesIO(await self._whole())))

    async def _whole(self) -> bytes:
        """The phone, made longer where the message is."""
        hidden = int(await self._page.evaluate(HIDDEN))
        await self._page.set_viewport_size({**PHONE, "height": PHONE["height"] + max(0, hidden)})
        shot = await self._page.screenshot()
        await self._page.set_viewport_size(PHONE)
        return shot


def _forget(guest: Guest, *, all_but: int) -> None:
    """What led to the scene is not in the picture."""
    numbers = [*guest.person.messages]
    for number in numbers[: len(numbers) - all_but]:
        del guest.person.messages[number]


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Chromium; NoBrowser where there is none."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise NoBrowser("no chromium on the PATH")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=[*QUIET])
        yield browser
        await browser.close()


@asynccontextmanager
async def open_album(floor: Floor, browser: Browser) -> AsyncIterator[Album]:
    """An album of this shop's people."""
    world = floor.world
    emulators = (world.telegram_url, world.chain_url, world.cryptopay_url, world.yookassa_url)
    view = View(*emulators, world.panel_urls, world.clock, Unmoved())  # type: ignore[arg-type]  # a bot without process
    async with AsyncExitStack() as stack:
        server = Server(console.create_app(view))
        url = await server.start()
        stack.push_async_callback(server.stop)
        context = await browser.new_context(
            viewport=PHONE, reduced_motion="reduce", color_scheme="light", bypass_csp=True
        )
        stack.push_async_callback(context.close)
        page = await context.new_page()
        await page.goto(url)
        yield Album(floor, page)
