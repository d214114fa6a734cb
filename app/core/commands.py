"""How a message is read as a command: one reading for whoever lets people pass and for who answers them. No rule."""

from __future__ import annotations

import re

# What stands behind the name, on the same line or the next, is the payload.
_COMMAND = re.compile(r"/(\w+)(?:@\w+)?(?:\s+(.*))?", re.DOTALL)


def read_command(text: str | None) -> tuple[str, str] | None:
    """The command that a text begins with, without its slash and in small letters, and what stands behind it."""
    found = _COMMAND.fullmatch(text or "")
    return (found[1].casefold(), (found[2] or "").strip()) if found else None
