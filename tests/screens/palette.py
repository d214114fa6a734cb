"""Makes small PNGs of screenshots: 256 colours are enough for a chat. Draws nothing."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

# The commonest colours of the picture, told apart by five bits a channel; each pixel takes the nearest of them.
QUANTISE = """
async shot => {
  const bytes = Uint8Array.from(atob(shot), letter => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const { width, height } = bitmap;
  const pen = new OffscreenCanvas(width, height).getContext("2d");
  pen.drawImage(bitmap, 0, 0);
  const dots = pen.getImageData(0, 0, width, height).data;
  const bins = new Map();
  const binOf = at => ((dots[at] >> 3) << 10) | ((dots[at + 1] >> 3) << 5) | (dots[at + 2] >> 3);
  for (let at = 0; at < dots.length; at += 4) {
    const bin = binOf(at);
    const found = bins.get(bin) ?? bins.set(bin, [0, 0, 0, 0]).get(bin);
    found[0] += 1;
    for (let channel = 0; channel < 3; channel += 1) found[channel + 1] += dots[at + channel];
  }
  const mean = ([count, ...sums]) => sums.map(sum => Math.round(sum / count));
  const ranked = [...bins.entries()].sort((a, b) => b[1][0] - a[1][0]);
  const palette = ranked.slice(0, 256).map(([, found]) => mean(found));
  const far = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
  const place = new Map(ranked.map(([bin, found], rank) => {
    if (rank < 256) return [bin, rank];
    const colour = mean(found);
    return [bin, palette.reduce((best, other, index) =>
      far(other, colour) < far(palette[best], colour) ? index : best, 0)];
  }));
  let indexes = "";
  for (let at = 0; at < dots.length; at += 4) indexes += String.fromCharCode(place.get(binOf(at)));
  return { width, height, palette: palette.flat(), indexes: btoa(indexes) };
}
"""


class Palette:
    """Works in a page of its own, which shows nothing."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def of(self, screenshot: bytes) -> bytes:
        """The same picture in at most 256 colours, as PNG."""
        found = await self._page.evaluate(QUANTISE, base64.b64encode(screenshot).decode())
        width, height, pixels = found["width"], found["height"], base64.b64decode(found["indexes"])
        rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, width * height, width))
        parts = (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", bytes(found["palette"])),
            (b"IDAT", zlib.compress(rows, 9)),
            (b"IEND", b""),
        )
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
