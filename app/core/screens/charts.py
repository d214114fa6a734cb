"""Draws bars of days as a picture: values and words in, PNG out. Knows no screen and asks nobody.

It takes some 40 ms, so whoever serves customers draws in a thread.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ASSETS = Path(__file__).resolve().parents[1] / "assets"
WIDTH, HEIGHT = 1080, 640
# Drawn larger and made smaller, so that corners are round.
FINE = 2
LEFT, RIGHT, TOP, BOTTOM = 232, 48, 164, 108
NIGHT, LINE, WORDS, BRIGHT = "#111827", "#273043", "#94a3b8", "#f8fafc"
BAR, TODAY, NOTHING = "#6366f1", "#22d3ee", "#273043"
SMALL, TITLE = 42, 48
LEAST_BAR = 6


@dataclass(frozen=True, slots=True)
class Bars:
    """What is drawn: `values` one a day, the last being today; labels of heights, and of days by their place."""

    title: str
    total: str
    values: tuple[int, ...]
    heights: tuple[tuple[int, str], ...]
    days: tuple[tuple[int, str], ...]


@lru_cache(maxsize=64)
def bars(shown: Bars) -> bytes:
    """The picture as PNG."""
    picture = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), NIGHT)
    draw = ImageDraw.Draw(picture)
    top = max(value for value, _ in shown.heights)
    _axis(draw, shown, top)
    for place, value in enumerate(shown.values):
        _bar(draw, shown, place, value, top)
    picture = picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    _words(ImageDraw.Draw(picture), shown, top)
    buffer = io.BytesIO()
    picture.quantize(128).save(buffer, "PNG")
    return buffer.getvalue()


def _axis(draw: ImageDraw.ImageDraw, shown: Bars, top: int) -> None:
    for value, _ in shown.heights:
        y = _height(value, top) * FINE
        draw.line((LEFT * FINE, y, (WIDTH - RIGHT) * FINE, y), fill=LINE, width=2 * FINE)


def _bar(draw: ImageDraw.ImageDraw, shown: Bars, place: int, value: int, top: int) -> None:
    left, right = _place(shown, place)
    base = HEIGHT - BOTTOM
    y = min(_height(value, top), base - LEAST_BAR)
    is_today = place == len(shown.values) - 1
    colour = NOTHING if value == 0 and not is_today else TODAY if is_today else BAR
    corner = min(8, (base - y) // 2)
    draw.rounded_rectangle(
        (left * FINE, y * FINE, right * FINE, base * FINE),
        corner * FINE,
        fill=colour,
        corners=(True, True, False, False),
    )


def _words(draw: ImageDraw.ImageDraw, shown: Bars, top: int) -> None:
    draw.text((48, 44), shown.title, WORDS, _font("regular", TITLE))
    draw.text((WIDTH - RIGHT, 44), shown.total, BRIGHT, _font("medium", TITLE), anchor="ra")
    for value, label in shown.heights:
        draw.text((LEFT - 24, _height(value, top)), label, WORDS, _font("regular", SMALL), anchor="rm")
    for place, label in shown.days:
        left, right = _place(shown, place)
        is_today = place == len(shown.values) - 1
        at = (WIDTH - RIGHT, HEIGHT - BOTTOM + 20) if is_today else ((left + right) // 2, HEIGHT - BOTTOM + 20)
        font = _font("medium" if is_today else "regular", SMALL)
        draw.text(at, label, TODAY if is_today else WORDS, font, anchor="ra" if is_today else "ma")


def _height(value: int, top: int) -> int:
    return HEIGHT - BOTTOM - value * (HEIGHT - BOTTOM - TOP) // top


def _place(shown: Bars, place: int) -> tuple[int, int]:
    """Where a day's bar begins and ends: a quarter of each place stays free."""
    room = WIDTH - LEFT - RIGHT
    left = LEFT + room * place // len(shown.values)
    width = room // len(shown.values)
    return left + width // 8, left + width - width // 8


@cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(ASSETS / f"roboto-{weight}.ttf", size)
