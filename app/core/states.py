"""The dialogues in which the next text message means something, and where they are kept. Holds no step of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.redis import RedisStorage
from redis.exceptions import RedisError

from app.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiogram.fsm.storage.base import StateType, StorageKey

log = structlog.get_logger(__name__)

AWAY = (RedisError, OSError, TimeoutError)


class PaymentState(StatesGroup):
    """Topping up: a method is chosen, then an amount is awaited."""

    method = State()
    waiting_amount = State()


class PromoState(StatesGroup):
    """A promo code is awaited."""

    waiting_code = State()


class ConfigState(StatesGroup):
    """A config's new name is awaited."""

    waiting_name = State()


class SupportState(StatesGroup):
    """A message to support is awaited; the data say what a new request is about."""

    writing = State()


class Dialogues(RedisStorage):
    """Keeps the dialogues in Redis. One that is away forgets them: the next text meets the menu, every button works."""

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Keep the state where Redis answers."""
        try:
            await super().set_state(key, state)
            failpoint("dialogue.state")
        except AWAY as error:
            log.warning("dialogue_forgotten", error=type(error).__name__)

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Keep the data where Redis answers."""
        try:
            await super().set_data(key, data)
            failpoint("dialogue.data")
        except AWAY as error:
            log.warning("dialogue_forgotten", error=type(error).__name__)
