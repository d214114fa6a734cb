"""Turns keys into words: the languages there are, and a translator for each. Holds no text itself."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from app.locales import en, ru

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.money import Money

DEFAULT_LANGUAGE = "ru"
GIB = 1024**3
MIB = 1024**2


class Markup(str):
    """Text that is HTML already: as a value of another text it is left as it is."""

    __slots__ = ()


class Translator:
    """`t("key", name=value)` in one language; values are escaped for HTML, so a name can't break a message."""

    def __init__(
        self, language: str, texts: dict[str, str], plurals: dict[str, tuple[str, str, str]], months: tuple[str, ...]
    ) -> None:
        self.language = language
        self.texts = texts
        self._plurals = plurals
        self._months = months

    def __call__(self, key: str, **values: object) -> Markup:
        """The HTML text under `key`; KeyError for a key or a value that is not there."""
        text = self.texts[key]
        return Markup(text.format(**{name: _safe(value) for name, value in values.items()}) if values else text)

    def plain(self, key: str, **values: object) -> str:
        """The same for places that take no HTML: buttons and alerts."""
        text = self.texts[key]
        return text.format(**values) if values else text

    def count(self, noun: str, number: int) -> str:
        """A number with its noun in the right form: 1 день, 2 дня, 5 дней."""
        one, few, many = self._plurals[noun]
        if number % 10 == 1 and number % 100 != 11 and (self.language == "ru" or number == 1):
            return f"{number} {one}"
        if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14:
            return f"{number} {few}"
        return f"{number} {many}"

    def date(self, at: datetime) -> str:
        """A day as people write it: 30 ноября 2026, 30 November 2026 (UTC)."""
        return f"{at.day} {self._months[at.month - 1]} {at.year}"

    def moment(self, at: datetime) -> str:
        """A day with its time: 30 ноября 2026, 12:00 UTC."""
        return f"{self.date(at)}, {at:%H:%M} UTC"

    def money(self, amount: Money) -> str:
        """Rubles: 1 349 ₽, 51.50 ₽, with no-break spaces."""
        whole, _, rest = str(amount).partition(".")
        sign = "-" if whole.startswith("-") else ""
        grouped = f"{sign}{abs(int(whole)):,}".replace(",", "\u00a0")
        return f"{grouped}{f'.{rest}' if rest else ''}\u00a0₽"

    def traffic(self, amount: int) -> str:
        """Bytes in the unit that a person reads easily, one decimal."""
        unit, name = (GIB, "unit.gib") if amount >= GIB else (MIB, "unit.mib")
        tenths = amount * 10 // unit
        number = f"{tenths // 10}.{tenths % 10}" if tenths % 10 else f"{tenths // 10}"
        return f"{number}\u00a0{self.texts[name]}"

    def usage(self, used: int, limit: int | None) -> str:
        """Bytes used of those that may be; no limit is None."""
        if limit is None:
            return self.plain("config.traffic_unlimited", used=self.traffic(used))
        return self.plain("config.traffic", used=self.traffic(used), limit=self.traffic(limit))


def _safe(value: object) -> object:
    return escape(value, quote=False) if type(value) is str else value


TRANSLATORS = {
    "ru": Translator("ru", ru.TEXTS, ru.PLURALS, ru.MONTHS),
    "en": Translator("en", en.TEXTS, en.PLURALS, en.MONTHS),
}


def translator(language: str | None) -> Translator:
    """The translator of `language`; Russian where it is unknown."""
    return TRANSLATORS.get(language or DEFAULT_LANGUAGE, TRANSLATORS[DEFAULT_LANGUAGE])


def language_of(client_code: str | None) -> str:
    """The shop's language for a Telegram client's: ru or en where it is one of them, else Russian."""
    code = (client_code or "").partition("-")[0].casefold()
    return code if code in TRANSLATORS else DEFAULT_LANGUAGE
