"""Finds the handler of an update by a dictionary: no filter runs, so no update pays for the number of handlers.

aiogram tries filters one after another and sends each synchronous one through a thread pool. Here every router
declares what it handles by callback prefix, command or dialogue state, and one handler an update type looks it up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aiogram import Router
from aiogram.dispatcher.event.handler import HandlerObject
from pydantic import ValidationError

from app.core.actions import FIRST_VERSION
from app.core.commands import read_command
from app.domain.errors import MalformedAction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiogram import Dispatcher
    from aiogram.filters.callback_data import CallbackData
    from aiogram.fsm.state import State
    from aiogram.types import CallbackQuery, Message

    Handler = Callable[..., Awaitable[Any]]


class ScreenRouter(Router):
    """A router whose handlers are found by key instead of by filter."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.clicks: dict[str, tuple[type[CallbackData], HandlerObject]] = {}
        self.commands: dict[str, HandlerObject] = {}
        self.dialogs: dict[str, HandlerObject] = {}

    def click(self, action: type[CallbackData]) -> Callable[[Handler], Handler]:
        """Handle the buttons that carry `action`; the handler gets it as `action`."""

        def register(handler: Handler) -> Handler:
            _claim(self.clicks, action.__prefix__, (action, HandlerObject(handler)))
            return handler

        return register

    def on_command(self, *names: str) -> Callable[[Handler], Handler]:
        """Handle /name; the handler gets what stands behind it as `payload`."""

        def register(handler: Handler) -> Handler:
            for name in names:
                _claim(self.commands, name, HandlerObject(handler))
            return handler

        return register

    def dialog(self, state: State) -> Callable[[Handler], Handler]:
        """Handle a text that is typed while the dialogue is in `state`."""

        def register(handler: Handler) -> Handler:
            _claim(self.dialogs, str(state.state), HandlerObject(handler))
            return handler

        return register


class Switchboard:
    """All routers' tables in one; `fallback` takes the texts that nobody waits for."""

    def __init__(self, routers: Iterable[ScreenRouter], fallback: Handler) -> None:
        self._clicks: dict[str, tuple[type[CallbackData], HandlerObject]] = {}
        self._commands: dict[str, HandlerObject] = {}
        self._dialogs: dict[str, HandlerObject] = {}
        self._fallback = HandlerObject(fallback)
        for router in routers:
            for prefix, click in router.clicks.items():
                _claim(self._clicks, prefix, click)
            for name, command in router.commands.items():
                _claim(self._commands, name, command)
            for state, dialog in router.dialogs.items():
                _claim(self._dialogs, state, dialog)

    @property
    def prefixes(self) -> dict[str, type[CallbackData]]:
        """Every callback prefix that is handled, for tests that must forget none."""
        return {prefix: action for prefix, (action, _) in self._clicks.items()}

    @property
    def commands(self) -> frozenset[str]:
        """Every command that is answered."""
        return frozenset(self._commands)

    @property
    def dialogs(self) -> frozenset[str]:
        """Every dialogue's state in which a text is awaited."""
        return frozenset(self._dialogs)

    def attach(self, dispatcher: Dispatcher) -> None:
        """Take every click and every message of the dispatcher."""
        dispatcher.callback_query.register(self.on_click)
        dispatcher.message.register(self.on_message)

    async def on_click(self, query: CallbackQuery, **data: Any) -> Any:
        """Call the handler of the button's kind; MalformedAction for another version, or no button of ours."""
        packed = query.data or ""
        prefix, colon, fields = packed.partition(":")
        found = self._clicks.get(prefix)
        if found is None:
            packed = f"{prefix}{FIRST_VERSION}{colon}{fields}"
            found = self._clicks.get(f"{prefix}{FIRST_VERSION}")
        if found is None:
            raise MalformedAction
        action, handler = found
        try:
            data["action"] = _unpacked(action, packed)
        except (ValueError, TypeError, ValidationError):
            raise MalformedAction from None
        return await handler.call(query, **data)

    async def on_message(self, message: Message, **data: Any) -> Any:
        """Call the handler of the command or of the dialogue's state, else the fallback."""
        said = read_command(message.text)
        if said is not None and (command := self._commands.get(said[0])) is not None:
            return await command.call(message, **data, payload=said[1])
        handler = self._dialogs.get(data["raw_state"] or "", self._fallback)
        return await handler.call(message, **data)


@lru_cache(maxsize=1024)
def _unpacked(action: type[CallbackData], packed: str) -> CallbackData:
    """What a button carries; most clicks are on a few buttons, and no handler changes what it gets."""
    return action.unpack(packed)


def _claim(table: dict[str, Any], key: str, handler: Any) -> None:
    if key in table:
        raise ValueError(f"{key!r} has two handlers")
    table[key] = handler
