import asyncio
import io
import itertools

import pytest
import segno
from playwright.async_api import Browser, Page, Route, expect

from tests.sandbox.chat_steps import callback, key, query_id, start
from tests.sandbox.console_world import MAX, NINA, World

HOSTILE = "<img src=x onerror=pwned()><script>pwned()</script>"

pytestmark = pytest.mark.browser


async def test_an_empty_chat_offers_start_and_the_bots_answer_appears(page: Page, world: World) -> None:
    await expect(page.get_by_test_id("input")).to_have_count(0)
    await start(page)
    await world.say(NINA, "👋 Привет, <b>Nina</b>!", [callback("🔑 Мой VPN"), callback("💰 Баланс")])
    answer = page.get_by_test_id("message").last
    await expect(answer.locator("strong")).to_have_text("Nina")
    await expect(answer.get_by_test_id("button-0-1")).to_have_accessible_name("💰 Баланс")


async def test_what_a_person_types_reaches_the_bot_and_the_field_is_empty_again(page: Page, world: World) -> None:
    await start(page)
    await page.get_by_test_id("input").fill("150")
    await page.get_by_test_id("send").click()
    await page.get_by_test_id("input").fill("спасибо")
    await page.get_by_test_id("input").press("Enter")
    await expect(page.get_by_test_id("message")).to_have_count(3)
    await expect(page.get_by_test_id("input")).to_have_value("")
    assert "Nina: 150\n\nNina: спасибо" in await world.transcript(NINA)


async def test_a_pressed_button_spins_until_the_bot_answers_with_a_toast(page: Page, world: World) -> None:
    await start(page)
    await world.say(NINA, "menu", [callback("Купить", style="success")])
    query = await query_id(page, key(page, "Купить"))
    await expect(key(page, "Купить")).to_have_attribute("aria-busy", "true")
    await world.call("answerCallbackQuery", callback_query_id=query, text="Не хватает 29 ₽")
    await expect(page.get_by_test_id("toast")).to_have_text("Не хватает 29 ₽")
    await expect(key(page, "Купить")).to_have_attribute("aria-busy", "false")


async def test_an_alert_waits_for_ok(page: Page, world: World) -> None:
    await start(page)
    await world.say(NINA, "menu", [callback("Удалить", style="danger")])
    query = await query_id(page, key(page, "Удалить"))
    await world.call("answerCallbackQuery", callback_query_id=query, text="Удалено", show_alert=True)
    await expect(page.get_by_test_id("alert")).to_contain_text("Удалено")
    await page.get_by_test_id("alert-ok").click()
    await expect(page.get_by_test_id("alert")).to_have_count(0)


async def test_an_edit_changes_the_bubble_in_place(page: Page, world: World) -> None:
    await start(page)
    sent = await world.say(NINA, "ждём оплату", [callback("Отмена")])
    bubble = page.locator(f'[data-testid="message"][data-id="{sent}"]')
    before = await bubble.element_handle()
    await world.call("editMessageText", chat_id=NINA, message_id=sent, text="оплачено")
    await expect(bubble).to_contain_text("оплачено")
    await expect(bubble).to_contain_text("edited")
    await expect(key(page, "Отмена")).to_have_count(0)
    assert await bubble.evaluate("(node, before) => node === before", before)


async def test_a_deleted_message_leaves(page: Page, world: World) -> None:
    await start(page)
    sent = await world.say(NINA, "скоро исчезну")
    await expect(page.get_by_text("скоро исчезну")).to_be_visible()
    await world.call("deleteMessage", chat_id=NINA, message_id=sent)
    await expect(page.get_by_text("скоро исчезну")).to_have_count(0)


async def test_the_head_tells_that_the_bot_is_typing_until_it_speaks(page: Page, world: World) -> None:
    await start(page)
    await world.say(NINA, "one")
    await expect(page.get_by_text("one", exact=True)).to_be_visible()
    await world.call("sendChatAction", chat_id=NINA, action="typing")
    await expect(page.get_by_test_id("status")).to_have_text("typing…")
    await world.say(NINA, "two")
    await expect(page.get_by_test_id("status")).to_have_text("bot")


async def test_a_qr_is_shown_with_its_caption(page: Page, world: World) -> None:
    await start(page)
    png = io.BytesIO()
    segno.make("https://sub.example/s/abc").save(png, kind="png", scale=8)
    await world.photo(NINA, png.getvalue(), "Ваш QR")
    picture = page.get_by_test_id("qr")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("node => node.naturalWidth > 0 && node.clientWidth >= 240")
    await expect(page.get_by_test_id("message").last).to_contain_text("Ваш QR")


async def test_each_person_keeps_a_chat_and_shows_what_is_unread(page: Page, world: World) -> None:
    await world.sim("start", person=MAX, payload="")
    await world.say(MAX, "первое")
    await start(page)
    await expect(page.get_by_test_id("person-Max").locator(".unread")).to_have_count(0)
    async with page.expect_response(f"**/telegram/chat?person={MAX}"):
        pass
    await world.say(MAX, "второе")
    await expect(page.get_by_test_id("person-Max").locator(".unread")).to_have_text("1")
    await page.get_by_test_id("person-Max").click()
    await expect(page.get_by_test_id("message")).to_have_count(3)
    await expect(page.get_by_test_id("person-Max").locator(".unread")).to_have_count(0)
    await page.get_by_test_id("person-Nina").click()
    await expect(page.get_by_test_id("message")).to_have_count(1)


async def test_hostile_names_and_texts_are_words_and_nothing_else(page: Page, world: World) -> None:
    await page.evaluate("() => { window.pwned = () => { window.wasPwned = true; }; }")
    await world.sim("people", id=MAX, first_name=HOSTILE, username="max", language_code="ru")
    await world.sim("message", person=MAX, text=HOSTILE)
    await world.call(
        "sendMessage",
        chat_id=MAX,
        text=HOSTILE,
        entities=[{"type": "text_link", "offset": 0, "length": 4, "url": "https://a.example/\"onclick='pwned()'"}],
        reply_markup={"inline_keyboard": [[callback(HOSTILE)]]},
    )
    await page.get_by_role("button", name=HOSTILE).first.click()
    await expect(page.get_by_test_id("message")).to_have_count(2)
    await expect(page.get_by_test_id("message").first).to_contain_text(HOSTILE)
    await expect(page.locator("#messages img, #messages script, #people img, #people script")).to_have_count(0)
    query = await query_id(page, page.get_by_test_id("button-0-0"))
    await world.call("answerCallbackQuery", callback_query_id=query, text=HOSTILE, show_alert=True)
    await expect(page.get_by_test_id("alert")).to_contain_text(HOSTILE)
    assert await page.evaluate("window.wasPwned") is None


async def test_markup_that_slips_past_the_emulator_is_still_cut(page: Page) -> None:
    shown = await page.evaluate(
        """async () => {
          const { render } = await import("/page/js/richtext.js");
          const box = document.createElement("div");
          box.append(render(`<b onclick="x()">bold</b><script>x()<\\/script><img src=x onerror=x()>`
            + `<a href="javascript:x()">bad</a><a href="data:text/html,x">worse</a><iframe src="/"></iframe>`
            + `<svg onload=x()><style>*{}</style></svg><form action="/"><input name=a></form>`));
          return box.innerHTML;
        }"""
    )
    assert shown == "<strong>bold</strong>badworse"


async def test_what_happened_while_the_console_was_away_is_caught_up(page: Page, world: World) -> None:
    await start(page)
    sent = await world.say(NINA, "до")
    await expect(page.get_by_text("до", exact=True)).to_be_visible()
    port = world.console.port
    await world.console.stop()
    await expect(page.get_by_test_id("link-state")).not_to_be_empty()
    await world.call("deleteMessage", chat_id=NINA, message_id=sent)
    await world.say(NINA, "после")
    await world.open_console(port)
    await expect(page.get_by_text("после", exact=True)).to_be_visible()
    await expect(page.get_by_text("до", exact=True)).to_have_count(0)
    await expect(page.get_by_test_id("link-state")).to_be_empty()


async def test_a_look_that_comes_late_does_not_take_back_what_came_after_it(page: Page, world: World) -> None:
    looked, released = asyncio.Semaphore(0), asyncio.Event()
    numbers = itertools.count()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        looked.release()
        if next(numbers) > 0:
            await released.wait()
        await route.fulfill(response=answer)

    chat = f"**/telegram/chat?person={NINA}"
    await page.route(chat, late)
    await page.reload()
    for _ in ("to draw the chat", "when its stream is open", "to count what is unread"):
        await looked.acquire()
    await start(page)
    node = await page.get_by_test_id("message").element_handle()
    released.set()
    for _ in ("the two that were late", "and one of the next round"):
        await looked.acquire()
    await expect(page.get_by_test_id("message")).to_have_count(1)
    assert await page.get_by_test_id("message").evaluate("(node, before) => node === before", node)
    await page.unroute(chat)


async def test_a_phone_shows_the_chat_alone_and_the_world_in_a_drawer(browser: Browser, world: World) -> None:
    async with await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True) as phone:
        page = await phone.new_page()
        await page.goto(world.url)
        await expect(page.get_by_test_id("start")).to_be_visible()
        await expect(page.get_by_test_id("clock-1d")).not_to_be_visible()
        await page.get_by_test_id("drawer-open").tap()
        await page.get_by_test_id("person-Olga").tap()
        await expect(page.get_by_test_id("clock-1d")).not_to_be_visible()
        await expect(page.locator("#as-person")).to_have_text("Olga")
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
