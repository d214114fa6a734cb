"""Owns what the /sim API is asked: bodies, query parameters, people; must not answer."""

import json
import re

from aiohttp import web
from pydantic import Field

from sandbox.asked import Asked, refusal
from sandbox.telegram.acts import Kind
from sandbox.telegram.people import Person
from sandbox.telegram.telegram import Telegram

_NUMBER = re.compile(r"[0-9]{1,19}")


class Newcomer(Asked):
    """A person to create, or to rename where the id is known."""

    first_name: str = Field(min_length=1, max_length=64)
    id: int | None = Field(default=None, gt=0)
    username: str | None = None
    language_code: str | None = None


class Text(Asked):
    """A text to send to the bot, or a file with a caption."""

    person: int
    text: str
    kind: Kind = "text"
    reply_to: int | None = None


class Start(Asked):
    """A press on Start or a deep link."""

    person: int
    payload: str = ""


class Click(Asked):
    """A press on a button; rows and columns count from 0."""

    person: int
    message_id: int
    row: int
    column: int


class Block(Asked):
    """A change of mind about the bot."""

    person: int
    blocked: bool


class Pay(Asked):
    """A payment of an invoice: the one of a message, or the one that a link leads to."""

    person: int
    message_id: int | None = None
    link: str | None = None


def number(request: web.Request, name: str, default: int | None = None) -> int:
    """Return a number from the query; 400 where it is missing or none."""
    text = request.query.get(name)
    if text is None and default is not None:
        return default
    if text is None or not _NUMBER.fullmatch(text):
        raise refusal(f"{name} must be a number")
    return int(text)


def person_of(telegram: Telegram, person_id: int) -> Person:
    """Return a person; 404 where there is none."""
    person = telegram.people.find(person_id)
    if person is None:
        raise web.HTTPNotFound(text=json.dumps({"error": f"no person {person_id}"}), content_type="application/json")
    return person
