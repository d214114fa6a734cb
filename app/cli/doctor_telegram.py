"""How the doctor asks Telegram what the bot is in the operators' group and in the required channel. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp

from app.cli.finding import Finding

if TYPE_CHECKING:
    from config import Settings


async def support_group(settings: Settings, http: aiohttp.ClientSession, group: int) -> Finding:
    """Whether the operators' group has topics that the bot may make, and is closed to strangers."""
    try:
        chat, me = await _seen(settings, http, group)
    except Refused as refusal:
        return Finding("support", is_well=False, said=f"SUPPORT_CHAT_ID: {refusal}")
    wrong = {
        "it has no topics: switch them on in its settings": not chat.get("is_forum"),
        "the bot is no administrator that may manage topics": not me.get("can_manage_topics"),
        "it is public: make it private, for who joins may answer customers": bool(chat.get("username")),
    }
    said = "; ".join(words for words, is_so in wrong.items() if is_so)
    return Finding("support", is_well=not said, said=f"SUPPORT_CHAT_ID: {said}" if said else "the group takes requests")


async def required_channel(settings: Settings, http: aiohttp.ClientSession, channel: str) -> Finding:
    """Whether the bot can see who is in the required channel, and lead people there."""
    try:
        chat, me = await _seen(settings, http, channel)
    except Refused as refusal:
        return Finding("channel", is_well=False, said=f"the gate stands open, {channel}: {refusal}")
    if me.get("status") != "administrator":
        said = f"the gate stands open: make the bot an administrator of {channel}"
        return Finding("channel", is_well=False, said=said)
    if not (chat.get("username") or chat.get("invite_link")):
        said = f"the gate stands open: let the bot invite people to {channel}, or use its @name"
        return Finding("channel", is_well=False, said=said)
    return Finding("channel", is_well=True, said=f"{channel} tells who is in it")


class Refused(Exception):
    """Telegram's refusal, in its words; or that it gave none."""


async def _seen(
    settings: Settings, http: aiohttp.ClientSession, chat_id: int | str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The chat, and what the bot is in it; Refused."""
    chat = await _asked(settings, http, "getChat", chat_id=chat_id)
    return chat, await _asked(settings, http, "getChatMember", chat_id=chat_id, user_id=settings.bot_id)


async def _asked(settings: Settings, http: aiohttp.ClientSession, method: str, **params: int | str) -> dict[str, Any]:
    url = f"{str(settings.telegram_api_url).rstrip('/')}/bot{settings.bot_token.get_secret_value()}/{method}"
    try:
        async with http.post(url, json=params) as answer:
            told = await answer.json(content_type=None)
    except (aiohttp.ClientError, OSError, ValueError) as error:  # their texts hold the address, and with it the token
        raise Refused(f"no answer: {type(error).__name__}") from None
    if not isinstance(told, dict) or not isinstance(told.get("result"), dict):
        raise Refused(str(told.get("description")) if isinstance(told, dict) else "no answer that can be read")
    result: dict[str, Any] = told["result"]
    return result
