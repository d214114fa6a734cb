"""Owns the state of one emulated Telegram and the steps that change a chat; must not speak HTTP."""

import asyncio
import secrets
from dataclasses import asdict, dataclass

from aiogram.types import InlineKeyboardMarkup, Message, User

from sandbox.clock import SandboxClock
from sandbox.faults import FaultScript
from sandbox.telegram.events import Events
from sandbox.telegram.groups import Groups
from sandbox.telegram.history import History
from sandbox.telegram.page import message_view
from sandbox.telegram.people import Content, People, Person, StoredMessage
from sandbox.telegram.photos import Photos
from sandbox.telegram.polling import Polling
from sandbox.telegram.profile import Profile
from sandbox.telegram.stars import Stars
from sandbox.telegram.updates import Updates
from sandbox.telegram.webhook import Webhook
from sandbox.telegram.wire import message


@dataclass(frozen=True, slots=True)
class Query:
    """A click the bot has not answered."""

    id: str
    person_id: int


class Telegram:
    """One bot's Telegram, in memory; the token must begin with the bot's id and a colon."""

    def __init__(self, clock: SandboxClock, token: str, username: str = "orbit_sandbox_bot") -> None:
        self.clock = clock
        self.token = token
        self.bot = User(
            id=int(token.partition(":")[0]),
            is_bot=True,
            first_name="OrbitVPN",
            username=username,
        )
        self.people = People()
        self.groups = Groups()
        self.photos = Photos()
        self.updates = Updates()
        self.polling = Polling(self.updates)
        self.webhook = Webhook(self.updates, clock)
        self.events = Events()
        self.history = History()
        self.profile = Profile()
        self.faults = FaultScript()
        self.stars = Stars()
        self.checkouts: dict[str, asyncio.Future[str | None]] = {}
        self._queries: dict[str, Query] = {}
        self._last_message = 0

    def now(self) -> int:
        """Return the moment in unix seconds."""
        return int(self.clock.timestamp())

    def post(
        self,
        person: Person,
        content: Content,
        *,
        by_bot: bool,
        keyboard: InlineKeyboardMarkup | None = None,
        fixed: bool = False,
        reply_to: int | None = None,
    ) -> StoredMessage:
        """Put a message into a chat; message ids grow over all chats and are never used twice."""
        self._last_message += 1
        stored = StoredMessage(
            self._last_message, by_bot, self.now(), content, keyboard, fixed=fixed, reply_to=reply_to
        )
        person.messages[stored.id] = stored
        if self.events.watched(person.id):
            self.events.publish(person.id, "message", message_view(stored))
        return stored

    def edit(
        self, person: Person, stored: StoredMessage, content: Content, keyboard: InlineKeyboardMarkup | None
    ) -> None:
        """Change a message in its chat."""
        stored.content, stored.keyboard, stored.edited_at = content, keyboard, self.now()
        if self.events.watched(person.id):
            self.events.publish(person.id, "edit", message_view(stored))

    def delete(self, person: Person, message_id: int) -> None:
        """Take a message out of its chat."""
        del person.messages[message_id]
        self.events.publish(person.id, "delete", {"id": message_id})

    def ask(self, person: Person) -> Query:
        """Open a callback query of this person."""
        query = Query(str(10**17 + secrets.randbelow(9 * 10**17)), person.id)
        self._queries[query.id] = query
        return query

    def answer(self, query_id: str, text: str | None, url: str | None, *, alert: bool) -> bool:
        """Answer a callback query and tell its person; False where it is unknown or answered."""
        query = self._queries.pop(query_id, None)
        if query is None:
            return False
        answer = self.history.answer(query.person_id, query_id, text, url, alert=alert)
        self.events.publish(query.person_id, "answer", asdict(answer))
        return True

    def told(self, person: Person, stored: StoredMessage) -> Message:
        """Return a message as the bot sees it."""
        return message(self.bot, person, stored)

    def reset(self) -> None:
        """Forget people, groups, photos, waiting updates, history and faults; ids and the bot's own settings stay."""
        self.people.clear()
        self.groups.clear()
        self.photos.clear()
        self.updates.clear()
        self.history.clear()
        self.faults.clear()
        self.stars.clear()
        self._queries.clear()
