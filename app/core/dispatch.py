"""Owns the short way from an update to the switchboard: the middlewares, once composed. Must not choose a handler.

aiogram composes the chain anew for every update, on three levels, which costs a third of a whole click. The order of
registration, the arguments of handlers and every other kind of update stay aiogram's.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from aiogram import Dispatcher, loggers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiogram import Bot
    from aiogram.dispatcher.event.telegram import TelegramEventObserver
    from aiogram.types import TelegramObject, Update

    Way = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class ShortDispatcher(Dispatcher):
    """A dispatcher whose messages and clicks have one handler each, registered without filters."""

    def __init__(self, *, name: str) -> None:
        super().__init__(disable_fsm=True, name=name)
        self._ways: dict[str, Way] = {}

    async def feed_update(self, bot: Bot, update: Update, **kwargs: Any) -> Any:
        """What the handler returns. Where aiogram's log is read, aiogram's own way is taken, which writes it."""
        event = update.callback_query or update.message
        if event is None or loggers.event.isEnabledFor(logging.INFO):
            return await super().feed_update(bot, update, **kwargs)
        data = {**self.workflow_data, **kwargs, "bot": bot, "event_update": update, "event_from_user": event.from_user}
        observer = self.message if update.callback_query is None else self.callback_query
        way = self._ways.get(observer.event_name) or self._composed(observer)
        return await way(event, data)

    def _composed(self, observer: TelegramEventObserver) -> Way:
        (handler,) = observer.handlers

        async def call(event: TelegramObject, data: dict[str, Any]) -> Any:
            return await handler.callback(event, **data)

        way: Way = call
        for middleware in reversed([*observer.outer_middleware]):
            way = partial(middleware, way)
        self._ways[observer.event_name] = way
        return way
