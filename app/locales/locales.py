"""Turns keys into words: a Fluent file a language (ru.ftl, en.ftl), and a translator for each. Holds no text itself."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cached_property, lru_cache
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_decimal
from fluent_compiler.bundle import FluentBundle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.domain.money import Money

FOLDER = Path(__file__).parent
DEFAULT_LANGUAGE = "ru"
GIB = 1024**3
MIB = 1024**2
# Two of these letters are drawn as a flag.
FIRST_FLAG = ord("🇦")
# Where one message ends and the next begins: what belongs to a message stands indented.
_ENTRY = re.compile(r"\n(?=[a-z])")
# Marks that turn the direction of what follows: in a name they would turn the rest of the message.
_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


class Markup(str):
    """Text that is HTML already: as a value of another text it is left as it is."""

    __slots__ = ()


class Translator:
    """`t("screen.part", name=value)` in one language; values are escaped for HTML, so a name can't break a message."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = Locale.parse(language)
        self._compiled: dict[str, FluentBundle] = {}

    @cached_property
    def _sources(self) -> dict[str, str]:
        """The source of each message by its name."""
        entries = _ENTRY.split((FOLDER / f"{self.language}.ftl").read_text("utf-8"))
        return {entry.partition("=")[0].strip(): entry for entry in entries}

    def _message(self, name: str) -> FluentBundle:
        """A message, compiled when it is first said: all of them at once would cost each start a second."""
        found = self._compiled.get(name)
        if found is None:
            found = FluentBundle.from_string(self.language, self._sources[name], use_isolating=False)
            wrong = found.check_messages()
            if wrong:
                raise ValueError(f"{self.language}.ftl: {wrong}")
            self._compiled[name] = found
        return found

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.plain("format.zone"))

    def __call__(self, key: str, **values: object) -> Markup:
        """The HTML text under `key`; KeyError for a key or a value that is not there."""
        return Markup(self._said(key, {name: _safe(value) for name, value in values.items()}))

    def plain(self, key: str, **values: object) -> str:
        """The same for places that take no HTML: buttons and alerts."""
        return self._said(key, {name: _straight(str(value)) for name, value in values.items()})

    def _said(self, key: str, values: Mapping[str, object]) -> str:
        text, missing = self._message(key.partition(".")[0]).format(key, values)
        if missing:
            raise KeyError(f"{key}: {missing}")
        return str(text)

    def knows(self, key: str) -> bool:
        """Whether there are words under `key`."""
        try:
            self._message(key.partition(".")[0]).format(key, {})
        except KeyError:
            return False
        return True

    @lru_cache(maxsize=4096)  # noqa: B019 - translators live as long as the process
    def count(self, noun: str, number: int) -> str:
        """A number with its noun in the right form: 1 день, 2 дня, 5 дней."""
        return self._said(f"count.{noun}", {"n": number})

    def date(self, at: datetime) -> str:
        """A day as people write it, by the clock of the language's people: 30 ноября 2026, 30 November 2026."""
        return self._time("format.date", at)

    def moment(self, at: datetime) -> str:
        """A day with its time: 30 ноября 2026, 15:00 МСК."""
        return f"{self._time('format.moment', at)} {self.plain('format.zone_name')}"

    def time(self, at: datetime) -> str:
        """The time of a day that goes without saying: 15:00 МСК."""
        return f"{self._time('format.time', at)} {self.plain('format.zone_name')}"

    def day(self, there: datetime) -> str:
        """A day of this year, short, whatever the clock: 28 нояб., 28 Nov."""
        return self._written("format.day", there)

    def country(self, code: str) -> str:
        """A country by its ISO 3166 alpha-2 code, with its flag: 🇳🇱 Нидерланды."""
        flag = "".join(chr(ord(letter) - ord("A") + FIRST_FLAG) for letter in code)
        return f"{flag} {self._locale.territories.get(code, code)}"

    def _time(self, pattern: str, at: datetime) -> str:
        there = at.astimezone(self._zone)
        return self._written(pattern, there.replace(second=0, microsecond=0, tzinfo=None))

    @lru_cache(maxsize=4096)  # noqa: B019 - translators live as long as the process
    def _written(self, pattern: str, there: datetime) -> str:
        return format_datetime(there, self.plain(pattern), locale=self._locale)

    @lru_cache(maxsize=4096)  # noqa: B019 - translators live as long as the process
    def money(self, amount: Money) -> str:
        """Rubles, whole where they are: 1 349 ₽, 51,50 ₽; 1,349 ₽, 51.50 ₽ in English. Never broken over lines."""
        whole = amount.kopecks % 100 == 0
        shown = format_decimal(Decimal(str(amount)), "#,##0" if whole else "#,##0.00", locale=self._locale)
        return self.plain("format.money", sum=shown)

    def traffic(self, amount: int) -> str:
        """Bytes in the unit that a person reads easily, one decimal, rounded down."""
        unit, name = (GIB, "unit.gib") if amount >= GIB else (MIB, "unit.mib")
        shown = format_decimal(Decimal(amount * 10 // unit) / 10, "###0.#", locale=self._locale)
        return f"{shown}\u00a0{self.plain(name)}"

    def usage(self, used: int, limit: int | None) -> str:
        """Bytes used of those that may be; no limit is None."""
        if limit is None:
            return self.plain("config.traffic_unlimited", used=self.traffic(used))
        return self.plain("config.traffic", used=self.traffic(used), limit=self.traffic(limit))


def _safe(value: object) -> str:
    return value if isinstance(value, Markup) else escape(_straight(str(value)), quote=False)


def _straight(text: str) -> str:
    """The text without marks that turn the direction; one that runs from right to left is kept to itself."""
    if text.isascii():
        return text
    straight = _TURNS.sub("", text)
    return f"\u2068{straight}\u2069" if _RIGHT_TO_LEFT.search(straight) else straight


def _languages() -> list[str]:
    found = sorted(path.stem for path in FOLDER.glob("*.ftl"))
    return sorted(found, key=lambda language: language != DEFAULT_LANGUAGE)


TRANSLATORS: Mapping[str, Translator] = MappingProxyType({language: Translator(language) for language in _languages()})


def translator(language: str | None) -> Translator:
    """The translator of `language`; Russian where it is unknown."""
    return TRANSLATORS.get(language or DEFAULT_LANGUAGE, TRANSLATORS[DEFAULT_LANGUAGE])


def language_of(client_code: str | None) -> str:
    """The shop's language for a Telegram client's: its own where the shop speaks it, else Russian."""
    code = (client_code or "").partition("-")[0].casefold()
    return code if code in TRANSLATORS else DEFAULT_LANGUAGE
