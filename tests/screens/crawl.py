"""A crawler that presses every button it can reach and types into every dialogue. Knows no screen by name.

Screens that differ in numbers, names and dates only are one. To press another button of a screen, the screen is put
into the chat anew: as in Telegram, where messages keep their buttons however long ago they came.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.core.actions import Menu, SetLanguage, kind_of
from tests.screens.looks import ALERT_LIMIT, button_shape, faults_of, shape_of, text_faults, without

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from aiogram.types import InlineKeyboardButton

    from sandbox.telegram.people import StoredMessage
    from tests.screens.guest import Guest
    from tests.screens.looks import Shape

HOSTILE = "<b>{name}</b> &amp; \u202e\u2066نينا 👩\u200d👧 %s { $t }"
CODE = "CRAWL"
# What people type into any dialogue: a sum, a code, a name, and two things that nobody should.
TYPED = ("150", CODE, "Maria", HOSTILE, "👑" * 2048)
# What turns the direction of the text around it is dropped.
FOREIGN = (*TYPED[2:], HOSTILE.replace("\u202e", "").replace("\u2066", ""))
NOT_CHANGED = "message is not modified"
GOES_HOME = Menu(page="home").pack()
OK = 200


@dataclass
class Seen:
    """A screen as it was met first: the way to it, where it leads, and whether a button of it waits for the stores."""

    message: StoredMessage
    path: tuple[str, ...]
    leads: set[Shape] = field(default_factory=set)
    waits: bool = False


class Crawl:
    """One person's walk over all that can be reached; `faults` says what was wrong, and where."""

    def __init__(self, guest: Guest, depth: int = 6) -> None:
        self.faults: list[str] = []
        self.presses = 0
        self.seen: dict[Shape, Seen] = {}
        self._guest = guest
        self._depth = depth
        self._foreign = (*FOREIGN, guest.person.first_name)
        self._soon: deque[tuple[Seen, InlineKeyboardButton]] = deque()
        self._late: deque[tuple[Seen, InlineKeyboardButton]] = deque()
        self._pressed: set[tuple[Shape, str]] = set()
        self._asked: set[str] = set()
        self._homes: set[Shape] = set()

    async def walk(self, *commands: str) -> None:
        """Begin with the commands, then press on until nothing is new."""
        for command in commands:
            await self._act((command,), self._guest.says(command))
        while self._soon or self._late:
            # What destroys comes last, and what changes the language of all that follows.
            await self._press(*(self._soon or self._late).popleft())
        self._find_traps()

    async def _press(self, here: Seen, button: InlineKeyboardButton) -> None:
        path = (*here.path, button.text)
        reached = await self._click(here, button, path)
        here.leads.update(reached)
        if button.callback_data == GOES_HOME:
            self._homes.update(reached)
        state = await self._guest.dialogue()
        if state and state not in self._asked:
            self._asked.add(state)
            for words in TYPED:
                await self._click(here, button, path)
                await self._act((*path, f"“{words[:12]}”"), self._guest.says(words))
        if kind_of(button.callback_data or "") == SetLanguage.kind:
            await self._guest.presses(SetLanguage(code=self._guest.t.language))

    async def _click(self, here: Seen, button: InlineKeyboardButton, path: tuple[str, ...]) -> list[Shape]:
        """Press a button of a screen that is put into the chat for it."""
        self.presses += 1
        floor, person, shown = self._guest.floor, self._guest.person, here.message
        message = floor.telegram.post(person, shown.content, by_bot=True, keyboard=shown.keyboard)
        calls = self._calls()
        answers = len(floor.telegram.history.answers(person.id, 0))
        reached = await self._act(path, floor.click(person, button.callback_data or "", message))
        said = floor.telegram.history.answers(person.id, 0)[answers].text or ""
        here.waits = here.waits or said == self._guest.t.plain("error.storage")
        refreshed = any(NOT_CHANGED in call.problem for call in floor.telegram.history.calls(calls))
        if not (reached or said or refreshed):
            self._note(path, ["nothing happens"])
        if len(said) > ALERT_LIMIT:
            self._note(path, ["the alert is too long"])
        self._note(path, text_faults(without(said, self._foreign)))
        return reached

    async def _act(self, path: tuple[str, ...], act: Awaitable[object]) -> list[Shape]:
        """Do it, then judge every message that came or changed."""
        guest, calls = self._guest, self._calls()
        before = {message.id: message.content for message in guest.person.messages.values()}
        await act
        await guest.rests()
        for call in guest.floor.telegram.history.calls(calls):
            if call.status != OK and NOT_CHANGED not in call.problem:
                self._note(path, [f"{call.method} was refused: {call.problem}"])
        told = [message for message in guest.person.messages.values() if message.by_bot]
        return [self._judge(message, path) for message in told if before.get(message.id) is not message.content]

    def _judge(self, message: StoredMessage, path: tuple[str, ...]) -> Shape:
        shape = shape_of(message, self._foreign)
        if shape not in self.seen:
            self._note(path, faults_of(message, self._foreign))
            self.seen[shape] = Seen(replace(message), path)
        self._line_up(shape, message)
        return shape

    def _line_up(self, shape: Shape, message: StoredMessage) -> None:
        here = self.seen[shape]
        if len(here.path) > self._depth or message.keyboard is None:
            return
        for button in (button for row in message.keyboard.inline_keyboard for button in row if button.callback_data):
            key = (shape, button_shape(button, self._foreign))
            if key not in self._pressed:
                self._pressed.add(key)
                style = (button.model_extra or {}).get("style")
                is_last = style == "danger" or kind_of(button.callback_data or "") == SetLanguage.kind
                (self._late if is_last else self._soon).append((here, button))

    def _find_traps(self) -> None:
        """Every screen whose buttons were pressed leads to the menu in the end, or says that it will in a minute."""
        leading = self._homes | {shape for shape, seen in self.seen.items() if seen.waits}
        grows = bool(self._homes)
        while grows:
            more = {shape for shape, seen in self.seen.items() if seen.leads & leading} - leading
            leading |= more
            grows = bool(more)
        for shape, seen in self.seen.items():
            if self._homes and shape not in leading and len(seen.path) <= self._depth:
                self._note(seen.path, ["no way from here to the menu"])

    def _calls(self) -> int:
        calls = self._guest.floor.telegram.history.calls(0)
        return calls[-1].n if calls else 0

    def _note(self, path: tuple[str, ...], faults: Iterable[str]) -> None:
        self.faults += [f"{' → '.join(path)}: {fault}" for fault in faults]
