"""Where customers turn to for help: a chat of support's own, requests inside the bot, or nowhere. Holds no screen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """Requests inside the bot where it takes them; else the account of that name, where there is one."""

    username: str | None
    takes_requests: bool
