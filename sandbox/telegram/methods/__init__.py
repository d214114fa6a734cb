"""Owns the list of Bot API methods the emulator serves; must not read HTTP."""

from typing import Final

from sandbox.telegram.methods import deleting, editing, lookup, profile, queries, receiving, sending
from sandbox.telegram.methods.served import Method

SERVED: Final[dict[str, Method]] = {
    method.name.lower(): method
    for module in (receiving, sending, editing, deleting, queries, profile, lookup)
    for method in module.METHODS
}
