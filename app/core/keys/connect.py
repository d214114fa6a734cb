"""The keyboards of the way onto a device: which one, and the two presses that follow. Holds no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiogram.types import InlineKeyboardButton

from app.core.actions import AskDevice, ShowConfig, ShowGuide
from app.core.buttons import button, copy, in_rows, keyboard, open_page, to_config, to_menu
from app.domain.apps import SYSTEMS

if TYPE_CHECKING:
    from aiogram.types import InlineKeyboardMarkup

    from app.domain.apps import App
    from app.locales.locales import Translator

SIGNS = {"ios": "🍏", "android": "🤖", "windows": "🪟", "macos": "💻", "linux": "🐧"}
A_ROW = 2


def system_name(system: str) -> str:
    """What people call a system, with its sign."""
    return f"{SIGNS[system]} {SYSTEMS[system]}"


def devices(t: Translator, config_id: int, *, is_first: bool) -> InlineKeyboardMarkup:
    """The systems, phones first; then on to the menu, or back to the config that one came from."""
    systems = [button(system_name(system), ShowGuide(id=config_id, system=system)) for system in SYSTEMS]
    return keyboard(*in_rows(systems, A_ROW), to_menu(t) if is_first else to_config(t, config_id))


def by_page(t: Translator, config_id: int, app: App, system: str, url: str) -> InlineKeyboardMarkup:
    """The store, then the page of ours that hands the config to the app."""
    page = f"{url}?on={system}&lang={t.language}"
    return keyboard(_store(t, app, system), open_page(t.plain("connect.import"), page), _elsewhere(t, config_id))


def by_hand(t: Translator, config_id: int, app: App, system: str, url: str) -> InlineKeyboardMarkup:
    """The store, then the link to be pasted."""
    link = copy(t.plain("connect.copy"), url, "primary")
    return keyboard(_store(t, app, system), link, _elsewhere(t, config_id))


def _store(t: Translator, app: App, system: str) -> list[InlineKeyboardButton]:
    return [InlineKeyboardButton(text=t.plain("connect.install", app=app.name), url=app.stores[system])]


def _elsewhere(t: Translator, config_id: int) -> list[InlineKeyboardButton]:
    return [
        button(t.plain("connect.another"), AskDevice(id=config_id)),
        button(t.plain("connect.config"), ShowConfig(id=config_id)),
    ]
