"""Owns the updates whose round trips are counted, and what each may cost at most. Must not time anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.actions import (
    BuyPlan,
    ChoosePlan,
    GiftPlan,
    Menu,
    ShowHistory,
    ShowReminders,
    ShowRenewal,
    new_intent,
)
from bench.updates import click, typed

if TYPE_CHECKING:
    from bench.counted import CountedShop, Trips

PRICE = 1000
PAGES = ("home", "vpn", "plans", "balance", "settings", "help")
PLAN = "sub_3m"


@dataclass(frozen=True)
class Bound:
    """How many round trips an update may cost; None where the issue sets no bound."""

    postgres: int
    redis: int | None = None


@dataclass(frozen=True)
class Count:
    """What an update cost, beside what it may cost."""

    title: str
    trips: Trips
    bound: Bound

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        within_redis = self.bound.redis is None or self.trips.redis is None or self.trips.redis <= self.bound.redis
        return self.trips.postgres <= self.bound.postgres and within_redis


async def count_all(counted: CountedShop, known: int, stranger: int) -> list[Count]:
    """Every counted update, once; the statements were prepared by two people before, as in a bot that runs.

    `known` and `stranger` are the ids of two people, neither of whom has an account yet.
    """
    for person in (known + 1000, known + 1001):
        await _walk(counted, person, stranger + 1000 + person)
    return await _walk(counted, known, stranger)


async def _walk(counted: CountedShop, known: int, stranger: int) -> list[Count]:
    shop, found = counted.shop, []
    await shop.take(typed(known, "/start"))
    await shop.fund(known, PRICE)
    await shop.forgive()

    async def count(title: str, update: dict[str, object], bound: Bound) -> None:
        found.append(Count(title, await counted.trips(update), bound))

    home = Menu(page="home").pack()
    await count("/start of a new person", typed(stranger, "/start"), Bound(2))
    await count("/start of a known person", typed(known, "/start"), Bound(1, 1))
    await shop.cool((known,))
    await count("cold click: home", click(known, home, "", None), Bound(1))
    for page in PAGES:
        await count(f"warm click: {page}", click(known, Menu(page=page).pack(), "", None), Bound(0, 1))
    await count("warm click: invite", click(known, Menu(page="invite").pack(), "", None), Bound(1, 1))
    await count("warm click: gifts", click(known, Menu(page="gifts").pack(), "", None), Bound(1, 1))
    await count("warm click: renewal", click(known, ShowRenewal(back="vpn").pack(), "", None), Bound(1, 1))
    await count("warm click: reminders", click(known, ShowReminders().pack(), "", None), Bound(1, 1))
    history = ShowHistory(id=0, payment=False, newer=False).pack()
    await count("warm click: history", click(known, history, "", None), Bound(1, 1))
    await count("warm click: a plan", click(known, ChoosePlan(key=PLAN).pack(), "", None), Bound(0, 1))
    version = shop.app.settings.catalogue().get(PLAN).version
    buy = BuyPlan(key=PLAN, version=version, intent=new_intent()).pack()
    await count("purchase", click(known, buy, "", None), Bound(2))
    await shop.warm((known,))
    give = GiftPlan(key=PLAN, version=version, intent=new_intent()).pack()
    await count("purchase of a gift", click(known, give, "", None), Bound(2))
    return found
