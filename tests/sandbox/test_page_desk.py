import pytest
from playwright.async_api import Page, expect

from sandbox.console_people import OPERATORS_GROUP
from tests.sandbox.console_world import World

pytestmark = pytest.mark.browser


async def test_an_operator_reads_a_topic_answers_and_ends_it(page: Page, world: World) -> None:
    await expect(page.locator("#desk")).to_contain_text("Nobody has written to support yet.")
    topic = await world.call("createForumTopic", chat_id=OPERATORS_GROUP, name="Nina · 1001")
    thread = {"chat_id": OPERATORS_GROUP, "message_thread_id": topic["message_thread_id"]}
    await world.call("sendMessage", text="it does not <connect>", **thread)
    await expect(page.get_by_test_id("desk-message")).to_contain_text("it does not <connect>")
    await page.get_by_test_id("desk-answer").fill("restart the app")
    await page.get_by_test_id("desk-send").click()
    await expect(page.get_by_test_id("desk-message").last).to_contain_text("restart the app")
    await page.get_by_test_id("desk-close").click()
    await expect(page.get_by_test_id("desk-message").last).to_contain_text("/close")
    heard = [update["message"].get("text") for update in await world.call("getUpdates")]
    assert heard == ["restart the app", "/close"]
    await world.call("closeForumTopic", **thread)
    await expect(page.get_by_test_id("desk-topics")).to_contain_text("Nina · 1001 (closed)")
