"""Money that went back to who paid it, as gateways tell of it. No behaviour, and nothing of what is booked for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.services.records import PaidEvent

if TYPE_CHECKING:
    from datetime import datetime


class RefundRefused(Exception):
    """The provider said no to giving a charge back; the text is its word for the reason."""


class ChargeUnknown(RefundRefused):
    """The provider knows of no such charge."""


@dataclass(frozen=True, slots=True)
class RefundedEvent:
    """A refund that a gateway says has happened: `key` tells it from every other of that gateway, for ever.

    `asset_amount` of the charge went back, in the whole units that the charge counts in; None: all that was left.
    """

    gateway: str
    key: str
    charge: str
    asset_amount: int | None
    at: datetime


MoneyEvent = PaidEvent | RefundedEvent
