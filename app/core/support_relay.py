"""Carries messages between persons and the operators' group, each once; makes topics and cards. Decides nothing else.

What is to be carried was stored before. Telegram can't be asked whether a copy was made whose answer was lost: such a
message is copied again, so it may come twice and is never missing.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import ReplyParameters

from app.core.outgoing import PersonGone
from app.core.support_card import card
from app.domain.errors import NotFound
from app.services.history import Place

if TYPE_CHECKING:
    from aiogram import Bot

    from app.core.operators import Operators
    from app.services.history import EntryReceipt, History
    from app.services.ports import Clock
    from app.services.support import Client, Errand, Errands

log = structlog.get_logger(__name__)

# Telegram lets a bot write 20 messages a minute into a group, and the wait for that is part of the work.
LEASE_SECONDS = 240
BATCH = 20
MOST_BACKOFF_SECONDS = 600
MOST_ATTEMPTS = 8
SHOWN_ENTRIES = 5
TITLE_NAME = 48
LOST_TOPIC = ("message thread not found", "topic_deleted", "topic_id_invalid")
LOST_MESSAGE = ("message to copy not found", "message can't be copied", "message_id_invalid")


class SupportRelay:
    """One look after another until nothing is due."""

    def __init__(self, bot: Bot, operators: Operators, errands: Errands, history: History, clock: Clock) -> None:
        self._bot = bot
        self._operators = operators
        self._group = operators.group_id
        self._errands = errands
        self._history = history
        self._clock = clock

    async def run(self) -> None:
        """Carry all that is due."""
        while await self.run_once():
            pass
        for thread_id in await self._errands.take_solved():
            await self._end(thread_id)

    async def run_once(self) -> int:
        """Carry the oldest question and answer of each person; how many were taken up."""
        errands = await self._errands.claim_due(self._clock.now(), LEASE_SECONDS, BATCH)
        await asyncio.gather(*map(self._carry, errands))
        return len(errands)

    async def _carry(self, errand: Errand) -> None:
        try:
            copy_id = await (self._to_person(errand) if errand.is_answer else self._to_operators(errand))
        except PersonGone:
            await (self._give_up(errand, "desk.person_gone") if errand.is_answer else self._put_off(errand, "no group"))
        except TelegramBadRequest as problem:
            await self._refused(errand, problem)
        except TelegramAPIError as error:
            await self._put_off(errand, type(error).__name__)
        else:
            await self._errands.sent(errand.id, copy_id)

    async def _to_person(self, errand: Errand) -> int:
        reply = _reply(errand)
        copy = await self._bot.copy_message(errand.tg_id, errand.chat_id, errand.message_id, reply_parameters=reply)
        return copy.message_id

    async def _to_operators(self, errand: Errand) -> int:
        thread_id, is_carded = errand.thread_id, errand.is_carded
        if thread_id is None:
            thread_id, is_carded = await self._make_topic(errand), False
        elif errand.is_topic_closed:
            await self._reopen(thread_id)
        if not is_carded:
            await self._bot.send_message(self._group, await self._card(errand), message_thread_id=thread_id)
            await self._errands.carded(errand.ticket_id, self._clock.now())
        reply = _reply(errand)
        copy = await self._bot.copy_message(
            self._group, errand.chat_id, errand.message_id, message_thread_id=thread_id, reply_parameters=reply
        )
        return copy.message_id

    async def _make_topic(self, errand: Errand) -> int:
        title = f"{errand.name[:TITLE_NAME]} · {errand.tg_id}"
        topic = await self._bot.create_forum_topic(self._group, title)
        await self._errands.topic_made(errand.tg_id, topic.message_thread_id)
        return topic.message_thread_id

    async def _reopen(self, thread_id: int) -> None:
        try:
            await self._bot.reopen_forum_topic(self._group, thread_id)
        except TelegramBadRequest as problem:
            if "topic_not_modified" not in problem.message.lower():
                raise
        await self._errands.topic_turned(thread_id, is_closed=False)

    async def _end(self, thread_id: int) -> None:
        """Tell operators that the person closed the request. A word that is lost on the way costs them a question."""
        t = await self._operators.words()
        try:
            await self._bot.send_message(self._group, t("desk.solved"), message_thread_id=thread_id)
            await self._bot.close_forum_topic(self._group, thread_id)
        except TelegramAPIError as error:
            log.warning("operators_not_told", key="desk.solved", error=type(error).__name__)
        else:
            await self._errands.topic_turned(thread_id, is_closed=True)

    async def _card(self, errand: Errand) -> str:
        client = await self._errands.client(errand.ticket_id)
        page = await self._history.page(client.tg_id, Place())
        receipt = await self._receipt(client)
        t = await self._operators.words()
        return card(t, errand.ticket_id, client, page.entries[:SHOWN_ENTRIES], receipt)

    async def _receipt(self, client: Client) -> EntryReceipt | None:
        if client.entry is None:
            return None
        try:
            return await self._history.receipt(client.tg_id, client.entry)
        except NotFound:  # an invoice that nobody paid, swept since
            return None

    async def _refused(self, errand: Errand, problem: TelegramBadRequest) -> None:
        words = problem.message.lower()
        if errand.thread_id is not None and any(phrase in words for phrase in LOST_TOPIC):
            log.info("topic_lost", thread_id=errand.thread_id)
            await self._errands.topic_lost(errand.thread_id)
            await self._put_off(errand, "topic lost", at_once=errand.attempts <= 1)
        elif any(phrase in words for phrase in LOST_MESSAGE) or (errand.is_answer and errand.attempts >= MOST_ATTEMPTS):
            # What a customer wrote waits as long as the group refuses it: nobody would tell them that it is lost.
            await self._give_up(errand, "desk.not_passed")
        else:
            await self._put_off(errand, problem.message)

    async def _give_up(self, errand: Errand, key: str) -> None:
        """The message stays where it is; who answered is told in the topic."""
        log.info("support_message_given_up", errand_id=errand.id, is_answer=errand.is_answer)
        await self._errands.failed(errand.id)
        if not errand.is_answer:
            return
        t = await self._operators.words()
        about = ReplyParameters(message_id=errand.message_id, allow_sending_without_reply=True)
        try:
            await self._bot.send_message(
                self._group, t(key), message_thread_id=errand.thread_id, reply_parameters=about
            )
        except TelegramAPIError as error:
            log.warning("operators_not_told", key=key, error=type(error).__name__)

    async def _put_off(self, errand: Errand, why: str, *, at_once: bool = False) -> None:
        seconds = 0 if at_once else min(2**errand.attempts, MOST_BACKOFF_SECONDS)
        log.warning("support_message_waits", errand_id=errand.id, why=why, seconds=seconds)
        await self._errands.retry(errand.id, self._clock.now() + timedelta(seconds=seconds))


def _reply(errand: Errand) -> ReplyParameters | None:
    if errand.reply_to is None:
        return None
    return ReplyParameters(message_id=errand.reply_to, allow_sending_without_reply=True)
