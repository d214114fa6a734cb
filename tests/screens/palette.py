"""Makes small PNGs of screenshots: 256 colours are enough for a chat. Takes no picture itself."""

from __future__ import annotations

import io
import math
from collections import Counter

from PIL import Image

EXACT = 48


def small_png(taken: Image.Image) -> bytes:
    """The picture in at most 256 colours, as PNG."""
    rgb = taken.convert("RGB")
    buffer = io.BytesIO()
    rgb.quantize(palette=_palette(rgb), dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _palette(image: Image.Image) -> Image.Image:
    """Surfaces keep their exact colours; for the rest, rare colours (emoji, avatars) count more than their area."""
    pixels = image.tobytes()
    ranked = Counter(zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True)).most_common()
    colours = [part for colour, _ in ranked[:EXACT] for part in colour]
    rest = [colour for colour, count in ranked[EXACT:] for _ in range(math.isqrt(count))]
    if rest:
        line = Image.frombytes("RGB", (len(rest), 1), b"".join(map(bytes, rest)))
        colours += line.quantize(256 - EXACT, kmeans=2).getpalette() or []
    table = Image.new("P", (1, 1))
    table.putpalette(colours)
    return table
