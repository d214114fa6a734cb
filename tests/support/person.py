"""A customer of the sandbox, over HTTP: reads the chat, presses what it shows, waits for what comes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Self

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

Json = dict[str, Any]
PATIENCE_SECONDS = 60


class Person:
    """One person in the chat with the bot. Nothing here sleeps: the chat's events wake who waits."""

    def __init__(self, telegram_url: str, tg_id: int) -> None:
        self.id = tg_id
        self._http = aiohttp.ClientSession(telegram_url, timeout=aiohttp.ClientTimeout(total=None))
        self._changed = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._answers = 0
        self._read_until = 0

    async def __aenter__(self) -> Self:
        subscribed = asyncio.Event()
        self._watch = asyncio.create_task(self._watching(subscribed))  # noqa: TID251 - ended in __aexit__
        await asyncio.wait_for(subscribed.wait(), PATIENCE_SECONDS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._http.close()

    async def _watching(self, subscribed: asyncio.Event) -> None:
        async with self._http.get("/sim/events", params={"person": self.id}) as stream:
            subscribed.set()
            async for _ in stream.content:
                self._changed.set()

    async def messages(self) -> list[Json]:
        """The chat as it stands, from where the person looks."""
        async with self._http.get("/sim/chat", params={"person": self.id}) as answer:
            chat: Json = await answer.json()
            return [message for message in chat["messages"] if message["id"] > self._read_until]

    async def looks_down(self) -> None:
        """Take no more notice of the messages that are there by now."""
        self._read_until = max((message["id"] for message in await self.messages()), default=self._read_until)

    async def until(self, wanted: Callable[[list[Json]], Any]) -> Any:
        """The first true thing that `wanted` makes of the chat, as soon as there is one."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self._changed.clear()
                found = wanted(await self.messages())
                if found:
                    return found
                await self._changed.wait()

    async def sees(self, words: str) -> Json:
        """The newest message of the bot that holds the words, once there is one."""
        try:
            message: Json = await self.until(lambda chat: _newest(chat, words))
        except TimeoutError:
            raise AssertionError(f"{words!r} did not come; the chat:\n{await self.transcript()}") from None
        return message

    async def either(self, *labels: str) -> str:
        """Which of the labels the newest button has that has one, once there is one."""
        label: str = await self.until(lambda chat: _first_label(chat, labels))
        return label

    async def offered(self, label: str) -> Json:
        """The newest message with that button, once there is one."""
        message: Json = await self.until(lambda chat: _newest_with(chat, label))
        return message

    async def start(self, payload: str = "") -> None:
        """Press Start, with the payload of a deep link."""
        await self._act("start", payload=payload)

    async def says(self, text: str) -> None:
        """Type a message."""
        await self._act("message", text=text)

    async def press(self, label: str) -> Json:
        """Press the newest button that holds the label, once there is one."""
        try:
            message_id, row, column = await self.until(lambda chat: _button(chat, label))
        except TimeoutError:
            raise AssertionError(f"no button {label!r}; the chat:\n{await self.transcript()}") from None
        done = await self._act("click", message_id=message_id, row=row, column=column)
        if "query_id" in done:
            await self._until_answered(str(done["query_id"]))
        return done

    async def _until_answered(self, query_id: str) -> None:
        """Wait for the spinner on the button to end, as people do."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self._changed.clear()
                async with self._http.get("/sim/answers", params={"person": self.id, "after": self._answers}) as got:
                    for answer in await got.json():
                        self._answers = max(self._answers, answer["n"])
                        if answer["query_id"] == query_id:
                            return
                await self._changed.wait()

    async def transcript(self) -> str:
        """The chat as text."""
        async with self._http.get("/sim/transcript", params={"person": self.id}) as answer:
            return await answer.text()

    async def _act(self, act: str, **body: object) -> Json:
        async with self._http.post(f"/sim/{act}", json={"person": self.id, **body}) as answer:
            assert answer.status == 200, await answer.text()
            done: Json = await answer.json()
            return done


def _newest(chat: list[Json], words: str) -> Json | None:
    return next((m for m in reversed(chat) if m["from"] == "bot" and words in m["text"]), None)


def _newest_with(chat: list[Json], label: str) -> Json | None:
    return next((m for m in reversed(chat) if any(label in b["text"] for row in m["buttons"] for b in row)), None)


def _first_label(chat: list[Json], labels: tuple[str, ...]) -> str | None:
    buttons = (button["text"] for message in reversed(chat) for row in message["buttons"] for button in row)
    return next((label for text in buttons for label in labels if label in text), None)


def _button(chat: list[Json], label: str) -> tuple[int, int, int] | None:
    for message in reversed(chat):
        for row, buttons in enumerate(message["buttons"]):
            for column, button in enumerate(buttons):
                if label in button["text"]:
                    return message["id"], row, column
    return None
