"""Owns the raw updates that people cause: clicks and messages, as Telegram writes them. Must not send any."""

from __future__ import annotations

from itertools import count
from typing import Any

Json = dict[str, Any]
_NUMBERS = count(1)


def person(tg_id: int) -> Json:
    """Somebody who speaks Russian."""
    return {"id": tg_id, "is_bot": False, "first_name": "Nina", "username": f"nina{tg_id}", "language_code": "ru"}


def click(tg_id: int, data: str, text: str, keyboard: Json | None) -> Json:
    """A press of the button that carries `data`, under a message of the bot that shows `text` and `keyboard`."""
    number = next(_NUMBERS)
    message: Json = {
        "message_id": 7,
        "date": 1_767_225_600,
        "chat": {"id": tg_id, "type": "private", "first_name": "Nina"},
        "from": {"id": 42, "is_bot": True, "first_name": "OrbitVPN", "username": "orbit_bench_bot"},
        "text": text,
    }
    if keyboard is not None:
        message["reply_markup"] = keyboard
    query = {"id": str(number), "from": person(tg_id), "chat_instance": "1", "data": data, "message": message}
    return {"update_id": number, "callback_query": query}


def typed(tg_id: int, text: str) -> Json:
    """A message; what begins with a slash is marked as a command, as Telegram does."""
    number = next(_NUMBERS)
    message: Json = {
        "message_id": number,
        "date": 1_767_225_600,
        "chat": {"id": tg_id, "type": "private", "first_name": "Nina"},
        "from": person(tg_id),
        "text": text,
    }
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.partition(" ")[0])}]
    return {"update_id": number, "message": message}
