import io
import re
import shutil
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import segno
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from tests.sandbox.console_world import MAX, NINA, World, open_world

CHROMIUM = shutil.which("chromium")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
HOSTILE = "<img src=x onerror=pwned()><script>pwned()</script>"
PATIENCE_MS = 20_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH"),
]
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield opened
        await opened.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


@pytest.fixture
async def context(browser: Browser, world: World) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context(viewport={"width": 1280, "height": 860})
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    await opened.close()


@pytest.fixture
async def page(context: BrowserContext, world: World) -> AsyncIterator[Page]:
    """The page in a fresh browser; whatever a test does, it asks this machine only and throws nothing."""
    outside: list[str] = []
    broken: list[str] = []
    context.on("request", lambda request: _note_outside(request.url, outside))
    opened = await context.new_page()
    opened.on("pageerror", lambda error: broken.append(str(error)))
    await opened.goto(world.url)
    await expect(opened.get_by_test_id("person-Nina")).to_have_attribute("aria-pressed", "true")
    yield opened
    assert not outside
    assert not broken


def _note_outside(url: str, outside: list[str]) -> None:
    if urlsplit(url).hostname != "127.0.0.1":
        outside.append(url)


def callback(text: str, **extra: object) -> dict[str, object]:
    return {"text": text, "callback_data": "x", **extra}


def link(text: str, url: str) -> dict[str, object]:
    return {"text": text, "url": url}


def key(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").get_by_role("button", name=text, exact=True)


async def start(page: Page) -> None:
    await page.get_by_test_id("start").click()
    await expect(page.get_by_test_id("message")).to_contain_text("/start")


async def query_id(page: Page, pressed: Locator) -> str:
    async with page.expect_response("**/telegram/click") as answered:
        await pressed.click()
    return str((await (await answered.value).json())["query_id"])


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


@pytest.mark.parametrize(
    "wallet", ["https://app.tonkeeper.com/transfer/", "https://app.keeperwallet.com/transfer/", "ton://transfer/"]
)
async def test_a_wallet_link_opens_the_wallet_filled_in_and_pays(page: Page, world: World, wallet: str) -> None:
    await start(page)
    url = f"{wallet}{world.merchant}?amount=590000000&text=ORB-7K2M"
    await world.say(NINA, f'Оплатите <a href="{url}">здесь</a>')
    await page.get_by_role("link", name="здесь").click()
    await expect(page.get_by_test_id("wallet-amount")).to_have_value("0.59")
    await expect(page.get_by_test_id("wallet-comment")).to_have_value("ORB-7K2M")
    await page.get_by_test_id("wallet-send").click()
    await expect(page.get_by_test_id("wallet-result")).to_contain_text("0.59 GRAM sent")
    (paid,) = await world.transactions()
    assert (paid["to"], paid["value_nano"], paid["comment"]) == (world.merchant, "590000000", "ORB-7K2M")


async def test_a_payment_can_be_sent_wrong_in_amount_and_without_its_comment(page: Page, world: World) -> None:
    await start(page)
    url = f"https://app.tonkeeper.com/transfer/{world.merchant}?amount=590000000&text=ORB-7K2M"
    await world.say(NINA, "Счёт", [link("Открыть кошелёк", url)])
    await key(page, "Открыть кошелёк").click()
    await page.get_by_test_id("wallet-amount").fill("0,000000001")
    await page.get_by_test_id("wallet-no-comment").check()
    await page.get_by_test_id("wallet-send").click()
    await expect(page.get_by_test_id("wallet-result")).to_contain_text("without a comment")
    (paid,) = await world.transactions()
    assert (paid["value_nano"], paid["comment"]) == ("1", None)


@pytest.mark.parametrize("amount", ["", "0", "-1", "1e3", "0.0000000001", "много"])
async def test_the_wallet_refuses_an_amount_that_is_none(page: Page, world: World, amount: str) -> None:
    await page.get_by_test_id("wallet-open").click()
    await page.get_by_test_id("wallet-to").fill(world.merchant)
    await page.get_by_test_id("wallet-amount").fill(amount)
    await page.get_by_test_id("wallet-send").click()
    await expect(page.get_by_test_id("wallet-error")).to_be_visible()
    assert await world.transactions() == []


async def test_the_wallet_shows_why_the_chain_refused(page: Page) -> None:
    await page.get_by_test_id("wallet-open").click()
    await page.get_by_test_id("wallet-to").fill("nowhere")
    await page.get_by_test_id("wallet-amount").fill("1")
    await page.get_by_test_id("wallet-send").click()
    await expect(page.get_by_test_id("wallet-error")).not_to_be_empty()


async def test_a_deep_link_opens_as_a_friend_who_presses_start(page: Page, world: World) -> None:
    await start(page)
    await world.say(NINA, "Ваша ссылка: https://t.me/orbit_sandbox_bot?start=ref_1001")
    await page.get_by_role("link", name="https://t.me/orbit_sandbox_bot?start=ref_1001").click()
    await page.get_by_test_id("open-as-Max").click()
    await expect(page.get_by_test_id("person-Max")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_test_id("message")).to_have_text(re.compile("^/start ref_1001"))
    assert "Max: /start ref_1001" in await world.transcript(MAX)


async def test_a_shared_link_can_be_sent_to_a_friend(page: Page, world: World) -> None:
    await start(page)
    shared = "https://t.me/share/url?url=https%3A%2F%2Ft.me%2Forbit_sandbox_bot%3Fstart%3Dref_1001&text=Попробуй"
    await world.say(NINA, "Пригласите друга", [link("Поделиться", shared)])
    await key(page, "Поделиться").click()
    await expect(page.get_by_test_id("share-text")).to_have_text("Попробуй")
    await expect(page.get_by_test_id("send-to-Nina")).to_have_count(0)
    await page.get_by_test_id("send-to-Max").click()
    await expect(page.get_by_test_id("message")).to_have_text(re.compile("^/start ref_1001"))


async def test_a_foreign_link_is_named_and_not_opened(page: Page, world: World, context: BrowserContext) -> None:
    await start(page)
    await world.say(NINA, "help", [link("Инструкция", "https://orbit.example/help")])
    await key(page, "Инструкция").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("https://orbit.example/help")
    assert context.pages == [page]


async def test_a_link_of_this_machine_opens_in_a_tab(page: Page, world: World, context: BrowserContext) -> None:
    await start(page)
    await world.say(NINA, f'<a href="{world.url}/world">подписка</a>')
    async with context.expect_page() as opened:
        await page.get_by_role("link", name="подписка").click()
    assert (await opened.value).url == f"{world.url}/world"


async def test_copy_buttons_copy(page: Page, world: World, context: BrowserContext) -> None:
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=world.url)
    await start(page)
    await world.say(NINA, "ключ", [{"text": "Скопировать", "copy_text": {"text": "https://sub.example/s/abc"}}])
    await key(page, "Скопировать").click()
    await expect(page.get_by_test_id("toast")).to_have_text("Copied to the clipboard")
    assert await page.evaluate("navigator.clipboard.readText()") == "https://sub.example/s/abc"


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
