"""What keyboards are built of: buttons that act, copy or open a page, rows, the way back. Knows no screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from aiogram.types import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, WebAppInfo

from app.core.actions import Menu, ShowConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiogram.filters.callback_data import CallbackData

    from app.locales.locales import Translator

Style = Literal["primary", "success", "danger"]
COPY_LIMIT = 256


def button(text: str, action: CallbackData, style: Style | None = None) -> InlineKeyboardButton:
    """A button that sends `action`."""
    return styled(text, style, callback_data=action.pack())


def styled(text: str, style: Style | None, **does: object) -> InlineKeyboardButton:
    """A button in a style; styles are newer than aiogram's model and go over the wire as extras."""
    extra = {} if style is None else {"style": style}
    return InlineKeyboardButton.model_validate({"text": text, **does, **extra})


def copy(text: str, value: str, style: Style | None = None) -> list[InlineKeyboardButton]:
    """A button that copies `value`, where Telegram can: it takes 256 characters."""
    if len(value) > COPY_LIMIT:
        return []
    return [styled(text, style, copy_text=CopyTextButton(text=value))]


def keyboard(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    """The rows, less the empty ones."""
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def back(t: Translator, page: str = "home") -> list[InlineKeyboardButton]:
    """The row that leads back to a page of the menu."""
    return [button(t.plain("menu.back"), Menu(page=page))]


def to_menu(t: Translator) -> list[InlineKeyboardButton]:
    """The row that leads out to the menu."""
    return [button(t.plain("menu.home"), Menu(page="home"))]


def to_config(t: Translator, config_id: int) -> list[InlineKeyboardButton]:
    """The row that leads back to a config."""
    return [button(t.plain("menu.back"), ShowConfig(id=config_id))]


def in_rows(buttons: Sequence[InlineKeyboardButton], a_row: int) -> list[list[InlineKeyboardButton]]:
    """The buttons, so many side by side."""
    return [[*buttons[first : first + a_row]] for first in range(0, len(buttons), a_row)]


def open_page(text: str, url: str) -> list[InlineKeyboardButton]:
    """A button that opens a page of ours: inside Telegram where it can, which takes https only."""
    if url.startswith("https://"):
        return [styled(text, "primary", web_app=WebAppInfo(url=url))]
    return [styled(text, "primary", url=url)]


def share(t: Translator, link: str, pitch: str) -> tuple[list[InlineKeyboardButton], list[InlineKeyboardButton]]:
    """Two rows: share the link with words of ours, or copy it."""
    url = f"https://t.me/share/url?url={quote(link, safe='')}&text={quote(pitch, safe='')}"
    return [styled(t.plain("invite.share"), "primary", url=url)], copy(t.plain("invite.copy"), link)
