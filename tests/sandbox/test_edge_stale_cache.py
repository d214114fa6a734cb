"""A bot that dies between a commit and the cache: whoever does the work again leaves no old screen behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.domain.assets import Asset
from app.domain.money import Money
from app.locales.locales import translator
from sandbox.telegram import acts
from tests.support.shop_floor import button, labels, newest, shown

if TYPE_CHECKING:
    from sandbox.telegram.people import Person
    from tests.sandbox.conftest import Cut

EN = translator("en")


@pytest.fixture
async def nina(cut: Cut) -> Person:
    """Somebody whose account is in the cache."""
    nina = await cut.customer()
    await home(cut, nina)
    return nina


async def home(cut: Cut, person: Person) -> str:
    """What the menu says; what it was read from is in the cache afterwards."""
    await cut.says(person, "/menu")
    await cut.click(person, "m:home")
    return shown(person)


async def test_money_is_on_the_screen_by_the_time_its_notice_comes(cut: Cut, nina: Person) -> None:
    await cut.click(nina, "pay:ton:40000")
    await cut.pays_last_invoice()
    assert EN.money(Money.rub(0)) in await home(cut, nina)
    cut.redis.pull()
    assert cut.app.cash.wallets is not None
    await cut.app.cash.wallets.run_once(Asset.TON)
    await cut.redis.plug_in()
    await cut.app.notifier.run_once()
    assert EN.money(Money.rub(400)) in await home(cut, nina)


async def test_a_config_is_ready_on_the_screen_by_the_time_its_notice_comes(cut: Cut, nina: Person) -> None:
    await cut.click(nina, "new:wish")
    await home(cut, nina)
    cut.redis.pull()
    await cut.app.provisioner.run_once()
    await cut.redis.plug_in()
    await cut.app.notifier.run_once()
    await cut.click(nina, "m:vpn", newest(nina))
    assert EN.plain("vpn.card", name="VPN 1") in labels(nina)


async def test_a_purchase_that_is_handled_again_is_on_the_screen(cut: Cut, nina: Person) -> None:
    await cut.tops_up(nina, 400)
    await home(cut, nina)
    await cut.click(nina, "plan:sub_3m")
    message, data = button(nina, EN.plain("buy.yes", price=EN.money(Money.rub(349))))
    cut.redis.pull()
    await cut.click(nina, data, message)
    await cut.redis.plug_in()
    await cut.click(nina, data, message)
    assert EN.money(Money.rub(51)) in await home(cut, nina)


async def test_a_config_wished_for_again_or_away_again_is_not_on_the_screen_as_before(cut: Cut, nina: Person) -> None:
    cut.redis.pull()
    await cut.click(nina, "new:wish")
    await cut.redis.plug_in()
    await cut.click(nina, "new:wish")
    await cut.click(nina, "m:vpn")
    assert EN.plain("vpn.card_creating", name="VPN 1") in labels(nina)
    (config,) = await cut.database.run(text("SELECT id FROM configs"))
    cut.redis.pull()
    acts.click(cut.telegram, nina, newest(nina).id, f"del:{config.id}:1")
    await cut.deliver()
    await cut.redis.plug_in()
    await cut.click(nina, f"del:{config.id}:1")
    await cut.click(nina, "m:vpn")
    assert EN.plain("vpn.empty") in shown(nina)
