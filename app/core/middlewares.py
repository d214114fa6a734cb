"""What stands around every handler: private chats only, words for every failure, the ban. Holds no rule."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import structlog
from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError
from aiogram.types import CallbackQuery, Message
from redis.exceptions import RedisError

from app.core import keyboards
from app.core.actions import section_of
from app.core.errors import STALE, new_incident, words_for
from app.core.exempt import asks_for_help
from app.core.handlers.auth import menu_page
from app.core.outgoing import PersonGone
from app.core.screens import support
from app.core.screens.screen import Screen, reply, show
from app.domain.errors import Banned, OrbitError, StorageUnavailable
from app.locales.locales import language_of, translator

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiogram.types import TelegramObject

    from app.core.contact import Contact
    from app.locales.locales import Translator
    from app.services.bans import Bans

    Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

log = structlog.get_logger(__name__)


class PrivateOnlyMiddleware(BaseMiddleware):
    """The shop speaks with persons in private chats; groups and channels get no answer."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Call the handler for a private chat with a person."""
        message = event.message if isinstance(event, CallbackQuery) else event
        chat = getattr(message, "chat", None)
        user = data.get("event_from_user")
        if user is None or user.is_bot or (chat is not None and chat.type != ChatType.PRIVATE):
            return None
        return await handler(event, data)


class ErrorBoundary(BaseMiddleware):
    """Every handler ends in a message that the person understands; the log has the rest."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Call the handler and put into words what it raises."""
        try:
            return await handler(event, data)
        except OrbitError as refusal:
            await _explain(event, refusal, data)
        except PersonGone:
            log.info("person_gone", tg_id=data["event_from_user"].id)
        except (TimeoutError, RedisError) as error:
            log.warning("store_failed", error=type(error).__name__)
            await _explain(event, StorageUnavailable(), data)
        except Exception as error:  # noqa: BLE001 - the edge of the update loop: counted, logged, told
            await _apologise(event, error, _translator(data))
        return None


class BannedMiddleware(BaseMiddleware):
    """Who is banned hears why and until when, and can still ask for help.

    Rights to money are checked again where money moves.
    """

    def __init__(self, bans: Bans, contact: Contact) -> None:
        self._bans = bans
        self._contact = contact

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Call the handler for who is not banned, and for who asks for help."""
        account = data.get("account")
        if account is None or not account.is_banned or asks_for_help(event, data["raw_state"]):
            try:
                return await handler(event, data)
            except Banned:  # seen by the database, and not by the cache yet
                log.info("banned_late", tg_id=data["event_from_user"].id)
        ban = await self._bans.of(data["event_from_user"].id)
        screen = support.banned(_translator(data), ban, self._contact)
        if isinstance(event, CallbackQuery):
            return await show(event, screen)
        if isinstance(event, Message):
            return await reply(event, screen)
        return None


def _translator(data: dict[str, Any]) -> Translator:
    t: Translator = data.get("t") or translator(language_of(data["event_from_user"].language_code))
    return t


async def _explain(event: TelegramObject, refusal: OrbitError, data: dict[str, Any]) -> None:
    t = _translator(data)
    words = words_for(refusal, t)
    log.info("refused", code=refusal.code)
    if isinstance(event, CallbackQuery):
        if isinstance(refusal, STALE):
            await show(event, _fresh(event, words, t, data))
        else:
            await event.answer(words, show_alert=True)
    elif isinstance(event, Message):
        await event.answer(words, reply_markup=keyboards.to_home(t.language), parse_mode=None)


def _fresh(query: CallbackQuery, words: str, t: Translator, data: dict[str, Any]) -> Screen:
    """What takes the place of a screen that is out of date: the words, above the page that its button belongs to."""
    account = data.get("account")
    said = escape(words, quote=False)
    if account is None:
        return Screen(said, keyboards.to_home(t.language))
    page = menu_page(section_of(query.data or ""), account, t, data["shopfront"])
    return Screen(f"{said}\n\n{page.text}", page.keyboard)


async def _apologise(event: TelegramObject, error: Exception, t: Translator) -> None:
    incident = new_incident()
    log.error("handler_failed", incident=incident, exc_info=error)
    words = t("error.internal", incident=incident)
    try:
        if isinstance(event, CallbackQuery):
            await event.answer()
            await event.bot.send_message(event.from_user.id, words, reply_markup=keyboards.to_home(t.language))  # type: ignore[union-attr]  # bound by the intake
        elif isinstance(event, Message):
            await event.answer(words, reply_markup=keyboards.to_home(t.language))
    except TelegramAPIError as silent:
        log.warning("apology_failed", incident=incident, error=type(silent).__name__)
