"""The screen of a config's devices. Draws, and asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.keys import configs as configs_keys
from app.core.screens.screen import Screen
from app.locales.locales import Markup

if TYPE_CHECKING:
    from datetime import datetime

    from app.locales.locales import Translator
    from app.services.devices import DeviceCard

# As many as a message holds with room to spare; more than that are an operator's choice of limit.
MOST_SHOWN = 30


def of_config(
    t: Translator, config_id: int, name: str, cards: tuple[DeviceCard, ...], most: int, now: datetime
) -> Screen:
    """The devices that hold places, with a button that frees each, then the apps that can't be counted."""
    counted = [card for card in cards if card.is_counted][:MOST_SHOWN]
    others = [card for card in cards if not card.is_counted][:MOST_SHOWN]
    parts = [t("devices.title", name=name, taken=len(counted), most=most)]
    if counted:
        parts.append(Markup("\n".join(_line(t, card, now) for card in counted)))
    parts.append(t("devices.full" if len(counted) >= most else "devices.hint" if cards else "devices.none"))
    if others:
        lines = Markup("\n".join(_line(t, card, now) for card in others))
        parts.append(t("devices.uncounted", apps=lines))
    removable = [(card.id, _name(t, card)) for card in counted]
    return Screen("\n\n".join(parts), configs_keys.devices(t, config_id, removable))


def _line(t: Translator, card: DeviceCard, now: datetime) -> Markup:
    words = [word for word in (card.model, card.system, card.app) if word]
    details = " · ".join(words[1:])
    seen = t.plain("devices.today") if t.date(card.seen_at) == t.date(now) else t.date(card.seen_at)
    if details:
        return t("devices.line", name=_name(t, card), details=details, seen=seen)
    return t("devices.short_line", name=_name(t, card), seen=seen)


def _name(t: Translator, card: DeviceCard) -> str:
    return card.model or card.system or card.app or t.plain("devices.some_app")
