"""Owns what keyboards Telegram accepts and how a page shows them; must not know messages."""

from aiogram.types import (
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from sandbox.telegram.errors import bad_request
from sandbox.telegram.links import LinkError, checked
from sandbox.telegram.text.formatted import utf16_length

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply

DATA_LIMIT_BYTES = 64
COPY_LIMIT = 256
BUTTONS_LIMIT = 100
_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
# Telegram takes an empty query for "the bot's name alone"; any other action needs a value.
_MAY_BE_EMPTY = {"switch_inline_query", "switch_inline_query_current_chat"}
_STYLES = {"danger", "success", "primary"}


def checked_markup(markup: Markup | None, *, pays: bool = False) -> InlineKeyboardMarkup | None:
    """Return the inline keyboard, None where there is none or an empty one; ApiError 400 for one Telegram refuses.

    Only the keyboard of an invoice `pays`.
    """
    if isinstance(markup, ReplyKeyboardMarkup):
        _check_reply_keyboard(markup)
    if not isinstance(markup, InlineKeyboardMarkup):
        return None
    buttons = [button for row in markup.inline_keyboard for button in row]
    if len(buttons) > BUTTONS_LIMIT:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        _check_button(button, pays=pays)
    return markup if buttons else None


def _check_reply_keyboard(markup: ReplyKeyboardMarkup) -> None:
    for button in (button for row in markup.keyboard for button in row):
        if not button.text:
            raise bad_request("keyboard button text must be non-empty")
        if button.web_app:
            _check_link("keyboard button Web App URL", button.web_app.url, https_only=True)


def _check_button(button: InlineKeyboardButton, *, pays: bool) -> None:
    if not button.text:
        raise bad_request("inline keyboard button text must be non-empty")
    given = {name: getattr(button, name) for name in _ACTIONS}
    actions = [name for name, value in given.items() if value or (value is not None and name in _MAY_BE_EMPTY)]
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(f"can't parse inline keyboard button: exactly one action expected, got {', '.join(actions)}")
    style = (button.model_extra or {}).get("style")
    if style is not None and style not in _STYLES:
        raise bad_request("BUTTON_STYLE_INVALID")
    _check_action(button, pays=pays)


def _check_action(button: InlineKeyboardButton, *, pays: bool) -> None:
    if button.callback_data and len(button.callback_data.encode()) > DATA_LIMIT_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if button.copy_text:
        _check_copy(button.copy_text)
    if button.url:
        _check_link("inline keyboard button URL", button.url)
    if button.web_app:
        _check_link("inline keyboard button Web App URL", button.web_app.url, https_only=True)
    if button.login_url:
        _check_link("inline keyboard button login URL", button.login_url.url, https_only=True)
    if (button.pay and not pays) or button.callback_game:
        # Only an invoice carries the one and only a game the other.
        raise bad_request("BUTTON_TYPE_INVALID")


def _check_copy(copy: CopyTextButton) -> None:
    if not 1 <= utf16_length(copy.text) <= COPY_LIMIT:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _check_link(what: str, link: str, *, https_only: bool = False) -> None:
    try:
        checked(link, https_only=https_only)
    except LinkError as error:
        raise bad_request(f"{what} '{link}' is invalid: {error}") from error


def shown(markup: InlineKeyboardMarkup | None) -> list[list[dict[str, str]]]:
    """Return the rows as a page draws them."""
    return [[_shown_button(button) for button in row] for row in markup.inline_keyboard] if markup else []


def _shown_button(button: InlineKeyboardButton) -> dict[str, str]:
    drawn = {"text": button.text, **_shown_action(button)}
    style = (button.model_extra or {}).get("style")
    return {**drawn, "style": str(style)} if style else drawn


def _shown_action(button: InlineKeyboardButton) -> dict[str, str]:
    if button.callback_data:
        return {"kind": "callback"}
    if button.copy_text:
        return {"kind": "copy", "copy": button.copy_text.text}
    if button.web_app:
        return {"kind": "web_app", "url": button.web_app.url}
    if button.pay:
        return {"kind": "pay"}
    if link := button.url or (button.login_url and button.login_url.url):
        return {"kind": "url", "url": link}
    return {"kind": "share"}
