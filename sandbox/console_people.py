"""Owns the people a fresh sandbox starts with; must not know what the bot does with them."""

from typing import Final, TypedDict


class Newcomer(TypedDict):
    """A person as the Bot API emulator takes one in; ids are fixed so that settings can name the operator."""

    id: int
    first_name: str
    username: str
    language_code: str


OPERATOR_ID: Final = 1003

OPERATORS_GROUP: Final = -1_001_003
DEFAULT_GROUP: Final[dict[str, object]] = {"id": OPERATORS_GROUP, "title": "Orbit support", "members": [OPERATOR_ID]}

DEFAULT_PEOPLE: Final[tuple[Newcomer, ...]] = (
    {"id": 1001, "first_name": "Nina", "username": "nina", "language_code": "ru"},
    {"id": 1002, "first_name": "Max", "username": "max", "language_code": "ru"},
    {"id": OPERATOR_ID, "first_name": "Olga", "username": "olga", "language_code": "en"},
)
