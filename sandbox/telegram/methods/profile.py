"""Owns what the bot may say about itself: commands, name, descriptions, menu button; must not reach any chat."""

import re

from aiogram.methods import (
    DeleteMyCommands,
    GetChatMenuButton,
    GetMyCommands,
    GetMyDescription,
    GetMyName,
    GetMyShortDescription,
    SetChatMenuButton,
    SetMyCommands,
    SetMyDescription,
    SetMyName,
    SetMyShortDescription,
)
from aiogram.types import (
    BotCommand,
    BotCommandScopeDefault,
    BotDescription,
    BotName,
    BotShortDescription,
    MenuButtonDefault,
    MenuButtonWebApp,
)
from aiogram.types.menu_button_union import MenuButtonUnion

from sandbox.telegram.errors import bad_request
from sandbox.telegram.links import LinkError, checked
from sandbox.telegram.methods.reach import chat_of
from sandbox.telegram.methods.served import served
from sandbox.telegram.telegram import Telegram
from sandbox.telegram.text.formatted import utf16_length

COMMANDS_LIMIT = 100
NAME_LIMIT, DESCRIPTION_LIMIT, SHORT_DESCRIPTION_LIMIT = 64, 512, 120
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_COMMAND_DESCRIPTION_LIMIT = 256
_LANGUAGE = re.compile(r"([a-z]{2})?")


def set_my_commands(telegram: Telegram, request: SetMyCommands) -> bool:
    """Keep a list of commands for one scope and language."""
    if len(request.commands) > COMMANDS_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in request.commands:
        if not _COMMAND.fullmatch(command.command):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= utf16_length(command.description) <= _COMMAND_DESCRIPTION_LIMIT:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    telegram.profile.commands[_audience(telegram, request)] = list(request.commands)
    return True


def get_my_commands(telegram: Telegram, request: GetMyCommands) -> list[BotCommand]:
    """Return the commands of exactly that scope and language."""
    return telegram.profile.commands.get(_audience(telegram, request), [])


def delete_my_commands(telegram: Telegram, request: DeleteMyCommands) -> bool:
    """Forget the commands of that scope and language."""
    telegram.profile.commands.pop(_audience(telegram, request), None)
    return True


def set_my_name(telegram: Telegram, request: SetMyName) -> bool:
    """Keep the bot's name in a language."""
    _put(telegram.profile.names, request.name, request.language_code, NAME_LIMIT)
    return True


def set_my_description(telegram: Telegram, request: SetMyDescription) -> bool:
    """Keep what an empty chat shows, in a language."""
    _put(telegram.profile.descriptions, request.description, request.language_code, DESCRIPTION_LIMIT)
    return True


def set_my_short_description(telegram: Telegram, request: SetMyShortDescription) -> bool:
    """Keep what the profile page shows, in a language."""
    _put(telegram.profile.short_descriptions, request.short_description, request.language_code, SHORT_DESCRIPTION_LIMIT)
    return True


def get_my_name(telegram: Telegram, request: GetMyName) -> BotName:
    """Return the bot's name in a language."""
    return BotName(name=_get(telegram.profile.names, request.language_code) or telegram.bot.first_name)


def get_my_description(telegram: Telegram, request: GetMyDescription) -> BotDescription:
    """Return the description in a language."""
    return BotDescription(description=_get(telegram.profile.descriptions, request.language_code))


def get_my_short_description(telegram: Telegram, request: GetMyShortDescription) -> BotShortDescription:
    """Return the short description in a language."""
    return BotShortDescription(short_description=_get(telegram.profile.short_descriptions, request.language_code))


def set_chat_menu_button(telegram: Telegram, request: SetChatMenuButton) -> bool:
    """Keep the menu button of a chat, or of all chats without one."""
    if request.chat_id is not None:
        chat_of(telegram, request.chat_id)
    button = request.menu_button or MenuButtonDefault()
    if isinstance(button, MenuButtonWebApp):
        try:
            checked(button.web_app.url, https_only=True)
        except LinkError as error:
            raise bad_request(f"menu button Web App URL '{button.web_app.url}' is invalid: {error}") from error
    telegram.profile.menu_buttons[request.chat_id] = button
    return True


def get_chat_menu_button(telegram: Telegram, request: GetChatMenuButton) -> MenuButtonUnion:
    """Return the menu button of a chat."""
    return telegram.profile.menu_button(request.chat_id)


def _audience(telegram: Telegram, request: SetMyCommands | GetMyCommands | DeleteMyCommands) -> tuple[str, str]:
    scope = request.scope or BotCommandScopeDefault()
    chat_id = getattr(scope, "chat_id", None)
    if chat_id is not None:
        chat_of(telegram, chat_id)
    return scope.model_dump_json(), _language(request.language_code)


def _language(code: str | None) -> str:
    if not _LANGUAGE.fullmatch(code or ""):
        raise bad_request("invalid language code specified")
    return code or ""


def _put(texts: dict[str, str], text: str | None, language_code: str | None, limit: int) -> None:
    if utf16_length(text or "") > limit:
        raise bad_request(f"text must be at most {limit} characters long")
    texts[_language(language_code)] = text or ""


def _get(texts: dict[str, str], language_code: str | None) -> str:
    return texts.get(_language(language_code)) or texts.get("", "")


METHODS = (
    served(SetMyCommands, set_my_commands),
    served(GetMyCommands, get_my_commands),
    served(DeleteMyCommands, delete_my_commands),
    served(SetMyName, set_my_name),
    served(SetMyDescription, set_my_description),
    served(SetMyShortDescription, set_my_short_description),
    served(GetMyName, get_my_name),
    served(GetMyDescription, get_my_description),
    served(GetMyShortDescription, get_my_short_description),
    served(SetChatMenuButton, set_chat_menu_button),
    served(GetChatMenuButton, get_chat_menu_button),
)
