"""Owns the list of Bot API methods the emulator serves; must not read HTTP."""

from typing import Final

from sandbox.telegram.methods import (
    copying,
    deleting,
    editing,
    forum,
    lookup,
    profile,
    queries,
    receiving,
    sending,
    stars,
)
from sandbox.telegram.methods.served import Method

SERVED: Final[dict[str, Method]] = {
    method.name.lower(): method
    for module in (receiving, sending, copying, editing, deleting, queries, profile, lookup, stars, forum)
    for method in module.METHODS
}
