"""Owns the way of an update from raw JSON to its handler: checked, once, in order. Must not know how it arrived."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from aiogram.types import Message, Update
from aiogram.types.update import UpdateTypeLookupError
from pydantic import ValidationError

from app.core.money_updates import money_update_of
from app.domain.errors import StorageUnavailable
from app.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiogram import Bot, Dispatcher

    from app.core.lanes import Lanes
    from app.core.money_updates import MoneyDesk
    from app.services.stars import MoneyUpdate

log = structlog.get_logger()

LOOKS = frozenset({"from", "text", "entities", "caption", "caption_entities", "link_preview_options", "reply_markup"})


class Intake:
    """Takes raw updates from polling or webhook. `counts` tells how many were what, by the name of the log event.

    What `look` makes of a raw click whose turn has come is handed on as `early_look`: a question that is under way
    while the update is checked and finds its handler. The memory against duplicates is this process's own: it spares
    work, and money must not lean on it. What carries money goes to the desk for it, past the dispatcher, in a lane of
    its person's that no slow screen holds up.
    """

    def __init__(
        self,
        bot: Bot,
        dispatcher: Dispatcher,
        lanes: Lanes,
        *,
        look: Callable[[dict[str, Any]], object] | None = None,
        remember: int = 10_000,
        money: MoneyDesk | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._bot = bot
        self._dispatcher = dispatcher
        self._lanes = lanes
        self._look = look
        self._remember = remember
        self._money = money
        self._taken: dict[int, asyncio.Future[None]] = {}

    @property
    def stopping(self) -> bool:
        """Whether updates are refused from now on."""
        return self._lanes.closed

    async def accept(self, raw: object) -> asyncio.Future[None]:
        """Put an update into its customer's lane, waiting for room; the future is done when it was dealt with.

        Dealt with is also what is malformed, of an unknown kind, seen before, or failed in its handler: to bring
        it again would help nothing. A cancelled future means the opposite: not handled, let it come again.
        """
        update_id = update_id_of(raw)
        if update_id is None:
            self._note("update_malformed", None)
            return _settled()
        known = self._taken.get(update_id)
        if known is not None and not known.cancelled():
            self.counts["update_duplicate"] += 1
            return known
        early = self._asked_early(raw)
        update = self._checked(raw, update_id)
        if update is None:
            return self._remembered(update_id, _settled())
        done = self._remembered(update_id, asyncio.get_running_loop().create_future())
        about_money = money_update_of(update) if self._money is not None else None
        if self._money is not None and about_money is not None:
            return await self._accept_money(self._money, about_money, done)
        return await self._lanes.put(_customer(update), partial(self._handle, update, early), done)

    async def drain(self, seconds: float) -> int:
        """Refuse updates, wait for those in hand; how many had to be cut off after `seconds`."""
        return await self._lanes.drain(seconds)

    async def _accept_money(
        self, desk: MoneyDesk, update: MoneyUpdate, done: asyncio.Future[None]
    ) -> asyncio.Future[None]:
        try:
            kept = await desk.keep(update)
        except BaseException:
            done.cancel()
            raise
        if not kept:
            done.cancel()
            return done
        # No person's id is negative, so this lane is nobody else's.
        return await self._lanes.put(-update.payer, partial(self._handle_money, desk, update), done)

    def _asked_early(self, raw: object) -> object:
        """What `look` makes of a click that is first in its lane; behind others it would look too early."""
        match raw:
            case {"callback_query": {"from": {"id": int(customer)}} as query} if self._lanes.is_free(customer):
                return self._look(query) if self._look is not None else None
        return None

    def _checked(self, raw: object, update_id: int) -> Update | None:
        try:
            context = {"bot": self._bot}
            update = Update.model_validate(_lean(raw, context), context=context)
            _ = update.event_type
        except ValidationError:
            self._note("update_malformed", update_id)
        except UpdateTypeLookupError:
            self._note("update_unknown", update_id)
        else:
            return update
        return None

    async def _handle(self, update: Update, early_look: object) -> None:
        try:
            await self._dispatcher.feed_update(self._bot, update, early_look=early_look)
        except Exception:
            # The update loop: one handler's fault must not reach the other customers.
            self.counts["update_failed"] += 1
            log.error("update_failed", update_id=update.update_id, kind=update.event_type, exc_info=True)
        failpoint("update.dealt_with")

    async def _handle_money(self, desk: MoneyDesk, update: MoneyUpdate) -> None:
        try:
            await desk.handle(update)
        except StorageUnavailable:
            log.warning("money_update_waits", update_id=update.update_id, kind=update.kind.value)
        except Exception:
            # The update loop; the row stays due, so this is a delay and no loss.
            self.counts["update_failed"] += 1
            log.error("money_update_failed", update_id=update.update_id, kind=update.kind.value, exc_info=True)

    def _note(self, event: str, update_id: int | None) -> None:
        self.counts[event] += 1
        # The id and nothing else: the content is somebody's message.
        log.warning(event, update_id=update_id)

    def _remembered(self, update_id: int, done: asyncio.Future[None]) -> asyncio.Future[None]:
        self._taken.pop(update_id, None)
        self._taken[update_id] = done
        if len(self._taken) > self._remember:
            del self._taken[next(iter(self._taken))]
        return done


def update_id_of(raw: object) -> int | None:
    """The id of a raw update, or None where it is no update at all."""
    update_id = raw.get("update_id") if isinstance(raw, dict) else None
    return update_id if type(update_id) is int else None


def _lean(raw: object, context: dict[str, Any]) -> object:
    """The update without the looks of the message under a pressed button, which are ours and which no handler reads.

    To check a keyboard costs as much as to check the rest of the click. And the message is checked here, as what it is:
    aiogram's union would try it as one that is too old to see (its date is 0) besides.
    """
    match raw:
        case {"callback_query": {"message": {"date": int(date)} as message} as query, **rest} if date:
            seen = {name: part for name, part in message.items() if name not in LOOKS}
            return {**rest, "callback_query": {**query, "message": Message.model_validate(seen, context=context)}}
    return raw


def _customer(update: Update) -> int:
    """The key of the lane: who acts; else the chat; else the update by itself."""
    event = update.event
    for name in ("from_user", "user", "chat"):
        party = getattr(event, name, None)
        if party is not None:
            return int(party.id)
    return update.update_id


def _settled() -> asyncio.Future[None]:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done
