"""Owns the people of the sandbox and their chats with the bot; must not send or announce anything."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from aiogram.types import InlineKeyboardMarkup, LinkPreviewOptions

from sandbox.telegram.photos import Photo
from sandbox.telegram.stars import StarsInvoice
from sandbox.telegram.text.formatted import Formatted

_FIRST_ID = 1001


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a person sent; the emulator knows its names and keeps no content."""

    kind: Literal["document", "voice"]
    file_id: str
    unique_id: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says; the text is the caption where there is a photo or a file."""

    text: Formatted
    photo: Photo | None = None
    attachment: Attachment | None = None
    caption_above: bool = False
    spoiler: bool = False
    preview: LinkPreviewOptions | None = None
    invoice: StarsInvoice | None = None
    is_service: bool = False
    effect: str | None = None


@dataclass(slots=True)
class StoredMessage:
    """A message of a chat; times are unix seconds, fixed tells that Telegram lets nobody edit it."""

    id: int
    by_bot: bool
    sent_at: int
    content: Content
    keyboard: InlineKeyboardMarkup | None = None
    fixed: bool = False
    edited_at: int | None = None
    reply_to: int | None = None


@dataclass(slots=True)
class Person:
    """Somebody with a Telegram account; started tells that they wrote to the bot first."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    blocked: bool = False
    started: bool = False
    messages: dict[int, StoredMessage] = field(default_factory=dict)


class People:
    """Everybody, by id."""

    def __init__(self) -> None:
        self._known: dict[int, Person] = {}
        self._next = _FIRST_ID

    def __iter__(self) -> Iterator[Person]:
        return iter(self._known.values())

    def put(
        self, first_name: str, username: str | None, language_code: str | None, person_id: int | None = None
    ) -> Person:
        """Return a new person, or the one of that id renamed; without an id the next free one is taken."""
        if person_id is None:
            while self._next in self._known:
                self._next += 1
            person_id = self._next
        person = self._known.setdefault(person_id, Person(person_id, first_name))
        person.first_name, person.username, person.language_code = first_name, username, language_code
        return person

    def find(self, person_id: int) -> Person | None:
        """Return the person of this id."""
        return self._known.get(person_id)

    def clear(self) -> None:
        """Forget everybody."""
        self._known.clear()
        self._next = _FIRST_ID
