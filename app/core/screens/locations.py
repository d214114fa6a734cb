"""The screens of countries: where a config is to be made, or to go. Draws, and asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.keys import locations as locations_keys
from app.core.screens.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.locales.locales import Translator
    from app.services.records import Config


def where_to_make(t: Translator, countries: Collection[str], intent: str) -> Screen:
    """Where the new config is to stand."""
    return Screen(t("location.ask"), locations_keys.where_to_make(t, countries, intent))


def where_to_move(t: Translator, countries: Collection[str], config: Config) -> Screen:
    """Where the config is to go."""
    here = t("location.unknown") if config.country is None else t.country(config.country)
    text = t("location.move", name=config.name, country=here)
    return Screen(text, locations_keys.where_to_move(t, countries, config.id))
