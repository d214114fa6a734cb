"""Owns how results are shown: a table in the terminal, a chart as SVG. Must not judge: rows know their bounds."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.rounds import Row
    from bench.trips import Count

WIDTH, LEFT, RIGHT, TOP, STEP = 860, 330, 90, 64, 46
CLICKS = "the shop against a bare echo"
CHART, CHART_NOTE = "What a click costs beside a bare aiogram echo", "1.00 is the echo; lower is better"
INK, MUTED, GOOD, BAD = "#1c2733", "#7b8794", "#2f9e6e", "#d64545"


def print_rows(rows: Sequence[Row], title: str = CLICKS, sides: tuple[str, str] = ("shop", "echo")) -> None:
    """The timed rows as a table; `sides` are what is compared."""
    print(f"\n{title:44} {'ratio':>6} {'spread':>15} {'bound':>8} {sides[0]:>11} {sides[1]:>11}")
    for row in rows:
        spread = f"{min(row.ratios):.2f} – {max(row.ratios):.2f}"
        bound = "none" if row.bound is None else f"{'≥' if row.least else '≤'} {row.bound:.2f}"
        times = f"{row.shop_us:>8.0f} µs {row.echo_us:>8.0f} µs"
        verdict = "told" if row.bound is None else _verdict(row.holds)
        print(f"{row.title:44} {row.ratio:>6.2f} {spread:>15} {bound:>8} {times}  {verdict}")


def print_counts(counts: Sequence[Count]) -> None:
    """The counted round trips as a table."""
    print(f"\n{'round trips, counted at the wire':44} {'PostgreSQL':>12} {'Redis':>12}")
    for count in counts:
        postgres = f"{count.trips.postgres} of {count.bound.postgres}"
        redis = "no wire" if count.trips.redis is None else str(count.trips.redis)
        redis += f" of {count.bound.redis}" if count.bound.redis is not None else ""
        print(f"{count.title:44} {postgres:>12} {redis:>12}  {_verdict(count.holds)}")


def _verdict(holds: bool) -> str:
    return "pass" if holds else "FAIL"


def chart(rows: Sequence[Row], title: str = CHART, note: str = CHART_NOTE) -> str:
    """A bar a row from nothing to its ratio, its spread as a whisker, its bound as a mark."""
    height = TOP + STEP * len(rows) + 40
    most = max(max(*row.ratios, row.bound or 0) for row in rows) * 1.08
    scale = (WIDTH - LEFT - RIGHT) / most
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(24, 30, title, size=17, weight=600),
        _text(24, 49, note, fill=MUTED),
        f'<line x1="{LEFT + scale:.1f}" y1="{TOP}" x2="{LEFT + scale:.1f}" y2="{height - 36}" stroke="#d5dbe1"/>',
    ]
    for number, row in enumerate(rows):
        parts += _bar(row, TOP + STEP * number, scale)
    parts.append(_text(24, height - 14, "bar: median of the rounds · whisker: all rounds · dashes: bound", fill=MUTED))
    return "\n".join([*parts, "</svg>\n"])


def _bar(row: Row, top: int, scale: float) -> list[str]:
    fill = GOOD if row.holds else BAD
    dashes = f'stroke="{INK}" stroke-dasharray="4 3"'
    low, high = (LEFT + scale * value for value in (min(row.ratios), max(row.ratios)))
    bound = LEFT + scale * (row.bound or 0)
    middle = top + 20
    mark = f'<line x1="{bound:.1f}" y1="{top + 2}" x2="{bound:.1f}" y2="{top + 38}" {dashes}/>'
    return [
        _text(24, middle + 5, row.title),
        f'<rect x="{LEFT}" y="{top + 8}" width="{scale * row.ratio:.1f}" height="24" rx="4" fill="{fill}"/>',
        f'<line x1="{low:.1f}" y1="{middle}" x2="{high:.1f}" y2="{middle}" stroke="{INK}" stroke-width="1.5"/>',
        "" if row.bound is None else mark,
        _text(round(max(high, bound)) + 10, middle + 5, f"{row.ratio:.2f}", weight=600),
    ]


def _text(x: int, y: int, words: str, *, size: int = 13, weight: int = 400, fill: str = INK) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{fill}">{escape(words)}</text>'
