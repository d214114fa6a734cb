"""Owns groups with topics, and channels: who is in them and what stands there; must not announce anything."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sandbox.telegram.people import Content, Person, StoredMessage

Kind = Literal["supergroup", "channel"]
Standing = Literal["administrator", "member", "left"]
Happening = Literal["created", "closed", "reopened"]
_ID = re.compile(r"-[0-9]{1,19}")


@dataclass(slots=True)
class GroupMessage(StoredMessage):
    """A message of a group; `sender` is None for the bot's, `happening` is what a topic's service message tells."""

    thread_id: int | None = None
    sender: Person | None = None
    is_anonymous: bool = False
    happening: Happening | None = None


@dataclass(slots=True)
class Topic:
    """A topic; its id is that of the service message that tells of its creation."""

    id: int
    name: str
    is_closed: bool = False


@dataclass(slots=True)
class Group:
    """A supergroup or a channel; `bot` is what the bot is in it."""

    id: int
    title: str
    kind: Kind = "supergroup"
    username: str | None = None
    is_forum: bool = True
    bot: Standing = "administrator"
    members: set[int] = field(default_factory=set)
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, GroupMessage] = field(default_factory=dict)
    last_id: int = 0

    def post(
        self,
        content: Content,
        at: int,
        *,
        sender: Person | None,
        thread_id: int | None,
        reply_to: int | None = None,
        is_anonymous: bool = False,
        happening: Happening | None = None,
    ) -> GroupMessage:
        """Put a message into the group; each group counts its own messages."""
        self.last_id += 1
        stored = GroupMessage(
            self.last_id,
            by_bot=sender is None,
            sent_at=at,
            content=content,
            reply_to=reply_to,
            thread_id=thread_id,
            sender=sender,
            is_anonymous=is_anonymous,
            happening=happening,
        )
        self.messages[stored.id] = stored
        return stored

    def delete_topic(self, thread_id: int) -> None:
        """Take a topic away with all that stands in it."""
        del self.topics[thread_id]
        self.messages = {key: found for key, found in self.messages.items() if found.thread_id != thread_id}


class Groups:
    """Every group and channel, by id and by name."""

    def __init__(self) -> None:
        self._known: dict[int, Group] = {}

    def __iter__(self) -> Iterator[Group]:
        return iter(self._known.values())

    def put(self, group: Group) -> Group:
        """Take a group in, or change the one of that id; what stands in it stays."""
        known = self._known.get(group.id)
        if known is not None:
            group.topics, group.messages, group.last_id = known.topics, known.messages, known.last_id
        self._known[group.id] = group
        return group

    def find(self, chat_id: int | str | None) -> Group | None:
        """Return the group of an id, or the public one of a @name."""
        text = str(chat_id)
        if text.startswith("@"):
            return next((group for group in self if group.username == text[1:]), None)
        return self._known.get(int(text)) if _ID.fullmatch(text) else None

    def clear(self) -> None:
        """Forget all groups."""
        self._known.clear()
