"""Buttons that were right once, and buttons pressed twice: the second deed never happens, the person sees why."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.core.actions import Action, EnterPromo, EnterPromoAtPlans, Menu, TopUp
from app.locales.locales import translator
from sandbox.telegram import acts
from tests.support.rows import all_rows
from tests.support.shop_floor import button, feed, labels, newest, replica, shop_floor, shown

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database
    from tests.support.shop_floor import ShopFloor

EN = translator("en")
GONE = EN.plain("error.not_found")
PURCHASES = text("SELECT count(*) FROM purchases")
BALANCE = text("SELECT balance::text FROM users")


async def value(floor: ShopFloor, query: object) -> object:
    (row,) = await floor.database.run(query)  # type: ignore[arg-type]  # one of the statements above
    return row[0]


async def test_buttons_of_a_deleted_config_show_nothing_and_do_nothing(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.click(nina, "new:wish")
    await floor.work()
    number = int(button(nina, EN.plain("config.refresh"))[1].partition(":")[2])
    await floor.click(nina, f"del:{number}:1")
    await floor.work()
    before = await all_rows(floor.database)
    for data in (f"cfg:{number}", f"key:{number}", f"del:{number}:0", f"del:{number}:1", "new:wish"):
        await floor.says(nina, "/menu")
        await floor.click(nina, data)
        assert shown(nina).startswith(GONE), data
        assert EN.plain("vpn.new") in labels(nina), data
    assert await all_rows(floor.database) == before
    assert not next(iter(floor.world.panels.values())).users


async def test_a_double_click_on_delete_deletes_once(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.click(nina, "new:wish")
    await floor.work()
    number = int(button(nina, EN.plain("config.refresh"))[1].partition(":")[2])
    await floor.says(nina, "/menu")
    await floor.click(nina, f"del:{number}:0")
    message, data = button(nina, EN.plain("config.delete_yes"))
    for _ in range(2):
        acts.click(floor.telegram, nina, message.id, data)
    await floor.deliver()
    await floor.work()
    assert await value(floor, text("SELECT string_agg(status, ',') FROM configs")) == "deleted"


async def test_a_price_that_changed_since_the_screen_was_shown_is_never_paid(
    floor: ShopFloor, database_url: URL, redis: Redis
) -> None:
    nina = await floor.customer()
    await floor.tops_up(nina, 1000)
    await floor.click(nina, "plan:sub_3m")
    message, data = button(nina, "349")
    async with replica(floor.world, database_url, redis, sub_3m_price=Decimal(399)) as dearer:
        acts.click(floor.telegram, nina, message.id, data)
        await feed(dearer, floor.take())
        assert shown(nina).startswith(EN.plain("error.plan_changed"))
        assert any("399" in label for label in labels(nina))
        assert (await value(floor, PURCHASES), await value(floor, BALANCE)) == (0, "1000.00")
        acts.click(floor.telegram, nina, message.id, "plan:sub_3m")
        await feed(dearer, floor.take())
        assert button(nina, "399")


@pytest.mark.parametrize(
    ("page", "button", "leads_to"),
    [
        (Menu(page="plans"), EnterPromoAtPlans(), "🛒"),
        (Menu(page="balance"), EnterPromo(), "💰"),
        (Menu(page="balance"), TopUp(missing=0), "💰"),
    ],
)
async def test_back_goes_where_one_came_from(
    floor: ShopFloor, page: Action, button: Action, leads_to: str
) -> None:
    nina = await floor.customer()
    await floor.click(nina, page.pack())
    before = shown(nina)
    await floor.click(nina, button.pack())
    await floor.press(nina, EN.plain("menu.back"))
    assert shown(nina) == before
    assert before.startswith(leads_to)


async def test_back_from_the_sums_is_the_choice_of_how_to_pay(
    tmp_path: Path, database: Database, database_url: URL, redis: Redis
) -> None:
    del database  # emptied, which is all that is wanted of it
    async with shop_floor(tmp_path, database_url, redis, all_ways=True) as floor:
        nina = await floor.customer()
        await floor.click(nina, TopUp(missing=0).pack())
        ways = shown(nina)
        await floor.press(nina, EN.plain("method.ton"))
        await floor.press(nina, EN.plain("menu.back"))
        assert shown(nina) == ways


async def test_a_button_of_a_version_to_come_gets_the_page_that_it_belongs_to(floor: ShopFloor) -> None:
    nina = await floor.customer()
    for action in floor.app.switchboard.prefixes.values():
        assert issubclass(action, Action)
        await floor.says(nina, "/menu")
        await floor.click(nina, f"{action.kind}99:1")
        fresh = newest(nina)
        await floor.says(nina, "/menu")
        await floor.click(nina, Menu(page=action.section).pack())
        assert fresh.content.text.text == f"{EN.plain('error.stale_button')}\n\n{shown(nina)}", action
        assert fresh.keyboard == newest(nina).keyboard or action.section == "vpn"
        await floor.rested()


@pytest.mark.parametrize("data", ["chk:999999", "cxl:999999"])
async def test_an_unknown_payment_is_gone(floor: ShopFloor, data: str) -> None:
    nina = await floor.customer()
    await floor.click(nina, data)
    assert shown(nina).startswith(GONE)
    assert EN.plain("balance.top_up") in labels(nina)


async def test_the_buttons_of_a_cancelled_invoice_say_so(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.click(nina, "pay:ton:15000")
    invoice, check = button(nina, EN.plain("invoice.check"))
    _, cancel = button(nina, EN.plain("invoice.cancel"))
    await floor.click(nina, cancel)
    before, words = await all_rows(floor.database), shown(nina)
    await floor.click(nina, check)
    assert shown(nina) == EN.plain("invoice.dead")
    assert any("150" in label for label in labels(nina))
    await floor.click(nina, cancel)
    assert shown(nina) == words
    assert await all_rows(floor.database) == before
    assert invoice.id not in nina.messages


async def test_cancelling_an_invoice_that_is_paid_takes_nothing_back(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.tops_up(nina, 400)
    (payment,) = await floor.database.run(text("SELECT id FROM payments"))
    await floor.click(nina, f"cxl:{payment.id}", newest(nina))
    await floor.click(nina, f"chk:{payment.id}")
    assert shown(nina) == EN.plain("invoice.paid_already")
    assert await value(floor, BALANCE) == "400.00"


async def test_a_double_click_on_buy_over_two_replicas_buys_once(
    floor: ShopFloor, database_url: URL, redis: Redis
) -> None:
    nina = await floor.customer()
    await floor.tops_up(nina, 1000)
    async with replica(floor.world, database_url, redis) as other:
        for bought in range(1, 3):
            await floor.says(nina, "/menu")
            await floor.click(nina, "plan:sub_3m")
            message, data = button(nina, "349")
            for _ in range(5):
                queries = {acts.click(floor.telegram, nina, message.id, data).id for _ in range(2)}
                one, two = floor.take()
                first, second = await floor.app.intake.accept(one.body), await other.intake.accept(two.body)
                await first
                await second
                answered = {answer.query_id for answer in floor.telegram.history.answers(nina.id, 0)}
                assert queries <= answered
                await floor.rested()
            assert await value(floor, PURCHASES) == bought
    assert await value(floor, BALANCE) == "302.00"
    await floor.work()


async def test_a_double_click_on_create_over_two_replicas_makes_one_config(
    floor: ShopFloor, database_url: URL, redis: Redis
) -> None:
    nina = await floor.customer()
    await floor.tops_up(nina, 400)
    await floor.click(nina, "plan:sub_3m")
    await floor.press(nina, "349")
    await floor.says(nina, "/menu")
    async with replica(floor.world, database_url, redis) as other:
        await floor.press(nina, EN.plain("menu.vpn"))
        message, data = button(nina, EN.plain("vpn.new"))
        for _ in range(2):
            acts.click(floor.telegram, nina, message.id, data)
        one, two = floor.take()
        first, second = await floor.app.intake.accept(one.body), await other.intake.accept(two.body)
        await first
        await second
        await floor.work()
    assert await value(floor, text("SELECT count(*) FROM configs")) == 1
    (panel,) = floor.world.panels.values()
    assert len(panel.users) == 1
