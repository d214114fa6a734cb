"""Rubles as whole kopecks. No float comes in or goes out; rounding is stated where it happens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

KOPECKS_IN_RUBLE = 100
_TYPED_AMOUNT = re.compile(r"[0-9]{1,7}(?:[.,][0-9]{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """A sum of rubles, held in whole kopecks; may be negative in a ledger entry."""

    kopecks: int

    @classmethod
    def rub(cls, amount: Decimal | int | str) -> Money:
        """Exactly this many rubles; a fraction of a kopeck is a ValueError, never rounded silently."""
        kopecks = Decimal(amount) * KOPECKS_IN_RUBLE
        if kopecks != kopecks.to_integral_value():
            raise ValueError(amount)
        return cls(int(kopecks))

    @classmethod
    def rub_rounded_down(cls, amount: Decimal) -> Money:
        """This many rubles, a fraction of a kopeck dropped."""
        return cls(int((amount * KOPECKS_IN_RUBLE).to_integral_value(rounding=ROUND_DOWN)))

    @property
    def decimal(self) -> Decimal:
        """Rubles with two places."""
        return Decimal(self.kopecks).scaleb(-2)

    def __add__(self, other: Money) -> Money:
        return Money(self.kopecks + other.kopecks)

    def __sub__(self, other: Money) -> Money:
        return Money(self.kopecks - other.kopecks)

    def __neg__(self) -> Money:
        return Money(-self.kopecks)

    def __abs__(self) -> Money:
        return Money(abs(self.kopecks))

    def __str__(self) -> str:
        whole, rest = divmod(abs(self.kopecks), KOPECKS_IN_RUBLE)
        sign = "-" if self.kopecks < 0 else ""
        return f"{sign}{whole}.{rest:02d}" if rest else f"{sign}{whole}"


ZERO = Money(0)


def parse_amount(text: str, minimum: Money, maximum: Money) -> Money | None:
    """What a person typed as a sum of rubles, or None where it is none or out of bounds.

    Only ASCII digits with an optional decimal point or comma: `float`, `int` and `Decimal` also accept
    underscores, exponents, NaN and foreign digits, which nobody types as money.
    """
    typed = text.strip(" \u00a0")
    if not _TYPED_AMOUNT.fullmatch(typed):
        return None
    amount = Money.rub(typed.replace(",", "."))
    return amount if minimum <= amount <= maximum else None
