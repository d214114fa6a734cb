"""The keyboard below the traffic. Holds no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import ShowTraffic
from app.core.buttons import back, button, keyboard, to_config

if TYPE_CHECKING:
    from aiogram.types import InlineKeyboardMarkup

    from app.locales.locales import Translator


def traffic(t: Translator, config_id: int | None) -> InlineKeyboardMarkup:
    """Back to the config, or to the settings; again, for the sums grow."""
    again = [button(t.plain("config.refresh"), ShowTraffic(id=config_id or 0))]
    if config_id is None:
        return keyboard(again, back(t, "settings"))
    return keyboard(again, to_config(t, config_id))
