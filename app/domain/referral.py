"""Referral payloads of deep links. Knows their form only; who may be an inviter is decided at the insert."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.money import Money

_PAYLOAD = re.compile(r"ref_?([1-9][0-9]{0,18})", re.ASCII)
_BIGGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Bonus:
    """What an inviter gets for a friend: when the friend signs up, or else when they first top up."""

    amount: Money
    at_signup: bool


def payload_for(tg_id: int) -> str:
    """What stands after ?start= in this person's link."""
    return f"ref_{tg_id}"


def inviter_in(payload: str) -> int | None:
    """The inviter's Telegram id that a payload names, or None where it names none."""
    match = _PAYLOAD.fullmatch(payload)
    inviter = int(match.group(1)) if match else None
    return inviter if inviter is not None and inviter <= _BIGGEST_ID else None
