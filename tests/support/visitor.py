"""Somebody at the sandbox's page with a mouse: presses what the page shows, waits for what it shows next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 860}
OPEN_WALLET = re.compile("Открыть кошелёк|Open the wallet")


class Visitor:
    """One visitor of the page. Nothing here sleeps, and nothing reaches the bot but by the mouse and the keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def starts(self) -> None:
        """Press the Start of an empty chat."""
        await self.page.get_by_test_id("start").click()

    async def sees(self, words: str) -> Locator:
        """The newest message of the bot that holds the words, once it is there."""
        message = self.page.locator(".message.bot:not(.leaving)").filter(has_text=words).last
        await expect(message).to_be_visible()
        return message

    async def presses(self, label: str | re.Pattern[str], then: str) -> Locator:
        """Press the newest button that holds the label; the message that it leads to."""
        await self._key(label).click()
        return await self.sees(then)

    async def says(self, text: str) -> None:
        """Type a message and send it."""
        await self.page.get_by_test_id("input").fill(text)
        await self.page.get_by_test_id("send").click()

    async def opens(self, label: str) -> Page:
        """Press the newest button of that label; the tab that it opens."""
        async with self.page.context.expect_page() as opened:
            await self._key(label).click()
        return await opened.value

    async def opens_the_wallet(self) -> None:
        """Press the newest invoice's button; the wallet comes filled in."""
        await self._key(OPEN_WALLET).click()
        await expect(self.page.get_by_test_id("wallet-send")).to_be_visible()

    async def pays(self) -> None:
        """Send from the wallet what the newest invoice asks for."""
        await self.opens_the_wallet()
        await self.page.get_by_test_id("wallet-send").click()
        await self.page.get_by_test_id("wallet-done").click()

    async def shares_with(self, friend: str, label: str) -> None:
        """Share by the newest button of that label; from here on the visitor is the friend, who opens the link."""
        await self._key(label).click()
        await self.page.get_by_test_id(f"send-to-{friend}").click()
        await self._is(friend)

    async def becomes(self, name: str) -> None:
        """Go on as another person of the world."""
        await self.opens_the_world()
        await self.page.get_by_test_id(f"person-{name}").click()
        await self._is(name)

    async def opens_the_world(self) -> None:
        """Bring the world into view where it is a drawer."""
        drawer = self.page.get_by_test_id("drawer-open")
        if await drawer.is_visible():
            await drawer.click()

    async def closes_the_world(self) -> None:
        """Back to the chat, where the world covered it."""
        close = self.page.get_by_test_id("drawer-close")
        if await close.is_visible():
            await close.click()

    def panel_users(self) -> Locator:
        """The rows of every user of every panel, as the world shows them."""
        return self.page.locator("#panels .user")

    def _key(self, label: str | re.Pattern[str]) -> Locator:
        return self.page.locator(".message:not(.leaving)").get_by_role("button", name=label).last

    async def _is(self, name: str) -> None:
        await expect(self.page.locator("#as-person")).to_have_text(name)
