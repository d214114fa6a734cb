"""The pictures that take the place of an invoice's code when there is nothing to pay any more. Draws nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

IMAGES = Path(__file__).resolve().parents[1] / "images"


@cache
def closed_invoice(end: Literal["paid", "expired"]) -> bytes:
    """A picture without words that says how the invoice ended, as PNG."""
    return (IMAGES / f"invoice-{end}.png").read_bytes()
