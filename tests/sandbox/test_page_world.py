import re

import pytest
from playwright.async_api import Page, expect

from tests.sandbox.chat_steps import start
from tests.sandbox.console_world import NINA, World

pytestmark = pytest.mark.browser


async def test_a_person_can_join_and_block_and_come_back(page: Page, world: World) -> None:
    await page.get_by_test_id("join-name").fill("Ира")
    await page.get_by_test_id("join").click()
    await expect(page.get_by_test_id("person-Ира")).to_have_attribute("aria-pressed", "true")
    await start(page)
    await page.get_by_test_id("block").check()
    await expect(page.get_by_test_id("person-Ира")).to_contain_text("has blocked the bot")
    await page.get_by_test_id("restart").click()
    await expect(page.get_by_test_id("block")).not_to_be_checked()
    await expect(page.get_by_test_id("message")).to_have_count(2)


async def test_the_clock_moves_for_the_whole_world(page: Page, world: World) -> None:
    before = world.clock.timestamp()
    shown = await page.get_by_test_id("clock-day").text_content()
    await page.get_by_test_id("clock-30d").click()
    await expect(page.get_by_test_id("clock-day")).not_to_have_text(shown or "")
    assert world.clock.timestamp() - before >= 30 * 86_400


async def test_a_panel_is_switched_off_and_its_node_broken(page: Page, world: World) -> None:
    await page.get_by_test_id("panel-s001-power").uncheck()
    await page.get_by_test_id("node-s002-s002-1").click()
    await expect(page.get_by_test_id("panel-s001")).to_have_class(re.compile("down"))
    await expect(page.get_by_test_id("node-s002-s002-1")).to_have_attribute("data-state", "bad")
    assert not world.panels["s001"].up
    assert next(iter(world.panels["s002"].nodes.values())).status == "error"


async def test_a_fault_switch_leaves_other_faults_alone(page: Page, world: World) -> None:
    by_hand = {"match": "getMe", "action": "delay", "times": 2, "seconds": 1}
    await world.sim("faults", **by_hand)
    async with page.expect_response(lambda answer: '"send"' in (answer.request.post_data or "")):
        await page.get_by_test_id("fault-telegram-limit").check()
    await expect(page.get_by_test_id("fault-others")).to_have_text("1 more scripted by hand")
    sent = {"chat_id": NINA, "text": "?"}
    async with world.http.post(f"{world.telegram_url}/bot1:sandbox/sendMessage", json=sent) as answer:
        assert answer.status == 429
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.get_by_test_id("fault-telegram-limit").uncheck()
    async with world.http.get(f"{world.telegram_url}/sim/faults") as answer:
        assert [fault["match"] for fault in await answer.json()] == ["getMe"]


async def test_the_bot_is_killed_and_started(page: Page, world: World) -> None:
    await page.get_by_test_id("bot-kill").click()
    await expect(page.get_by_test_id("bot-state")).to_have_text("not running")
    await page.get_by_test_id("bot-start").click()
    await expect(page.get_by_test_id("bot-state")).to_have_text("running")
    assert world.bot.asked == ["kill", "start"]
