"""What is taken on the TON network: its own coin, and USDT. Knows units and names, no address and no rate."""

from __future__ import annotations

from enum import StrEnum


class Asset(StrEnum):
    """An asset by our own name for it; on the chain it is told by its place there, never by a symbol."""

    TON = "ton"
    USDT = "usdt"

    @property
    def units(self) -> int:
        """The whole units in one: nanotons, or millionths of a USDT."""
        return 1_000_000_000 if self is Asset.TON else 1_000_000

    @property
    def places(self) -> int:
        """How many decimal places a unit is."""
        return 9 if self is Asset.TON else 6

    @property
    def step(self) -> int:
        """What invoices are rounded up to, in units: 0.001 coin, 0.01 USDT."""
        return 10**6 if self is Asset.TON else 10**4

    @property
    def label(self) -> str:
        """How people read it, in every language."""
        return "GRAM (TON)" if self is Asset.TON else "USDT (TON)"

    @property
    def pair(self) -> str:
        """What its rate is called; USDT is taken for a dollar."""
        return "TON/RUB" if self is Asset.TON else "USD/RUB"


def format_units(asset: Asset, units: int) -> str:
    """A whole number of units with as many places as are needed: 1819000000 nanotons are "1.819"."""
    whole, rest = divmod(units, asset.units)
    return f"{whole}.{rest:0{asset.places}d}".rstrip("0").rstrip(".")
