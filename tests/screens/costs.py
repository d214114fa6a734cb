"""What it costs the stores to open a scene, in round trips counted at the wire, with the account cached and without."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.counted import Trips
from bench.shop import ShopUnderTest
from bench.wire import before_postgres, before_redis
from tests.screens.guest import open_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from bench.wire import CountingProxy
    from tests.screens.guest import Floor, Guest
    from tests.screens.scenes import Scene


@dataclass(frozen=True)
class Most:
    """How many round trips opening a scene may take, with the account in the cache."""

    postgres: int = 1
    redis: int = 1

    def holds(self, trips: Trips) -> bool:
        """Whether it took no more."""
        return trips.postgres <= self.postgres and (trips.redis is None or trips.redis <= self.redis)


# A menu page is one look at the cache, and one statement where it reads rows. What takes more is named here, and why.
DIALOGUE = Most(0, 2)  # the look, and the dialogue's state
DEED = Most(1, 2)  # one statement does it, and the cached account goes
REDEEMED = Most(10, 4)  # a transaction with the code's row locked
INVOICE = Most(8, 6)  # a transaction that stores it, the message that shows it, and a rate that may be read anew
PAID_FOR = Most(12, 6)  # the same, behind a purchase that fails for money and tells how much is missing
NAMED = {
    "language-changed": DEED,
    "config-creating": DEED,
    "config-deleted": DEED,
    "bought": DEED,
    # the switch, and how things stand then
    **dict.fromkeys(("renewal-switched-on", "renewal-switched-off"), Most(2, 1)),
    "gift-bought": DEED,
    **dict.fromkeys(("welcome", "gate-passed"), Most(1, 2)),  # that the person reads the channel is remembered
    "promo": DIALOGUE,
    "promo-at-plans": DIALOGUE,
    "promo-command": DIALOGUE,
    "top-up": DIALOGUE,
    "top-up-amount": Most(0, 3),  # and what the dialogue has to remember
    **dict.fromkeys(("promo-unknown", "promo-rubles", "promo-days", "promo-discount", "promo-used"), REDEEMED),
    **dict.fromkeys(("invoice-ton", "invoice-usdt", "invoice-stars", "invoice-cryptobot"), INVOICE),
    **dict.fromkeys(("invoice-yookassa", "invoice-typed"), INVOICE),
    **dict.fromkeys(("plan-invoice-ton", "plan-invoice-stars", "gift-invoice"), PAID_FOR),
    **dict.fromkeys(("connect", "location-chosen"), DEED),
    "guide-waiting": Most(3, 1),  # the config as it was and is, and the message that waits for it
    "config-rename": Most(1, 3),  # and what the dialogue has to remember
    "config-renamed": Most(2, 6),  # the new name, the config as it is shown, and the end of the dialogue
    "config-wrong-name": Most(0, 2),
    "config-moving": Most(2, 1),  # the wish, and the config as it is shown
    "support-write": Most(0, 3),  # as top-up-amount
    **dict.fromkeys(("support-write-about", "support-sent", "support-solved"), Most(1, 3)),
    "support-open": Most(1, 4),  # one dialogue ends and another begins
    "config-reissued": Most(2, 1),  # the link, and the config as it is shown
    "device-removed": Most(2, 1),  # the device, and those that are left
    "invoice-cancelled": Most(2, 1),
    "config-too-many": Most(2, 1),  # refused, and then asked why
    "no-subscription": Most(2, 1),  # the same
}


def bound_of(name: str) -> Most:
    """What the scene of this name may cost."""
    return NAMED.get(name, Most())


@dataclass(frozen=True)
class Opened:
    """What a scene was opened by and in which dialogue, and the round trips; None where it came by itself."""

    data: str | None
    dialogue: str | None
    trips: Trips | None


@dataclass
class CountedFloor:
    """A floor with a counting proxy before each store; `redis` is None where Redis is in this process."""

    floor: Floor
    postgres: CountingProxy
    redis: CountingProxy | None

    async def open(self, scene: Scene, guest: Guest, *, cold: bool = False) -> Opened:
        """Open the scene once all before it has happened, and count what that alone takes."""
        shop = ShopUnderTest(self.floor.app, self.floor.app.stores)
        await scene.prepare(guest)
        if not scene.is_new:
            await (shop.cool if cold else shop.warm)((guest.person.id,))
        if scene.is_told:
            await scene.open(guest)
            return Opened(None, None, None)
        data, dialogue = await scene.data(guest), await guest.dialogue()
        await shop.settle()
        postgres, redis = self.postgres.trips, self.redis.trips if self.redis else 0
        await (guest.presses(data) if data is not None else guest.says(str(scene.opens)))
        own = await shop.settle()
        trips = Trips(self.postgres.trips - postgres, self.redis.trips - redis - own if self.redis else None)
        return Opened(data, dialogue, trips)


@asynccontextmanager
async def counted_floor(home: Path, database: URL, redis: Redis) -> AsyncIterator[CountedFloor]:
    """A shop on these stores, counted."""
    async with AsyncExitStack() as stack:
        postgres = before_postgres(str(database.host), int(database.port or 5432))
        wired = before_redis(redis)
        for proxy in (postgres, wired):
            if proxy is not None:
                await proxy.start()
                stack.push_async_callback(proxy.stop)
        ways = {"redis_url": f"redis://127.0.0.1:{wired.port}"} if wired else {}
        through = database.set(host="127.0.0.1", port=postgres.port)
        floor = await stack.enter_async_context(open_shop(home, through, redis, **ways))
        yield CountedFloor(floor, postgres, wired)
