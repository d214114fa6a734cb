"""Turns what went wrong into words, in one place. Decides nothing about what happens next but the fresh menu."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from app.domain.errors import MalformedAction, NoSubscription, NotFound, OrbitError, PlanChanged
from app.domain.money import Money

if TYPE_CHECKING:
    from app.locales.locales import Translator

# After these the screen that the person pressed on is out of date: a fresh one comes with the words.
STALE = (MalformedAction, NoSubscription, NotFound, PlanChanged)


def words_for(error: OrbitError, t: Translator) -> str:
    """The sentence for a refusal, as plain text."""
    facts = {name: _in_words(value, t) for name, value in error.facts.items()}
    if "limit" in facts:
        facts["configs"] = t.count("config", int(facts["limit"]))
    return t.plain(error.code, **facts)


def new_incident() -> str:
    """A short code that a person can read out, and that stands in the log beside the traceback."""
    return secrets.token_hex(3).upper()


def _in_words(value: object, t: Translator) -> str:
    if isinstance(value, datetime):
        return t.moment(value)
    return t.money(value) if isinstance(value, Money) else str(value)
