"""Somebody in the shop whom a scene or the crawler leads about: what they press and say, and what they have."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

from pydantic import HttpUrl
from redis.exceptions import RedisError
from sqlalchemy import text

from app.core.actions import AgreeRenewal, BuyPlan, MakeConfig, Menu, new_intent
from app.domain.errors import OrbitError
from app.domain.promo import PromoKind, Terms
from app.locales.locales import translator
from app.repo.base import ACCOUNT_PARTS
from app.repo.promo_desk import PromoDeskRepository
from app.services.devices import SeenDevice
from app.services.promos import NewPromo
from sandbox.telegram.groups import Group
from tests.screens.direct import DirectSession
from tests.support.countries import two_countries
from tests.support.shop_floor import ShopFloor, newest, shop_floor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import timedelta
    from pathlib import Path

    from aiogram.filters.callback_data import CallbackData
    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.domain.reminders import Step
    from app.main import App
    from app.services.records import NoticeKind
    from sandbox.telegram.history import Answer
    from sandbox.telegram.people import Person
    from sandbox.world import World

PLAN = "sub_3m"
IDS = count(5001)
NEWEST = {
    "config": "SELECT max(id) FROM configs WHERE user_id = CAST(:me AS bigint)",
    "payment": "SELECT max(id) FROM payments WHERE user_id = CAST(:me AS bigint)",
    "device": (
        "SELECT min(d.id) FROM devices d JOIN configs c ON c.id = d.config_id WHERE c.user_id = CAST(:me AS bigint)"
    ),
    "ticket": "SELECT max(id) FROM support_tickets WHERE user_id = CAST(:me AS bigint)",
    "gift": "SELECT max(code) FROM gifts WHERE giver_id = CAST(:me AS bigint)",
}
NOTICE = text(
    """
    INSERT INTO notices (key, recipient, kind, facts, message_id, next_attempt_at, created_at)
    VALUES (gen_random_uuid()::text, CAST(:me AS bigint), :kind, CAST(:facts AS jsonb), CAST(:message AS bigint),
            now() - interval '9 years', now())
    """
)
REMINDER = text(
    """
    WITH moved AS (
        UPDATE users SET subscription_end = CAST(:end AS timestamptz) WHERE tg_id = CAST(:me AS bigint)
        RETURNING tg_id, subscription_end
    )
    INSERT INTO reminders (user_id, step, subscription_end, created_at, next_attempt_at)
    SELECT tg_id, :step, subscription_end, now() - interval '9 years', now() - interval '9 years' FROM moved
    """
)
MONTH = text(
    "INSERT INTO config_traffic_days SELECT :id, CAST(:today AS date) - n, (n * 37 % 11) * CAST(700000000 AS bigint)"
    " FROM generate_series(0, 29) n"
)
LAPSE = text("UPDATE users SET subscription_end = subscription_end - interval '400 days' WHERE tg_id = :me")
CUSTOMER = "Nina"
GROUP, NEWS = -100500, -100501


class Floor(ShopFloor):
    """A floor that knows whether the bot has work in the background."""

    def __init__(self, app: App, world: World) -> None:
        super().__init__(app, world)
        self.woken = asyncio.Event()
        takes = app.queue.takes

        def noted(name: str) -> bool:
            self.woken.set()
            return takes(name)

        app.queue.takes = noted  # type: ignore[method-assign]  # where App.wake asks


class Guest:
    """A person at a floor; `t` speaks their language."""

    def __init__(self, floor: Floor, person: Person) -> None:
        self.floor = floor
        self.person = person
        self.t = translator(person.language_code)

    async def presses(self, action: CallbackData | str) -> Answer:
        """A button that carries the action, under the newest message."""
        return await self.floor.click(self.person, action if isinstance(action, str) else action.pack())

    async def says(self, words: str) -> None:
        """A message."""
        await self.floor.says(self.person, words)

    async def rests(self) -> None:
        """What the shop was woken for is done, and the person has waited long enough to be quick again."""
        app = self.floor.app
        app.buckets._full_at.clear()
        with suppress(RedisError, OSError):
            await self.floor.rested()
        woken = self.floor.woken.is_set()
        self.floor.woken.clear()
        with suppress(OrbitError, OSError, TimeoutError):
            while woken:
                done = (app.provisioner.run_once, app.limits.pauser.run_once, app.notifier.run_once)
                woken = bool(sum([await job() for job in done]))

    async def dialogue(self) -> str | None:
        """What the bot waits for; nothing where Redis is away and forgets it."""
        try:
            state = await self.floor.app.stores.cache.client.get(f"fsm:{self.person.id}:{self.person.id}:state")
        except (RedisError, OSError):
            return None
        return str(state) if state else None

    async def newest(self, what: str) -> Any:
        """The id of the newest config, payment or gift, or of the first device."""
        ((found,),) = await self.floor.database.run(text(NEWEST[what]), {"me": self.person.id})
        return found

    async def told(self, kind: NoticeKind, **facts: object) -> None:
        """A notice comes; with `message` it goes into the newest message."""
        message = newest(self.person).id if facts.pop("message", None) else None
        told = json.dumps({name: str(value) for name, value in facts.items()})
        fields = {"me": self.person.id, "kind": kind.value, "facts": told, "message": message}
        await self.floor.database.run(NOTICE, fields)
        while await self.floor.app.notifier.run_once():
            pass


    async def reminded(self, step: Step, left: timedelta) -> None:
        """A reminder comes, so long before the end of the subscription."""
        end = self.floor.app.clock.now() + left
        await self.floor.database.run(REMINDER, {"me": self.person.id, "step": step.value, "end": end})
        await forgotten(self)
        while await self.floor.app.counter.post.run_once():
            pass


async def arrives(guest: Guest) -> None:
    """A trial runs."""
    await guest.floor.start(guest.person)


async def has_money(guest: Guest) -> None:
    """Enough for every plan."""
    await guest.floor.tops_up(guest.person, 4000)


async def has_bought(guest: Guest) -> None:
    """A subscription that was paid."""
    await has_money(guest)
    plan = guest.floor.app.settings.catalogue().get(PLAN)
    await guest.presses(BuyPlan(key=plan.key, version=plan.version, intent=new_intent()))


async def renews(guest: Guest) -> None:
    """The subscription renews itself."""
    plan = guest.floor.app.settings.catalogue().get(PLAN)
    await guest.presses(AgreeRenewal(key=plan.key, version=plan.version, back="plans"))


async def has_config(guest: Guest) -> None:
    """A config that is ready."""
    await guest.says("/menu")
    await guest.presses(MakeConfig(intent=new_intent(), country=""))
    await guest.rests()


async def waits_for_config(guest: Guest) -> None:
    """A config that no panel has made yet."""
    await guest.says("/menu")
    await guest.presses(MakeConfig(intent=new_intent(), country=""))


async def has_device(guest: Guest) -> None:
    """A phone that uses the config."""
    links, devices = guest.floor.app.links, guest.floor.app.limits.devices
    if links is None:
        raise OrbitError("the shop serves no links")
    phone = SeenDevice("happ", "Happ", f"hwid-{guest.person.id}", "iPhone 15 Pro", "iOS 18.1")
    token = (await links.url(guest.person.id, await guest.newest("config"))).rpartition("/")[2]
    await devices.admit(await links.subscriber(token, devices.mark_of(phone)), phone)


async def has_traffic(guest: Guest) -> None:
    """A month in which the config carried something on most days."""
    config_id = await guest.newest("config")
    await guest.floor.database.run(MONTH, {"id": config_id, "today": guest.floor.app.clock.now().date()})


async def has_countries(guest: Guest) -> None:
    """There are panels in two countries."""
    await two_countries(guest.floor)


async def has_lapsed(guest: Guest) -> None:
    """The subscription is over. The row alone is changed, so books that are audited need a moved clock instead."""
    await guest.floor.database.run(LAPSE, {"me": guest.person.id})
    await forgotten(guest)


async def forgotten(guest: Guest) -> None:
    """Nothing of the person is in the cache."""
    await guest.floor.app.users.drop_account(guest.person.id, parts=ACCOUNT_PARTS)


async def is_banned(guest: Guest) -> None:
    """Banned by the operator."""
    await guest.floor.app.reception.bans.ban(guest.person.id, "fraud", "olga", days=30)


async def is_at_the_menu(guest: Guest) -> None:
    """The menu stands in the newest message."""
    await guest.says("/menu")
    await guest.presses(Menu(page="settings"))


async def reads_no_news(guest: Guest) -> None:
    """Not in the channel that the shop requires."""
    _readers(guest).discard(guest.person.id)


def _readers(guest: Guest) -> set[int]:
    channel = guest.floor.telegram.groups.find(NEWS)
    return set() if channel is None else channel.members


def knows_code(code: str, kind: PromoKind, value: int) -> Any:
    """A step after which the code is there to be used."""

    async def made(guest: Guest) -> None:
        desk = PromoDeskRepository(guest.floor.database, guest.floor.app.stores.cache)
        await desk.add(NewPromo(code, kind, Decimal(value), Terms()), guest.floor.app.clock.now())

    return made


@asynccontextmanager
async def open_shop(home: Path, database: URL, redis: Redis, **more: Any) -> AsyncIterator[Floor]:
    """A floor on which every way to pay and every page is on."""
    everything: dict[str, Any] = {
        "public_url": HttpUrl("https://vpn.example.com/"),
        "support_chat_id": GROUP,
        "required_channel": "@orbit_news",
        "all_ways": True,
    }
    async with shop_floor(home, database, redis, **{**everything, **more}) as opened:
        opened.app.bot.session = DirectSession(opened.telegram, opened.app.bot.session)
        opened.telegram.groups.put(Group(GROUP, "Desk"))
        opened.telegram.groups.put(Group(NEWS, "News", "channel", "orbit_news"))
        yield Floor(opened.app, opened.world)


def newcomer(floor: Floor, language: str, name: str = CUSTOMER) -> Guest:
    """Somebody who has not pressed Start yet, and reads the shop's channel."""
    guest = Guest(floor, floor.person(next(IDS), name, language))
    _readers(guest).add(guest.person.id)
    return guest
