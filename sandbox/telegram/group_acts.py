"""Owns what people do in groups: write into topics, close and delete them, come and go; must not answer for the bot."""

from typing import Literal

from sandbox.telegram.acts import ActError
from sandbox.telegram.groups import Group, GroupMessage, Happening
from sandbox.telegram.people import Content, Person
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.text.formatted import Formatted
from sandbox.telegram.text.incoming import TEXT_LIMIT, typed_text
from sandbox.telegram.wire import group_message

Turn = Literal["close", "reopen", "delete"]
_HAPPENING: dict[Turn, Happening] = {"close": "closed", "reopen": "reopened"}


def write(
    telegram: Telegram,
    group: Group,
    person: Person,
    text: str,
    *,
    thread_id: int | None,
    reply_to: int | None = None,
    is_anonymous: bool = False,
) -> GroupMessage:
    """Write into a topic, or beside all topics; ActError for who is no member and for a topic that there is not."""
    if person.id not in group.members:
        raise ActError(f"{person.first_name} is no member of {group.title}")
    if thread_id is not None and thread_id not in group.topics:
        raise ActError(f"there is no topic {thread_id}")
    typed = typed_text(text)
    if not 1 <= typed.length() <= TEXT_LIMIT:
        raise ActError(f"a message has 1-{TEXT_LIMIT} characters, not {typed.length()}")
    stored = group.post(
        Content(typed),
        telegram.now(),
        sender=person,
        thread_id=thread_id,
        # Within a topic every message answers the topic's first one, unless it answers another.
        reply_to=reply_to or thread_id,
        is_anonymous=is_anonymous,
    )
    # Without an administrator's rights a bot hears commands only.
    if group.bot == "administrator" or (group.bot == "member" and typed.text.startswith("/")):
        _tell(telegram, group, person, stored)
    return stored


def turn(telegram: Telegram, group: Group, person: Person, thread_id: int, what: Turn) -> None:
    """Close, reopen or delete a topic; of a deletion no bot is told."""
    topic = group.topics.get(thread_id)
    if topic is None:
        raise ActError(f"there is no topic {thread_id}")
    if what == "delete":
        group.delete_topic(thread_id)
        return
    topic.is_closed = what == "close"
    stored = group.post(
        Content(Formatted(topic.name), is_service=True),
        telegram.now(),
        sender=person,
        thread_id=thread_id,
        happening=_HAPPENING[what],
    )
    _tell(telegram, group, person, stored)


def come(group: Group, person: Person, *, joined: bool) -> None:
    """Join a group or channel, or leave it."""
    if joined:
        group.members.add(person.id)
    else:
        group.members.discard(person.id)


def _tell(telegram: Telegram, group: Group, person: Person, stored: GroupMessage) -> None:
    telegram.updates.add("message", person.id, group_message(telegram.bot, group, stored))
