"""The keyboards of countries. Holds no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import MakeConfig, MoveConfig
from app.core.buttons import back, button, in_rows, keyboard, to_config

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from aiogram.filters.callback_data import CallbackData
    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

    from app.locales.locales import Translator

# Two names side by side are read on any phone.
A_ROW = 2
# More than a thumb scrolls through; a keyboard takes a hundred buttons.
MOST_SHOWN = 60
BEST = ""


def where_to_make(t: Translator, countries: Collection[str], intent: str) -> InlineKeyboardMarkup:
    """The best, then the countries by their names."""
    rows = _rows(t, countries, lambda country: MakeConfig(intent=intent, country=country))
    return keyboard(*rows, back(t, "vpn"))


def where_to_move(t: Translator, countries: Collection[str], config_id: int) -> InlineKeyboardMarkup:
    """The same for a config that is there."""
    rows = _rows(t, countries, lambda country: MoveConfig(id=config_id, country=country))
    return keyboard(*rows, to_config(t, config_id))


def _rows(
    t: Translator, countries: Collection[str], action: Callable[[str], CallbackData]
) -> list[list[InlineKeyboardButton]]:
    named = sorted((t.country(country).partition(" ")[2], country) for country in countries)[:MOST_SHOWN]
    buttons = [button(t.country(country), action(country)) for _, country in named]
    return [[button(t.plain("location.best"), action(BEST), "primary")], *in_rows(buttons, A_ROW)]
