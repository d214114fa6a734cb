"""What is on sale. Reads no file: the configuration hands the plans in."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2s
from typing import TYPE_CHECKING

from app.domain.errors import NotFound
from app.domain.money import KOPECKS_IN_RUBLE, Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """Days of subscription for a price, with the most configs it allows at once."""

    key: str
    days: int
    price: Money
    max_configs: int

    @property
    def a_month(self) -> Money:
        """What thirty days of it come to, in whole rubles, rounded up."""
        return Money(-(-self.price.kopecks * MONTH_DAYS // (self.days * KOPECKS_IN_RUBLE)) * KOPECKS_IN_RUBLE)

    @property
    def version(self) -> str:
        """Four characters that change when what is sold under this key changes."""
        sold = f"{self.days}:{self.price.kopecks}:{self.max_configs}"
        return blake2s(sold.encode(), digest_size=2).hexdigest()


class Catalogue:
    """The plans on sale, in the order they are shown."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        self._plans = {plan.key: plan for plan in plans}

    def __iter__(self) -> Iterator[Plan]:
        return iter(self._plans.values())

    def get(self, key: str) -> Plan:
        """The plan under `key`; NotFound where it is not on sale."""
        try:
            return self._plans[key]
        except KeyError:
            raise NotFound from None

    def find(self, key: str) -> Plan | None:
        """The plan under `key`, where it is on sale."""
        return self._plans.get(key)

    def savings_percent(self, plan: Plan) -> int:
        """Whole percent that `plan` is cheaper a day than the shortest one, rounded down; 0 where it is not."""
        by_months = self._shortest.price.kopecks * plan.days
        return max(0, 100 * (by_months - plan.price.kopecks * self._shortest.days) // by_months)

    @property
    def best(self) -> Plan | None:
        """The plan whose day costs least, where that spares anything at all."""
        cheapest = min(self, key=lambda plan: Fraction(plan.price.kopecks, plan.days))
        return cheapest if self.savings_percent(cheapest) else None

    @property
    def _shortest(self) -> Plan:
        return min(self, key=lambda plan: plan.days)
