"""Owns the measuring: both bots take clicks in turn, and a row is what its rounds say. Must not know a network."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from itertools import cycle
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Self

from bench.chats import PAGES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bench.chats import Chats, Page, Pair
    from bench.updates import Json

WARM_BOUND, COLD_BOUND = 1.25, 2.0
MICROSECONDS = 1e6


@dataclass(frozen=True)
class Row:
    """One comparison: a ratio a round, what both took in the middle of all rounds; `least` bounds it from below.

    A row without a bound is told, and judged by nobody.
    """

    title: str
    ratios: tuple[float, ...]
    shop_us: float
    echo_us: float
    bound: float | None
    least: bool = False

    @classmethod
    def of(cls, title: str, steps: Sequence[tuple[float, float]], bound: float | None, *, least: bool = False) -> Self:
        """What ours and the other took in each round, in seconds."""
        return cls(
            title=title,
            ratios=tuple(ours / theirs for ours, theirs in steps),
            shop_us=median(ours for ours, _ in steps) * MICROSECONDS,
            echo_us=median(theirs for _, theirs in steps) * MICROSECONDS,
            bound=bound,
            least=least,
        )

    @property
    def ratio(self) -> float:
        """The median of the rounds."""
        return median(self.ratios)

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        if self.bound is None:
            return True
        return self.ratio >= self.bound if self.least else self.ratio <= self.bound


async def measure(chats: Chats, pages: dict[str, Page], rounds: int) -> list[Row]:
    """The warm and the cold row of these chats; the first round of each is not counted."""
    turn = cycle(PAGES)
    rows = []
    for cold, bound in ((False, WARM_BOUND), (True, COLD_BOUND)):
        results = [await _round(chats, next(turn), pages, cold=cold) for _ in range(rounds + 1)][1:]
        rows.append(
            Row(
                title=f"{'cold' if cold else 'warm'} click, {chats.title}",
                ratios=tuple(shop / echo for shop, echo in results),
                shop_us=median(shop for shop, _ in results) * MICROSECONDS,
                echo_us=median(echo for _, echo in results) * MICROSECONDS,
                bound=bound,
            )
        )
    return rows


async def _round(chats: Chats, page: str, pages: dict[str, Page], *, cold: bool) -> tuple[float, float]:
    """What a click takes the shop and the echo, in seconds: medians, since a machine has other things to do."""
    shop, echo = chats.shop, chats.echo
    echo.text, echo.keyboard = pages[page].text, pages[page].keyboard
    await shop.forgive()
    await (shop.cool if cold else shop.warm)(chats.people)
    pairs = await chats.clicks(page)
    gc.collect()
    times: tuple[list[float], list[float]] = ([], [])
    for number, pair in enumerate(pairs):
        await _take_in_turn(chats, pair, times, shop_first=number % 2 == 0)
    await chats.check()
    return median(times[0]), median(times[1])


async def _take_in_turn(chats: Chats, pair: Pair, times: tuple[list[float], list[float]], *, shop_first: bool) -> None:
    """One click each. What the shop leaves behind a click must not fall into the echo's time."""
    if shop_first:
        times[0].append(await _timed(chats.shop.take, pair.shop))
        await chats.shop.settle()
        times[1].append(await _timed(chats.echo.take, pair.echo))
    else:
        times[1].append(await _timed(chats.echo.take, pair.echo))
        times[0].append(await _timed(chats.shop.take, pair.shop))
        await chats.shop.settle()


async def _timed(take: Callable[[Json], Awaitable[None]], update: Json) -> float:
    began = perf_counter()
    await take(update)
    return perf_counter() - began
