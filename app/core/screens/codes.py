"""Draws QR codes: a bare one for wallets, and one with the shop's logo for what customers scan. Knows no screen."""

from __future__ import annotations

import io
from functools import cache, lru_cache
from pathlib import Path

import segno
from PIL import Image, ImageDraw

ASSETS = Path(__file__).resolve().parents[1] / "assets"
INK, PAPER = (0x17, 0x21, 0x2B), (0xFF, 0xFF, 0xFF)
SCALE = 10
# Four modules of quiet on every side, as the standard asks.
BORDER = 4
# The widest that the logo with its margin may be: 30 % of a code at level H may be missing, and this hides 4 %.
LOGO_SHARE = 5
# Any mask is valid. Choosing the best of eight takes three times as long as all the rest, and no reader needs it.
MASK = 3
SHADES = 62


@lru_cache(maxsize=512)
def bare(content: str) -> bytes:
    """A QR code as PNG, dark on white, large enough for any phone's camera."""
    return _png(_drawn(content, "m"))


@lru_cache(maxsize=512)
def branded(content: str) -> bytes:
    """The same with the logo in its middle, at the level that bears it; some 4 ms where it was not shown lately."""
    code = _drawn(content, "h")
    spot = (code.width - 2 * BORDER * SCALE) // LOGO_SHARE
    logo, disc, shades = _logo(spot)
    code.putpalette([*INK, *PAPER, *shades])
    corner = (code.width - spot) // 2
    code.paste(logo, (corner, corner), disc)
    return _png(code)


def _drawn(content: str, error: str) -> Image.Image:
    code = segno.make(content, error=error, mask=MASK, micro=False)
    rows = [bytes(not is_dark for is_dark in row) for row in code.matrix_iter(border=BORDER)]
    picture = Image.frombytes("P", (len(rows), len(rows)), b"".join(rows))
    picture.putpalette([*INK, *PAPER])
    return picture.resize((len(rows) * SCALE, len(rows) * SCALE), Image.Resampling.NEAREST)


@cache
def _logo(size: int) -> tuple[Image.Image, Image.Image, list[int]]:
    """The logo on white in shades of its own, numbered behind the code's two, and the disc that it fills."""
    with Image.open(ASSETS / "logo.png") as stored:
        logo = stored.convert("RGBA").resize((size - SCALE, size - SCALE), Image.Resampling.LANCZOS)
    picture = Image.new("RGB", (size, size), PAPER)
    picture.paste(logo, (SCALE // 2, SCALE // 2), logo)
    shaded = picture.quantize(SHADES)
    disc = Image.new("L", (size, size))
    ImageDraw.Draw(disc).ellipse((0, 0, size - 1, size - 1), fill=255)
    return shaded.point([(shade + 2) % 256 for shade in range(256)]), disc, shaded.getpalette() or []


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
