"""The whole way of a customer by mouse in a browser, over a sandbox as `./orbit sandbox` runs it, a real bot in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from sandbox.stage import running
from tests.support.visitor import DESK, PHONE, Visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def visitor(browser: Browser, tmp_path: Path) -> AsyncIterator[Visitor]:
    """A visitor with a phone; whatever is pressed, the page asks this machine only and throws nothing."""
    asked: list[str] = []
    broken: list[str] = []
    async with running(tmp_path, 0, lambda _line: None) as shown, await browser.new_context(viewport=PHONE) as context:
        context.on("request", lambda request: asked.append(request.url))
        page = await context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        await page.goto(shown.url)
        yield Visitor(page)
    assert {urlsplit(url).hostname for url in asked} == {"127.0.0.1"}
    assert not broken


async def test_from_start_to_a_working_config_paid_with_ton_and_a_friend_who_brings_a_bonus(visitor: Visitor) -> None:
    nina = visitor
    await meets_the_shop(nina)
    await gets_a_config(nina)
    days = await days_on_the_panel(nina)
    await tops_up_by_typing(nina, "400")
    await buys_three_months(nina)
    await nina.page.set_viewport_size(DESK)
    assert await days_on_the_panel(nina) == days + 90

    await nina.presses("В меню", then="Подписка активна")
    await nina.presses("Пригласить друга", then="Ваша ссылка")
    await nina.shares_with("Max", "Поделиться")
    max_ = visitor
    await max_.sees("Привет, Max")
    await tops_up_by_button(max_, "150")

    await visitor.becomes("Nina")
    await nina.sees("+50")
    await switches_to_english(nina)
    await nina.sees("101 ₽")
    await deletes_the_config(nina)


async def meets_the_shop(nina: Visitor) -> None:
    await nina.starts()
    await expect(await nina.sees("Пробный период уже включён")).to_contain_text("7 дней")


async def gets_a_config(nina: Visitor) -> None:
    await nina.presses("В меню", then="Баланс: 0 ₽")
    await nina.presses("Мой VPN", then="Конфига пока нет")
    config = await nina.presses("Создать конфиг", then="Ссылка для приложения")
    qr = config.get_by_test_id("qr")
    await expect(qr).to_be_visible()
    assert await qr.evaluate("image => image.complete && image.naturalWidth === image.naturalHeight")
    await expect(config).to_contain_text(re.compile(r"http://127\.0\.0\.1:\d+/sub/\S+"))
    page = await nina.opens("Подключить")
    await expect(page.get_by_test_id("status")).to_contain_text("7 дней")
    await page.close()
    await nina.presses("Назад", then="Выберите конфиг")
    await nina.presses("Назад", then="Баланс: 0 ₽")


async def days_on_the_panel(visitor: Visitor) -> int:
    """How long the only config still works, as its panel has it."""
    user = visitor.panel_users()
    await visitor.opens_the_world()
    await expect(user).to_be_visible()
    await expect(user).to_contain_text("active")
    left = re.search(r"(\d+) d left", await user.text_content() or "")
    assert left
    await visitor.closes_the_world()
    return int(left[1])


async def tops_up_by_typing(nina: Visitor, rubles: str) -> None:
    await nina.presses("Баланс", then="С баланса вы оплачиваете")
    await nina.presses("Пополнить", then="Как вам удобнее")
    await nina.presses("GRAM (TON)", then="напишите свою")
    await nina.says(rubles)
    await nina.sees("с комментарием")
    await nina.pays()
    await nina.sees(f"Баланс пополнен на {rubles} ₽")


async def buys_three_months(nina: Visitor) -> None:
    await nina.presses("Купить подписку", then="Новые дни прибавятся")
    await nina.presses("3 месяца", then="3 конфига одновременно")
    await nina.presses("Купить за 349 ₽", then="Осталось на балансе: 51 ₽")
    await nina.opens_the_world()
    await expect(nina.panel_users()).to_contain_text(re.compile(r"\b9\d d left"))
    await nina.closes_the_world()


async def tops_up_by_button(friend: Visitor, rubles: str) -> None:
    await friend.presses("В меню", then="Баланс: ")
    await friend.presses("Баланс", then="С баланса вы оплачиваете")
    await friend.presses("Пополнить", then="Как вам удобнее")
    await friend.presses("GRAM (TON)", then="Выберите сумму")
    await friend.presses(rubles, then="с комментарием")
    await friend.pays()
    await friend.sees(f"Баланс пополнен на {rubles} ₽")


async def switches_to_english(nina: Visitor) -> None:
    await nina.presses("В меню", then="Подписка активна")
    await nina.presses("Настройки", then="Язык")
    await nina.presses("English", then="Language: English")
    await nina.presses("Back", then="Subscription active")


async def deletes_the_config(nina: Visitor) -> None:
    await nina.presses("My VPN", then="Choose a config")
    await nina.presses("VPN 1", then="Link for the app")
    await nina.presses("Delete", then="Delete VPN 1?")
    await nina.presses("Yes, delete", then="You have no config yet")
    await expect(nina.panel_users()).to_have_count(0)
