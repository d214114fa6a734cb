"""The required channel: who is not in it is asked to come, once and kindly; money, help and doubt stand open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.core.actions import CheckChannel, Menu
from app.locales.locales import translator
from sandbox.faults import Fault
from sandbox.telegram.groups import Group
from tests.support.shop_floor import NINA, ShopFloor, labels, shop_floor, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from redis.asyncio import Redis
    from sqlalchemy import URL

    from app.repo.db import Database

NEWS = -100501
EN = translator("en")
ONE_STEP = "One step left"
MENU = "OrbitVPN"


@pytest.fixture
async def floor(tmp_path: Path, database: Database, database_url: URL, redis: Redis) -> AsyncIterator[ShopFloor]:
    del database  # emptied, which is all that is wanted of it
    async with shop_floor(tmp_path, database_url, redis, required_channel="@orbit_news") as floor:
        floor.telegram.groups.put(Group(NEWS, "News", "channel", "orbit_news"))
        yield floor


def channel(floor: ShopFloor) -> Group:
    found = floor.telegram.groups.find(NEWS)
    assert found is not None
    return found


def asked(floor: ShopFloor) -> int:
    return sum(call.method == "getChatMember" for call in floor.telegram.history.calls(0))


async def test_a_newcomer_is_sent_to_the_channel_and_comes_back_to_an_account_that_is_there(floor: ShopFloor) -> None:
    nina = await floor.customer()
    assert ONE_STEP in shown(nina)
    assert labels(nina) == [EN.plain("gate.channel"), EN.plain("gate.check")]
    answer = await floor.press(nina, EN.plain("gate.check"))
    assert (answer.text, answer.alert) == (EN.plain("gate.not_yet"), True)
    for data in (Menu(page="home").pack(), Menu(page="vpn").pack(), "new:wish"):
        await floor.click(nina, data)
        assert ONE_STEP in shown(nina), data
    channel(floor).members.add(NINA)
    await floor.press(nina, EN.plain("gate.check"))
    assert MENU in shown(nina)
    assert "Free trial" in shown(nina)


async def test_who_was_seen_in_the_channel_is_not_looked_for_again_at_every_click(floor: ShopFloor) -> None:
    channel(floor).members.add(NINA)
    nina = await floor.customer()
    for page in ("home", "vpn", "invite", "home"):
        await floor.click(nina, Menu(page=page).pack())
    assert MENU in shown(nina)
    assert asked(floor) == 1


async def test_money_help_and_language_need_no_channel(floor: ShopFloor) -> None:
    nina = await floor.customer()
    for command in ("/paysupport", "/terms", "/help", "/language"):
        await floor.says(nina, command)
        assert ONE_STEP not in shown(nina), command
    for data in ("m:balance", "top:0", "m:plans", "plan:sub_1m", "lang:en", "hist:0:0:0"):
        await floor.click(nina, data)
        assert ONE_STEP not in shown(nina), data
    await floor.click(nina, "top:0")
    await floor.says(nina, "400")
    await floor.pays_last_invoice()
    await floor.work()
    assert "Receipt" in shown(nina)


async def test_who_has_paid_for_time_is_not_asked_to_come(floor: ShopFloor) -> None:
    nina = await floor.customer()
    await floor.click(nina, "top:0")
    await floor.says(nina, "400")
    await floor.pays_last_invoice()
    await floor.work()
    await floor.click(nina, "plan:sub_1m")
    await floor.press(nina, "Buy for")
    await floor.click(nina, Menu(page="home").pack())
    assert MENU in shown(nina)


@pytest.mark.parametrize("trouble", ["no administrator", "no such channel", "an error", "silence"])
async def test_where_telegram_can_not_tell_nobody_is_kept_out(
    floor: ShopFloor, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.gate.ANSWER_SECONDS", 0.3)
    news = channel(floor)
    match trouble:
        case "no administrator":
            news.bot = "member"
        case "no such channel":
            news.username = "another"
        case "an error":
            floor.telegram.faults.add(Fault("getChatMember", "error", status=400))
        case "silence":
            floor.telegram.faults.add(Fault("getChatMember", "hang"))
    with capture_logs() as log:
        nina = await floor.customer()
        for _ in range(3):
            await floor.click(nina, Menu(page="home").pack())
    assert MENU in shown(nina)
    assert [line["event"] for line in log].count("gate_stands_open") == 1
    assert asked(floor) == 1


async def test_a_check_lets_in_where_telegram_can_not_tell(floor: ShopFloor) -> None:
    nina = await floor.customer()
    channel(floor).bot = "left"
    await floor.click(nina, CheckChannel().pack())
    assert MENU in shown(nina)
