"""Which of several prices is believed. Knows no source by name, no clock and no cache."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# A rate that is at most so old stands for the minute of a transfer.
NEAR = timedelta(minutes=10)
BIGGEST_JUMP = Decimal("0.20")
AGREEMENT = Decimal("0.05")
# Six places are a millionth of a ruble, and what the database keeps: quote and credit then use one number.
_PLACES = Decimal("0.000001")
_MOST_DIGITS = 9


def storable(price: Decimal | None) -> Decimal | None:
    """A price as it is kept, to six places; None for one that is no price: NaN, infinite, huge, zero or less."""
    if price is None or not price.is_finite() or price.adjusted() >= _MOST_DIGITS:
        return None
    rub = price.quantize(_PLACES)
    return rub if rub > 0 else None


def believable(prices: Mapping[str, Decimal], last: Decimal | None) -> str | None:
    """Whose price is believed, of sources in the order of preference; None where nobody's is.

    Two that agree within 5 % are believed whatever was before, so that a real jump passes at once. One alone is
    believed where it moved by 20 % at most against `last`, the price that was good within the last hour; of several
    that differ, the one that moved least, so that none can creep away step by step while another stands.
    """
    agreed = [name for name in prices if _agrees_with_another(name, prices)]
    if agreed:
        return agreed[0]
    if last is None:
        return next(iter(prices), None)
    calm = [name for name, price in prices.items() if abs(price - last) <= last * BIGGEST_JUMP]
    return min(calm, key=lambda name: abs(prices[name] - last), default=None)


def _agrees_with_another(name: str, prices: Mapping[str, Decimal]) -> bool:
    price = prices[name]
    return any(
        abs(price - other) <= max(price, other) * AGREEMENT for source, other in prices.items() if source != name
    )
