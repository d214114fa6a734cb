"""kill -9 at any moment of a customer's way: the way goes on, nothing is lost, and nothing comes twice.

`--torture=N` kills N times instead of a few; every walk is made by the seed in its name.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from random import Random
from typing import TYPE_CHECKING

import pytest
import structlog
from sqlalchemy import text

from tests.support.crash import LEASES_ARE_OVER, Crash
from tests.support.town import Town, town
from tests.support.words import raw_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from redis.asyncio import Redis

    from tests.support.person import Json, Person

    Step = Callable[[], Coroutine[None, None, None]]

RU, EN = raw_texts("ru"), raw_texts("en")

pytestmark = pytest.mark.slow

log = structlog.get_logger(__name__)

# How long a person looks at a screen that does not change before starting again from the menu, and how often.
PATIENCE_SECONDS = 6
TRIES = 6
# What the bot says to Telegram on a click, and what it says to the panels and to the chain meanwhile.
CLICK = ("getUpdates", "answerCallbackQuery", "editMessageText")
CREATION = ("/api/admin/token", "/api/nodes", "POST /api/user", "GET /api/user/", "editMessageMedia")
CREDIT = ("/transactions", "/v2/status", "editMessageMedia", "sendMessage")
COUNTS = {
    "accounts": "SELECT count(*) FROM users",
    "trials": "SELECT count(*) FROM trial_grants",
    "credits": "SELECT count(*) FROM ton_transactions WHERE status = 'credited'",
    "sums credited": "SELECT sum(credited)::int FROM ton_transactions",
    "purchases": "SELECT count(*) FROM purchases",
    "bonuses": "SELECT count(*) FROM referrals WHERE bonus_paid_at IS NOT NULL",
    "configs": "SELECT count(*) FROM configs",
    "configs that are left": "SELECT count(*) FROM configs WHERE status <> 'deleted'",
}


async def test_the_way_goes_on_after_a_kill_in_every_step(tmp_path: Path, redis: Redis, crash_seed: int) -> None:
    dice = Random(crash_seed)
    # A Redis of the bot's own dies with it and forgets all; one that is given keeps what may be out of date.
    given = {"REDIS_URL": f"unix://{redis.connection_pool.connection_kwargs['path']}"} if crash_seed % 3 != 1 else {}
    async with town(tmp_path, webhook=crash_seed % 2 == 0, **given) as place:
        walk = Walk(place, await place.person(501, "Nina"), await place.person(502, "Max", "en"))
        for step, calls in walk.steps():
            crash = Crash.any(dice, calls)
            struck = await survives(place, step, crash)
            log.info("killed", step=step.__name__, moment=str(crash) if struck else "at its end")
            if dice.random() < 1 / 2:  # the other half of the time the next kill meets what this one left undone
                await place.audit()
        await place.audit()
        assert await counted(place) == {
            "accounts": 2,
            "trials": 2,
            "credits": 2,
            "sums credited": 550,
            "purchases": 1,
            "bonuses": 1,
            "configs": 1,
            "configs that are left": 0,
        }


async def test_a_panel_that_made_the_user_before_the_kill_is_waited_for_where_it_is_away_after_it(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as place:
        nina = await place.person(501, "Nina", "en")
        await nina.start()
        await nina.press(EN["menu.home"])
        await nina.press(EN["menu.vpn"])
        for url in place.world.panel_urls.values():
            await place.post(f"{url}/sim/faults", {"match": "POST /api/user", "action": "drop_after"})
            # The look for what became of it is cut short by the kill.
            await place.post(f"{url}/sim/faults", {"match": "GET /api/user/", "action": "hang"})

        async def made() -> bool:
            return bool(await place.panel_users())

        await nina.press(EN["vpn.new"])
        await place.eventually(made)
        place.bot.kill()
        await place.bot.wait()
        (there,) = [panel for panel in place.world.panels.values() if panel.users]
        there.up = False
        for url in place.world.panel_urls.values():
            await place.forgive(url)
        await place.bot.start()
        async with place.database() as database:

            async def tried_in_vain_twice() -> bool:
                place.world.clock.advance(LEASES_ARE_OVER)
                (row,) = await database.run(text("SELECT attempts > 3 OR status = 'active' FROM configs"))
                return bool(row[0])

            await place.eventually(tried_in_vain_twice)
        there.up = True
        place.world.clock.advance(LEASES_ARE_OVER)
        await nina.sees("/sub/")
        await place.audit()


async def survives(place: Town, step: Step, crash: Crash) -> bool:
    """Walk the step while the bot is killed and started again; whether that happened within it."""
    walking = asyncio.create_task(step())  # noqa: TID251 - awaited below
    struck = await crash.strike(place, walking)
    await walking
    return struck


async def counted(place: Town) -> dict[str, int]:
    async with place.database() as database:
        return {name: (await database.run(text(query)))[0][0] for name, query in COUNTS.items()}


class Walk:
    """The steps of Nina and of her friend Max. Whoever gets no answer starts again from the menu, as people do."""

    def __init__(self, place: Town, nina: Person, friend: Person) -> None:
        self._place = place
        self._nina = nina
        self._max = friend
        self._invoice: Json = {}
        self._link = ""

    def steps(self) -> tuple[tuple[Step, tuple[str, ...]], ...]:
        """In the order in which they are walked, each with the calls that it has the bot make."""
        return (
            (self.nina_arrives, ("getUpdates", "sendMessage")),
            (self.nina_gets_a_config, CLICK + CREATION),
            (self.nina_asks_for_an_invoice, (*CLICK, "sendPhoto")),
            (self.nina_pays, CREDIT),
            (self.nina_buys_three_months, (*CLICK, "PUT /api/user/")),
            (self.nina_shares_her_link, CLICK),
            (self.max_follows_it, ("getUpdates", "sendMessage")),
            (self.max_asks_for_an_invoice, (*CLICK, "editMessageMedia")),
            (self.max_pays_and_nina_gets_her_bonus, CREDIT),
            (self.nina_reads_english, CLICK),
            (self.nina_deletes_the_config, (*CLICK, "deleteMessage", "GET /api/user/", "DELETE /api/user/")),
        )

    async def nina_arrives(self) -> None:
        await insist(self._nina, self._nina.start, lambda: self._nina.sees("OrbitVPN"))

    async def nina_gets_a_config(self) -> None:
        await insist(self._nina, self._look_for_a_config, lambda: self._nina.sees("/sub/"))

    async def _look_for_a_config(self) -> None:
        await self._nina.says("/menu")
        await self._nina.press(RU["menu.vpn"])
        await self._nina.press(await self._nina.either("VPN 1", RU["vpn.new"]))

    async def nina_asks_for_an_invoice(self) -> None:
        self._invoice = await insist(
            self._nina, self._type_an_amount, lambda: self._nina.offered(RU["invoice.open_wallet"])
        )

    async def _type_an_amount(self) -> None:
        await self._nina.says("/menu")
        await self._nina.press(RU["menu.balance"])
        await self._nina.press(RU["balance.top_up"])
        await self._nina.press(RU["method.ton"])
        await self._nina.sees(opening(RU["topup.amount"]))
        await self._nina.says("400")

    async def nina_pays(self) -> None:
        await self._place.pays(self._invoice)
        await self._nina.sees(opening(RU["notice.paid"]) + "400")

    async def nina_buys_three_months(self) -> None:
        (before,) = (await self._place.panel_users()).values()
        await insist(self._nina, self._buy, lambda: self._nina.sees("51\u00a0₽"))

        async def moved() -> bool:
            (user,) = (await self._place.panel_users()).values()
            return bool(user["expire"] == before["expire"] + 90 * 86400)

        await self._place.eventually(moved)

    async def _buy(self) -> None:
        await self._nina.says("/menu")
        await self._nina.press(RU["menu.renew"])
        await self._nina.press(RU["plan.sub_3m"])
        await self._nina.press(opening(RU["buy.yes"]))

    async def nina_shares_her_link(self) -> None:
        invitation = await insist(self._nina, self._invite, lambda: self._nina.sees("https://t.me/"))
        words: list[str] = invitation["text"].split()
        self._link = next(word for word in words if word.startswith("https://t.me/"))

    async def _invite(self) -> None:
        await self._nina.says("/menu")
        await self._nina.press(RU["menu.invite"])

    async def max_follows_it(self) -> None:
        await insist(self._max, self._follow, lambda: self._max.sees("OrbitVPN"))

    async def _follow(self) -> None:
        await self._max.start(self._link.partition("start=")[2])

    async def max_asks_for_an_invoice(self) -> None:
        self._invoice = await insist(
            self._max, self._choose_an_amount, lambda: self._max.offered(EN["invoice.open_wallet"])
        )

    async def _choose_an_amount(self) -> None:
        await self._max.says("/menu")
        await self._max.press(EN["menu.balance"])
        await self._max.press(EN["balance.top_up"])
        await self._max.press(EN["method.ton"])
        await self._max.press("150")

    async def max_pays_and_nina_gets_her_bonus(self) -> None:
        await self._place.pays(self._invoice, wallet="Max")
        await self._max.sees(opening(EN["notice.paid"]) + "150")
        await self._nina.sees(opening(RU["notice.bonus"]) + "50")

    async def nina_reads_english(self) -> None:
        await insist(self._nina, self._choose_english, lambda: self._nina.sees(opening(EN["settings.title"])))

    async def _choose_english(self) -> None:
        await self._nina.says("/menu")
        await self._nina.press(await self._nina.either(RU["menu.settings"], EN["menu.settings"]))
        await self._nina.press(EN["language.name"])

    async def nina_deletes_the_config(self) -> None:
        await insist(self._nina, self._delete, lambda: self._nina.sees(EN["vpn.empty"]))

        async def gone() -> bool:
            return await self._place.panel_users() == {}

        await self._place.eventually(gone)

    async def _delete(self) -> None:
        await self._nina.says("/menu")
        await self._nina.press(EN["menu.vpn"])
        if await self._nina.either("VPN 1", EN["vpn.new"]) == "VPN 1":
            await self._nina.press("VPN 1")
            await self._nina.press(EN["config.delete"])
            await self._nina.press(EN["config.delete_yes"])


async def insist(person: Person, act: Step, sign: Callable[[], Coroutine[None, None, Json]]) -> Json:
    """The message that is the sign of the act's success; the act is repeated where it does not come."""
    await person.looks_down()
    for _ in range(TRIES):
        # A button that vanishes under the finger is as good as no answer.
        with contextlib.suppress(TimeoutError, AssertionError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await act()
                return await sign()
    raise AssertionError(f"no sign of {act.__name__}; the chat:\n{await person.transcript()}")


def opening(words: str) -> str:
    """What a text of ours begins with, as people read it, up to the first value."""
    return re.sub("<[^>]*>", "", words.partition("{")[0])
