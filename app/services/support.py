"""Requests to support: a person's messages go to operators and answers come back, each once. Sends nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from app.domain.errors import NotFound, TooManyMessages

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.domain.money import Money
    from app.services.history import EntryRef
    from app.services.ports import Clock

# A person who explains something at length sends far fewer; each album's picture counts.
MOST_MESSAGES = 30
WITHIN = timedelta(minutes=10)
# Word that a message was passed on comes once for what is written in one go.
QUIET = timedelta(minutes=2)


class Category(StrEnum):
    """What a request is about."""

    PAYMENT = "payment"
    VPN = "vpn"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a new request is about, and the entry of the history that it names."""

    category: Category
    entry: EntryRef | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A message as Telegram names it; `reply_to` is the message of the same chat that it answers."""

    chat_id: int
    message_id: int
    author: int | None
    reply_to: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a person's message: its request, and how many the person sent lately, until when."""

    ticket_id: int
    is_kept: bool
    lately: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request of a person's."""

    id: int
    tg_id: int


@dataclass(frozen=True, slots=True)
class Errand:
    """A message to be copied across, with what is known of both sides. `reply_to` is a message of where it goes."""

    id: int
    ticket_id: int
    chat_id: int
    message_id: int
    is_answer: bool
    attempts: int
    tg_id: int
    name: str
    thread_id: int | None
    is_topic_closed: bool
    is_carded: bool
    reply_to: int | None


@dataclass(frozen=True, slots=True)
class Client:
    """What operators see of who asks; names and the reason of a ban are texts that anybody may have written."""

    tg_id: int
    name: str
    username: str | None
    language: str
    balance: Money
    subscription_end: datetime | None
    ban_reason: str | None
    category: Category
    entry: EntryRef | None


class SupportStore(Protocol):
    """Requests and their messages in the database; messages are unique by chat and id."""

    async def open_of(self, tg_id: int) -> Ticket | None:
        """The person's open request."""
        ...

    async def keep(self, tg_id: int, said: Said, subject: Subject | None, now: datetime, most: int) -> Kept | None:
        """Store a person's message for operators, in the open request or in a new one about `subject`.

        None where none is open and no subject given; not stored where `most` came within the time, or it was known.
        """
        ...

    async def answer(self, thread_id: int, said: Said, now: datetime) -> bool:
        """Store an operator's message for the person of that topic; whether there is one."""
        ...

    async def close(self, thread_id: int, now: datetime) -> Ticket | None:
        """Close the open request of a topic and promise its person word of it; None where none is open."""
        ...

    async def solve(self, tg_id: int, ticket_id: int, now: datetime) -> Ticket | None:
        """Close the person's own request, at their wish; None where it is another's or closed."""
        ...


class Errands(Protocol):
    """What is to be copied across, leased to one worker at a time and in order for each person."""

    async def claim_due(self, now: datetime, lease_seconds: int, limit: int) -> list[Errand]:
        """Lease up to `limit` messages: of each person the oldest question and the oldest answer."""
        ...

    async def client(self, ticket_id: int) -> Client:
        """Who asks, and what about."""
        ...

    async def take_solved(self) -> list[int]:
        """The topics of requests that their persons have closed, once each."""
        ...

    async def topic_made(self, tg_id: int, thread_id: int) -> None:
        """The person has this topic from now on."""
        ...

    async def topic_lost(self, thread_id: int) -> None:
        """The topic is gone: the next message makes another, with a card of its own."""
        ...

    async def topic_turned(self, thread_id: int, *, is_closed: bool) -> None:
        """The topic was closed, or opened again."""
        ...

    async def carded(self, ticket_id: int, now: datetime) -> None:
        """Operators have the card of this request."""
        ...

    async def sent(self, errand_id: int, copy_id: int) -> None:
        """The message was copied, and this is the copy."""
        ...

    async def failed(self, errand_id: int) -> None:
        """The message can never be copied."""
        ...

    async def retry(self, errand_id: int, at: datetime) -> None:
        """Copy it at `at`."""
        ...


class Support:
    """The use cases of who asks and of who answers."""

    def __init__(self, store: SupportStore, clock: Clock, wake: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake

    async def open_of(self, tg_id: int) -> Ticket | None:
        """The person's open request."""
        return await self._store.open_of(tg_id)

    async def ask(self, tg_id: int, said: Said, subject: Subject | None) -> bool | None:
        """Take a person's message; whether to say so, None where it belongs to no request. Raises TooManyMessages."""
        now = self._clock.now()
        kept = await self._store.keep(tg_id, said, subject, now, MOST_MESSAGES)
        if kept is None:
            return None
        if not kept.is_kept:
            if kept.lately >= MOST_MESSAGES:
                raise TooManyMessages
            return False
        self._wake("support")
        return kept.last_at is None or now - kept.last_at > QUIET

    async def answer(self, thread_id: int, said: Said) -> None:
        """Take an operator's message for the person of that topic; one in a topic of nobody's is none."""
        if await self._store.answer(thread_id, said, self._clock.now()):
            self._wake("support")

    async def close(self, thread_id: int) -> Ticket | None:
        """Close the request of a topic and have its person told; None where none is open."""
        ticket = await self._store.close(thread_id, self._clock.now())
        if ticket is not None:
            self._wake("notices")
        return ticket

    async def solve(self, tg_id: int, ticket_id: int) -> None:
        """Close one's own request; NotFound where it is another's or closed."""
        if await self._store.solve(tg_id, ticket_id, self._clock.now()) is None:
            raise NotFound
        self._wake("support")
