"""What an act is, and what every act has at hand: the model, the clock, the outside. Chooses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.payment import PaymentMethod
from tests.support.half import HandClock
from tests.support.outside import Outside
from tests.support.shop_model import ShopModel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tests.support.half import Half
    from tests.support.orders import Unit

TON, STARS, CRYPTOBOT = PaymentMethod.TON, PaymentMethod.STARS, PaymentMethod.CRYPTOBOT
YOOKASSA = PaymentMethod.YOOKASSA
METHODS = (TON, STARS, CRYPTOBOT)
PEOPLE = (1, 2, 3)
RATES = ("220", "219.123457", "98.5")


@dataclass(frozen=True)
class Act:
    """What one half does, and, once it did, by which transactions the model follows."""

    do: Callable[[Half], Awaitable[object]]
    follow: Callable[[object], Sequence[Unit]] = lambda _went: ()


class Place:
    """Where acts happen."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.model = ShopModel(now=self.clock.now())
        self.outside = Outside(self.clock, Decimal(RATES[0]))

    def person(self, number: int) -> int:
        """Somebody who has an account."""
        return sorted(self.model.people)[number % len(self.model.people)]
