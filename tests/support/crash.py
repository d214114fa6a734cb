"""Where a kill -9 strikes: at a random moment, or in the middle of a call that the bot makes to the outside."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from tests.support.town import Town

LONGEST_STEP_SECONDS = 0.6
# By then every lease that the dead process held has run out.
LEASES_ARE_OVER = 31


@dataclass(frozen=True)
class Crash:
    """A moment: `seconds` into the step, or before or after the effect of a `call` that comes behind `skip` others."""

    call: str = ""
    skip: int = 0
    done: bool = False
    seconds: float = 0

    @classmethod
    def any(cls, dice: Random, calls: tuple[str, ...]) -> Crash:
        """A moment of a step that makes such `calls`, in one of them twice as often as not."""
        if dice.random() < 1 / 3:
            # Short delays are as likely as long ones: most happens soon after an update.
            return cls(seconds=LONGEST_STEP_SECONDS * 10 ** dice.uniform(-3, 0))
        return cls(call=dice.choice(calls), skip=dice.choice((0, 0, 0, 1)), done=dice.random() < 1 / 2)

    def __str__(self) -> str:
        if self.call:
            return f"{'after' if self.done else 'before'} the effect of {self.call}, {self.skip} skipped"
        return f"{self.seconds:.3f} s into it"

    async def strike(self, place: Town, step: asyncio.Task[None]) -> bool:
        """Kill the bot at this moment, at the step's end at the latest, and start it; whether it was in the step."""
        urls = self._emulators(place)
        moment = asyncio.create_task(self._came(place, urls))  # noqa: TID251 - awaited or cancelled below
        await asyncio.wait((step, moment), return_when=asyncio.FIRST_COMPLETED)
        struck = not step.done()
        place.bot.kill()
        await place.bot.wait()
        moment.cancel()
        await asyncio.wait((moment,))
        for url in urls:
            await place.forgive(url)
        place.world.clock.advance(LEASES_ARE_OVER)
        await place.bot.start()
        return struck

    async def _came(self, place: Town, urls: list[str]) -> None:
        if not self.call:
            await asyncio.sleep(self.seconds)
            return
        # What hangs never takes effect: the bot dies before it gives up.
        action = "drop_after" if self.done else "hang"
        for url in urls:
            await place.post(f"{url}/sim/faults", {"match": self.call, "action": action, "skip": self.skip})
        while all([await place.faults(url) for url in urls]):  # noqa: ASYNC110 - emulators tell nobody of a fault
            await asyncio.sleep(0.005)

    def _emulators(self, place: Town) -> list[str]:
        if "/api/" in self.call:
            return list(place.world.panel_urls.values())
        return [place.world.chain_url if "/" in self.call else place.world.telegram_url]
