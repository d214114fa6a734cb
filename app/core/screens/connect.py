"""The way onto a device: which one, then what to install and press. Draws, and asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.keys import connect as connect_keys
from app.core.screens import codes
from app.core.screens.details import address_of, being_made
from app.core.screens.screen import Screen
from app.domain.apps import apps_for

if TYPE_CHECKING:
    from app.locales.locales import Translator
    from app.services.records import Config


def ask(t: Translator, config_id: int, *, is_first: bool = False) -> Screen:
    """On which device."""
    return Screen(t("connect.ask"), connect_keys.devices(t, config_id, is_first=is_first))


def guide(t: Translator, shown: Config, system: str) -> Screen:
    """Install and import by our page; where there is none, the link to paste and its code; or that it is being made."""
    url = address_of(shown)
    if url is None:
        return being_made(t, shown)
    app, name = apps_for(system)[0], connect_keys.system_name(system)
    if shown.public_url is not None:
        text = t("connect.by_page", system=name, app=app.name)
        return Screen(text, connect_keys.by_page(t, shown.id, app, system, url))
    text = t("connect.by_hand", system=name, app=app.name, url=url)
    return Screen(text, connect_keys.by_hand(t, shown.id, app, system, url), codes.branded(url))
