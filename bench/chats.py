"""Owns the chats in which both bots are clicked: over nothing, or over a loopback Bot API. Must not time anything."""

from __future__ import annotations

import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import EditMessageText

from app.core.actions import Menu
from bench.echo import Echo
from bench.sessions import InstantSession
from bench.updates import Json, click, typed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from aiogram.types import InlineKeyboardMarkup
    from aiohttp import ClientSession

    from bench.shop import ShopUnderTest

TOKEN = "42:bench"  # noqa: S105 - opens nothing but the emulator
# Each page leads to the other, and no edit leaves a message as it was, which Telegram would refuse.
PAGES = ("balance", "home")
CALLS = 2


class Pair(NamedTuple):
    """One person's click for each bot, with the same button under the same message."""

    shop: Json
    echo: Json


@dataclass(frozen=True)
class Page:
    """What the shop makes of a message: the echo must make the same."""

    text: str
    keyboard: InlineKeyboardMarkup


class Chats(Protocol):
    """People with two open chats each, one with the shop and one with the echo."""

    title: str
    shop: ShopUnderTest
    echo: Echo
    people: Sequence[int]

    async def clicks(self, leads_to: str) -> list[Pair]:
        """A click of every person for either bot on the button that leads to the page."""
        ...

    async def check(self) -> None:
        """Raise unless every click since the last check was answered, and its message edited, by both."""
        ...


class InstantChats:
    """Both bots have a session that answers at once."""

    title = "instant session"

    def __init__(self, shop: ShopUnderTest, people: Sequence[int], pages: dict[str, Page]) -> None:
        self.shop = shop
        self.people = people
        self._pages = pages
        self._sessions = (shop.answer_at_once(), InstantSession())
        self.echo = Echo(TOKEN, self._sessions[1])

    async def open(self) -> None:
        """Give everybody an account."""
        for person in self.people:
            await self.shop.take(typed(person, "/start"))
        self._sessions[0].calls.clear()

    async def clicks(self, leads_to: str) -> list[Pair]:
        """A click of every person for either bot on the button that leads to the page."""
        shown = self._pages[PAGES[PAGES.index(leads_to) - 1]]
        keyboard = shown.keyboard.model_dump(exclude_none=True)
        data = Menu(page=leads_to).pack()
        return [Pair(*(click(person, data, shown.text, keyboard) for _ in range(2))) for person in self.people]

    async def check(self) -> None:
        """Raise unless every click since the last check was answered, and its message edited, by both."""
        for session in self._sessions:
            if len(session.calls) != CALLS * len(self.people):
                raise RuntimeError(f"{len(session.calls)} calls for {len(self.people)} clicks: a bot did not follow")
            session.calls.clear()


class LoopbackChats:
    """Both bots talk over HTTP with an emulator in a process of its own."""

    title = "loopback Bot API"

    def __init__(
        self, shop: ShopUnderTest, url: str, http: ClientSession, people: Sequence[int], pages: dict[str, Page]
    ) -> None:
        self.shop = shop
        self.echo = Echo(TOKEN, AiohttpSession(api=TelegramAPIServer.from_base(url)))
        self.people = people
        self._http = http
        self._pages = pages
        self._offset = 0
        self._seen_calls = 0
        self._messages: dict[int, tuple[int, int]] = {}

    async def open(self) -> None:
        """Bring everybody into both chats, with the menu before them."""
        menu = self._pages["home"]
        for person in self.people:
            await self._act("people", id=person, first_name="Nina", language_code="ru")
            await self._act("start", person=person)
        for update in await self._updates():
            await self.shop.take(update)
        for person in self.people:
            await self.echo.bot.send_message(person, menu.text, reply_markup=menu.keyboard)
            chat = await self._see("chat", person=person)
            welcome, sent = (message for message in chat["messages"] if message["from"] == "bot")
            self._messages[person] = (welcome["id"], sent["id"])
            # Under the first message the menu is the last button.
            last = len(welcome["buttons"]) - 1
            await self._act("click", person=person, message_id=welcome["id"], row=last, column=0)
        for update in await self._updates():
            await self.shop.take(update)
        await self._new_calls()

    async def clicks(self, leads_to: str) -> list[Pair]:
        """A click of every person for either bot on the button that leads to the page."""
        shown = self._pages[PAGES[PAGES.index(leads_to) - 1]]
        row, column = _place(shown.keyboard, Menu(page=leads_to).pack())
        for person in self.people:
            for message in self._messages[person]:
                await self._act("click", person=person, message_id=message, row=row, column=column)
        found = {update["callback_query"]["message"]["message_id"]: update for update in await self._updates()}
        return [Pair(*(found[message] for message in self._messages[person])) for person in self.people]

    async def check(self) -> None:
        """Raise unless every click since the last check was answered, and its message edited, by both."""
        calls = [call for call in await self._new_calls() if call["method"] != "getUpdates"]
        good = sum(call["status"] == HTTPStatus.OK for call in calls)
        if not len(calls) == good == 2 * CALLS * len(self.people):
            raise RuntimeError(f"{good} of {len(calls)} calls succeeded: a bot did not follow")

    async def close(self) -> None:
        """Close what is the echo's; the rest is its owner's."""
        await self.echo.bot.session.close()

    async def _updates(self) -> list[Json]:
        updates: list[Json] = []
        while True:
            body = {"offset": self._offset, "timeout": 0}
            async with self._http.post(f"/bot{TOKEN}/getUpdates", json=body) as answer:
                more: list[Json] = (await answer.json())["result"]
            if not more:
                return updates
            updates += more
            self._offset = more[-1]["update_id"] + 1

    async def _new_calls(self) -> list[Json]:
        calls: list[Json] = await self._see("calls", after=self._seen_calls)
        self._seen_calls = calls[-1]["n"] if calls else self._seen_calls
        return calls

    async def _act(self, act: str, **body: object) -> None:
        async with self._http.post(f"/sim/{act}", json=body) as answer:
            answer.raise_for_status()

    async def _see(self, what: str, **query: Any) -> Any:
        async with self._http.get(f"/sim/{what}", params=query) as answer:
            return await answer.json()


@asynccontextmanager
async def emulator() -> AsyncIterator[str]:
    """A Bot API emulator in a process of its own; its address."""
    command = (sys.executable, "-m", "bench.emulator", TOKEN)
    process = await create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the emulator has no pipes")
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


async def pages_of(shop: ShopUnderTest, person: int) -> dict[str, Page]:
    """What the shop shows a newcomer on each of PAGES."""
    session = shop.answer_at_once()
    await shop.take(typed(person, "/start"))
    pages: dict[str, Page] = {}
    for page in PAGES:
        await shop.take(click(person, Menu(page=page).pack(), "", None))
        edit = next(call for call in reversed(session.calls) if isinstance(call, EditMessageText))
        if edit.reply_markup is None:
            raise RuntimeError(f"{page} has no keyboard")
        pages[page] = Page(edit.text, edit.reply_markup)
    return pages


def _place(keyboard: InlineKeyboardMarkup, data: str) -> tuple[int, int]:
    for row, buttons in enumerate(keyboard.inline_keyboard):
        for column, button in enumerate(buttons):
            if button.callback_data == data:
                return row, column
    raise LookupError(data)
