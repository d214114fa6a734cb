"""Reads JSON that decides over money: exact numbers, no NaN, no key twice. Knows nothing of what it says."""

from __future__ import annotations

import json
from decimal import Decimal


class NotStrictJson(ValueError):
    """The bytes are no JSON, or such that two readers could read them differently; the text holds none of them."""


def read_json(body: bytes) -> object:
    """The value, fractions as Decimal; NotStrictJson for anything that isn't one plain UTF-8 JSON document."""
    try:
        parsed: object = json.loads(
            body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once
        )
    except NotStrictJson:
        raise
    except (ValueError, RecursionError):
        raise NotStrictJson("not_json") from None
    return parsed


def _no_number(_name: str) -> object:
    raise NotStrictJson("not_a_number")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotStrictJson("key_twice")
    return made
