"""Owns the counting of every screen: what opening each asks of the stores, as a table and as bars. Times nothing."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from tests.screens.costs import Most, bound_of, counted_floor
from tests.screens.guest import newcomer
from tests.screens.scenes import CHAPTERS, SCENES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from bench.counted import Trips
    from tests.screens.costs import CountedFloor
    from tests.screens.scenes import Scene

LEFT, UNIT, ROW, TOP = 190, 36, 20, 74
POSTGRES, REDIS, MUTED, BAD = "#3b78c4", "#c4573b", "#7b8794", "#d64545"


@dataclass(frozen=True)
class ScreenCost:
    """A scene with its round trips, the account cached and not."""

    name: str
    warm: Trips
    cold: Trips
    most: Most

    @property
    def holds(self) -> bool:
        """Whether the warm way keeps its bound."""
        return self.most.holds(self.warm)


async def screen_costs(database: URL, redis: Redis, home: Path) -> list[ScreenCost]:
    """Every scene that somebody opens; after a walk over all, so that statements are known as in a bot that runs."""
    async with counted_floor(home, database, redis) as counted:
        for scene in SCENES:
            await _opened(counted, scene, cold=False)
        found = []
        for scene in SCENES:
            warm, cold = await _opened(counted, scene, cold=False), await _opened(counted, scene, cold=True)
            if warm is not None and cold is not None:
                found.append(ScreenCost(scene.name, warm, cold, bound_of(scene.name)))
        return found


async def _opened(counted: CountedFloor, scene: Scene, *, cold: bool) -> Trips | None:
    guest = newcomer(counted.floor, "ru")
    opened = await counted.open(scene, guest, cold=cold)
    await guest.rests()
    return opened.trips


def print_screens(costs: Sequence[ScreenCost]) -> None:
    """A table a chapter."""
    known = {cost.name: cost for cost in costs}
    print(f"\n{'round trips of each screen':30} {'PostgreSQL':>12} {'Redis':>8} {'cold':>8} {'cold':>8}")
    for title, scenes in CHAPTERS.items():
        print(f"  {title}")
        for cost in (known[scene.name] for scene in scenes if scene.name in known):
            postgres, redis = f"{cost.warm.postgres} of {cost.most.postgres}", _of(cost.warm.redis, cost.most.redis)
            verdict = "pass" if cost.holds else "FAIL"
            cold = f"{cost.cold.postgres:>8} {_of(cost.cold.redis):>8}"
            print(f"{cost.name:30} {postgres:>12} {redis:>8} {cold}  {verdict}")


def _of(trips: int | None, most: int | None = None) -> str:
    if trips is None:
        return "no wire"
    return str(trips) if most is None else f"{trips} of {most}"


def screen_chart(costs: Sequence[ScreenCost]) -> str:
    """Two bars a scene, PostgreSQL above Redis; thin lines go on to what a cold click takes."""
    most = max(max(cost.cold.postgres, cost.cold.redis or 0) for cost in costs)
    width, height = LEFT + UNIT * (most + 1), TOP + ROW * len(costs) + 12
    box = f'viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="system-ui, sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(16, 26, "What each screen asks of the stores", 15),
        _text(16, 44, "round trips, account cached; thin: account not cached", 11, MUTED),
        _text(16, 60, "PostgreSQL", 11, POSTGRES),
        _text(90, 60, "Redis", 11, REDIS),
    ]
    for trips in range(most + 1):
        x = LEFT + UNIT * trips
        parts.append(f'<line x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{height - 10}" stroke="#e3e8ec"/>')
        parts.append(_text(x - 3, TOP - 9, str(trips), 10, MUTED))
    for number, cost in enumerate(costs):
        y = TOP + ROW * number
        parts.append(_text(16, y + 12, cost.name, 11, "#1c2733" if cost.holds else BAD))
        stores = (
            (cost.warm.postgres, cost.cold.postgres, POSTGRES),
            (cost.warm.redis or 0, cost.cold.redis or 0, REDIS),
        )
        for place, (warm, cold, colour) in enumerate(stores):
            top = y + 2 + 8 * place
            parts.append(f'<rect x="{LEFT}" y="{top}" width="{UNIT * warm}" height="7" fill="{colour}"/>')
            parts.append(f'<rect x="{LEFT}" y="{top + 3}" width="{UNIT * cold}" height="1" fill="{colour}"/>')
    return "\n".join([*parts, "</svg>\n"])


def _text(x: int, y: int, words: str, size: int, fill: str = "#1c2733") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}">{escape(words)}</text>'
