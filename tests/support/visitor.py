"""Somebody at the sandbox's page with a mouse: presses what the page shows, waits for what it shows next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

PHONE_WIDTH = 799  # up to this width the world beside the chat is a drawer


class Visitor:
    """One visitor of the page. Nothing here sleeps, and nothing is done but by the mouse and the keyboard."""

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

    async def presses(self, label: str, then: str) -> Locator:
        """Press the newest button that holds the label; the message that it leads to."""
        keys = self.page.locator(".message:not(.leaving)").get_by_role("button", name=label)
        await keys.last.click()
        return await self.sees(then)

    async def says(self, text: str) -> None:
        """Type a message and send it."""
        await self.page.get_by_test_id("input").fill(text)
        await self.page.get_by_test_id("send").click()

    async def sends_from_the_wallet(self) -> None:
        """Open the wallet by the newest invoice's button and send what it is filled in with."""
        await self.page.get_by_test_id("message").get_by_role("button", name=re.compile("кошел|wallet")).last.click()
        await self.page.get_by_test_id("wallet-send").click()
        await expect(self.page.get_by_test_id("wallet-result")).to_be_visible()
        await self.page.get_by_test_id("wallet-done").click()

    async def becomes(self, name: str) -> None:
        """Go on as another person of the people card."""
        await self.opens_the_world()
        await self.page.get_by_test_id(f"person-{name}").click()
        await expect(self.page.locator("#as-person")).to_have_text(name)

    async def opens_the_world(self) -> None:
        """Bring the world into view where it is a drawer."""
        if await self.page.evaluate("innerWidth") <= PHONE_WIDTH:
            await self.page.get_by_test_id("drawer-open").click()

    async def closes_the_world(self) -> None:
        """Back to the chat."""
        if await self.page.evaluate("innerWidth") <= PHONE_WIDTH:
            await self.page.get_by_test_id("drawer-close").click()

    def panel_users(self) -> Locator:
        """The rows of every user of every panel."""
        return self.page.locator("#panels .user")
