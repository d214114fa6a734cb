"""Somebody pays while no panel can make a config: what they read, what the operator reads, and where the money goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import BuyPlan, NewConfig, new_intent
from app.core.operator_notices import OperatorNotifier
from app.locales.locales import translator
from app.repo.audit import breaks
from app.repo.legacy import LegacyRepository
from app.repo.operator_news import OperatorNewsRepository
from app.services.legacy import Relocation
from tests.support.books import MONTH, Books
from tests.support.legacy import past_of
from tests.support.shop_floor import NINA, newest, shown

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.support.shop_floor import ShopFloor

EN = translator("en")
DAY_SECONDS = 86_400


def plain(key: str, **values: object) -> str:
    """A text as a person reads it, up to its first value."""
    return EN.plain(key, **values).split("\n")[0].replace("<b>", "").replace("</b>", "")


async def buys(floor: ShopFloor, person: Person) -> None:
    await floor.tops_up(person, 400)
    plan = floor.app.settings.catalogue().get("sub_1m")
    await floor.click(person, BuyPlan(key=plan.key, version=plan.version, intent=new_intent()).pack())


async def operator_hears(floor: ShopFloor, operator: Person) -> str:
    news = OperatorNewsRepository(floor.database)
    await OperatorNotifier(floor.app.bot, news, [operator.id], floor.app.clock).run_once()
    return shown(operator)


async def test_who_waits_in_vain_reads_an_honest_word_and_then_that_the_money_is_back(floor: ShopFloor) -> None:
    (panel,) = floor.world.panels.values()
    nina, olga = await floor.customer(), await floor.customer(900, "Olga")
    floor.world.clock.advance(8 * DAY_SECONDS)
    await buys(floor, nina)
    panel.up = False
    await floor.click(nina, NewConfig(intent=new_intent()).pack())
    waiting = newest(nina).id
    assert shown(nina).startswith(plain("vpn.creating"))
    floor.world.clock.advance(20)
    await floor.work()
    assert shown(nina).startswith(plain("vpn.delayed"))
    # Who goes and comes back sees no promise of a couple of seconds, and the message is the one that will change.
    await floor.press(nina, EN.plain("menu.back"))
    await floor.press(nina, "VPN 1")
    assert shown(nina).startswith(plain("vpn.delayed"))
    floor.world.clock.advance(3600)
    await floor.app.deliveries.run_once()
    assert "Paid and not delivered: 1, 129" in await operator_hears(floor, olga)
    floor.world.clock.advance(DAY_SECONDS)
    await floor.app.deliveries.run_once()
    await floor.work()
    returned = plain("notice.returned", amount=EN.money(MONTH.price))
    assert (newest(nina).id, shown(nina).splitlines()[0]) == (waiting, returned)
    assert "went back to the balance of 501 (purchase:" in await operator_hears(floor, olga)
    panel.up = True
    floor.world.clock.advance(600)
    await floor.work()
    assert (panel.users, await breaks(floor.database)) == ({}, [])
    await floor.click(nina, "m:balance")
    assert "400" in shown(nina)


async def test_a_config_of_the_past_moves_and_its_owner_reads_where_the_new_link_is(floor: ShopFloor) -> None:
    nina = await floor.customer()
    books = Books(floor.database, floor.app.stores.cache)
    await past_of(books, NINA)
    relocation = Relocation(LegacyRepository(floor.database, floor.app.stores.cache), floor.app.clock)
    assert await relocation.move(None, None, 10) == 1
    await floor.work()
    assert shown(nina).startswith(plain("notice.moved"))
    await floor.press(nina, EN.plain("config.new_key"))
    (user,) = [user for panel in floor.world.panels.values() for user in panel.users.values()]
    assert user.username.startswith(f"o{NINA}_")
    assert "/sub/" in shown(nina)
    assert await breaks(floor.database) == []
