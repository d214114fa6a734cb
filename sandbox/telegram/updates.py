"""Owns the updates waiting for the bot: their ids, their kinds, their order; must not deliver them."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from aiogram.types import TelegramObject, Update

from sandbox.telegram.errors import bad_request
from sandbox.telegram.wire import dumped

Kind = Literal["message", "callback_query", "my_chat_member", "pre_checkout_query"]
KINDS = frozenset(Update.model_fields) - {"update_id"}
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_FIRST_ID, _FIRST_ID_SPREAD = 100_000_000, 800_000_000


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """An update the bot has not confirmed, and the person it comes from."""

    id: int
    person_id: int
    body: dict[str, object]


class Updates:
    """The queue of one bot: ids start at random and grow by one for as long as the emulator lives."""

    def __init__(self) -> None:
        self._next = _FIRST_ID + secrets.randbelow(_FIRST_ID_SPREAD)
        self._pending: dict[int, PendingUpdate] = {}
        self._by_person: dict[int, dict[int, PendingUpdate]] = {}
        self._allowed = KINDS - _ON_REQUEST
        self._explicit: list[str] | None = None
        self.listeners: list[Callable[[int], None]] = []

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def allowed(self) -> list[str] | None:
        """The kinds asked for, None for the default ones."""
        return self._explicit

    def allow(self, kinds: list[str] | None) -> None:
        """Take these kinds from now on: None keeps what was, an empty list is the default; 400 for an unknown kind."""
        if kinds is None:
            return
        # Telegram passes over an unknown name in silence; here it is surely a misspelling.
        if unknown := sorted(set(kinds) - KINDS):
            raise bad_request(f"unknown kind of update {unknown[0]}")
        self._allowed = frozenset(kinds) or KINDS - _ON_REQUEST
        self._explicit = list(kinds) or None

    def add(self, kind: Kind, person_id: int, event: TelegramObject) -> None:
        """Queue an event, unless the bot did not ask for its kind."""
        if kind not in self._allowed:
            return
        body: dict[str, object] = {"update_id": self._next, kind: dumped(event)}
        # An update the bot can't read would stop its polling for ever, so a bad one must fail here.
        Update.model_validate(body)
        update = PendingUpdate(self._next, person_id, body)
        self._next += 1
        self._pending[update.id] = update
        self._by_person.setdefault(person_id, {})[update.id] = update
        for listener in self.listeners:
            listener(person_id)

    def first(self, limit: int) -> list[PendingUpdate]:
        """Return the oldest ones."""
        return [update for update, _ in zip(self._pending.values(), range(limit), strict=False)]

    def first_of(self, person_id: int) -> PendingUpdate | None:
        """Return the oldest one of a person."""
        return next(iter(self._by_person.get(person_id, {}).values()), None)

    def people(self) -> list[int]:
        """Return everybody who waits."""
        return list(self._by_person)

    def confirm(self, offset: int) -> None:
        """Forget everything below offset; a negative one keeps that many of the newest and forgets the rest."""
        if offset < 0:
            self.forget(list(self._pending)[:offset])
        else:
            done = []
            for update_id in self._pending:
                if update_id >= offset:
                    break
                done.append(update_id)
            self.forget(done)

    def forget(self, update_ids: Iterable[int]) -> None:
        """Forget these."""
        for update_id in update_ids:
            update = self._pending.pop(update_id, None)
            if update is not None:
                theirs = self._by_person[update.person_id]
                del theirs[update_id]
                if not theirs:
                    del self._by_person[update.person_id]

    def clear(self) -> None:
        """Forget all that wait; ids go on."""
        self._pending.clear()
        self._by_person.clear()
