"""What is on sale. Reads no file: the configuration hands the plans in."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2s
from typing import TYPE_CHECKING

from app.domain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.domain.money import Money


@dataclass(frozen=True, slots=True)
class Plan:
    """Days of subscription for a price, with the most configs it allows at once."""

    key: str
    days: int
    price: Money
    max_configs: int

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

    def savings_percent(self, plan: Plan) -> int:
        """Whole percent that `plan` is cheaper a day than the dearest plan, rounded down."""
        dearest = max(self, key=lambda p: p.price.kopecks * plan.days // p.days)
        at_dearest = dearest.price.kopecks * plan.days
        return 100 * (at_dearest - plan.price.kopecks * dearest.days) // at_dearest
