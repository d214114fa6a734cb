"""First on messages and clicks: one look at the door gives the account, its language, and a token of the rate limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.fsm.context import FSMContext
from aiogram.fsm.storage.base import StorageKey
from aiogram.types import Message

from app.locales.locales import language_of, translator
from app.services.records import Newcomer
from app.utils.rate_limit import START, limit_of, limit_of_click

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiogram.fsm.storage.base import BaseStorage
    from aiogram.types import TelegramObject, User

    from app.services.accounts import Accounts
    from app.services.doors import Door, Look


class LocaleMiddleware(BaseMiddleware):
    """Puts `account`, `t`, `look`, `state` and `raw_state` into the handler's arguments.

    /start reads or makes the account itself, so nothing is read for it here beyond the cache.
    """

    def __init__(self, door: Door, accounts: Accounts, storage: BaseStorage) -> None:
        self._door = door
        self._accounts = accounts
        self._storage = storage

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Call the handler in the person's language."""
        user: User = data["event_from_user"]
        limit = limit_of(event)
        key = StorageKey(bot_id=data["bot"].id, chat_id=user.id, user_id=user.id)
        look: Look = await (data.pop("early_look", None) or self._door.look(user.id, limit, _state_key(user.id)))
        data["look"], data["raw_state"] = look, look.state
        data["state"] = FSMContext(self._storage, key)
        data["t"] = translator(look.account.language if look.account else language_of(user.language_code))
        if look.account is not None:
            data["account"] = look.account
        elif limit is not START and not look.wait_ms:
            data["account"] = account = await self._accounts.recognise(look, newcomer(user))
            data["t"] = translator(account.language)
        elif isinstance(event, Message):
            data["account"] = None
        return await handler(event, data)

    def look_early(self, query: dict[str, Any]) -> Awaitable[Look] | None:
        """Ask about who clicks in a private chat, by the raw query, before anybody has checked it."""
        match query:
            case {
                "from": {"id": int(tg_id), "is_bot": False},
                "data": str(data),
                "message": {"chat": {"type": ChatType.PRIVATE}},
            }:
                return self._door.look(tg_id, limit_of_click(data), _state_key(tg_id))
        return None


def _state_key(tg_id: int) -> str:
    """Where RedisStorage keeps the state of a private chat, by aiogram's DefaultKeyBuilder, which takes longer."""
    return f"fsm:{tg_id}:{tg_id}:state"


def newcomer(user: User, inviter: int | None = None) -> Newcomer:
    """What Telegram says of a person, as the accounts take it."""
    return Newcomer(
        tg_id=user.id,
        first_name=user.first_name[:64].replace("\n", " ").replace("\0", ""),
        username=user.username,
        language=language_of(user.language_code),
        inviter=inviter,
    )
