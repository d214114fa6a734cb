"""The screen of traffic by the day: a picture of a month, and the sums below it. Asks nobody for anything."""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from app.core.keys import traffic as traffic_keys
from app.core.screens.charts import Bars, bars
from app.core.screens.screen import Screen
from app.locales.locales import GIB, MIB

if TYPE_CHECKING:
    from app.locales.locales import Translator
    from app.services.traffic import Traffic

MOST_LINES = 3
DAYS_BETWEEN = 10


async def of(t: Translator, traffic: Traffic, config_id: int | None) -> Screen:
    """The month of a config, or of all; kind words where nothing was counted yet."""
    keyboard = traffic_keys.traffic(t, config_id)
    name = traffic.name
    title = t("traffic.title") if name is None else t("traffic.of_config", name=name)
    if not traffic.month:
        return Screen(f"{title}\n\n{t('traffic.none')}", keyboard)
    sums = t(
        "traffic.sums",
        today=t.traffic(traffic.today),
        week=t.traffic(traffic.week),
        month=t.traffic(traffic.month),
    )
    left = "" if traffic.left_bytes is None else f"\n{t('traffic.left', left=t.traffic(traffic.left_bytes))}"
    # The loop goes on with other customers meanwhile.
    picture = await asyncio.to_thread(bars, drawn(t, traffic))
    return Screen(f"{title}\n\n{sums}{left}", keyboard, picture)


def drawn(t: Translator, traffic: Traffic) -> Bars:
    """What the picture shows: up to four heights, the first day, and every tenth up to today."""
    last = len(traffic.days) - 1
    today = datetime.combine(traffic.last_day, time())
    places = [0, *range(last % DAYS_BETWEEN, last, DAYS_BETWEEN)]
    days = tuple((place, t.day(today - timedelta(days=last - place))) for place in places)
    step = height_step(max(traffic.days))
    lines = -(-max(traffic.days) // step)
    return Bars(
        title=t.plain("traffic.month"),
        total=t.traffic(traffic.month),
        values=traffic.days,
        heights=((0, "0"), *((step * line, t.traffic(step * line)) for line in range(1, lines + 1))),
        days=(*days, (last, t.plain("traffic.today"))),
    )


def height_step(most: int) -> int:
    """The bytes between two heights: a round number of its unit, so that three of them reach `most`."""
    unit = GIB if most >= GIB else MIB
    wanted = -(-most // (MOST_LINES * unit))
    scale = 1
    while True:
        for number in (1, 2, 5):
            if number * scale >= wanted:
                return number * scale * unit
        scale *= 10
