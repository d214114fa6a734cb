"""Owns what the bot says about itself: commands, name, descriptions, menu buttons; must not check their lengths."""

from dataclasses import dataclass, field

from aiogram.types import BotCommand, MenuButtonDefault
from aiogram.types.menu_button_union import MenuButtonUnion


@dataclass(slots=True)
class Profile:
    """Texts by language ("" for everybody), commands by scope and language, menu buttons by chat (None: default)."""

    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[BotCommand]] = field(default_factory=dict)
    menu_buttons: dict[int | None, MenuButtonUnion] = field(default_factory=dict)

    def menu_button(self, chat_id: int | None) -> MenuButtonUnion:
        """Return the button of a chat, or the default one."""
        return self.menu_buttons.get(chat_id) or self.menu_buttons.get(None) or MenuButtonDefault()
