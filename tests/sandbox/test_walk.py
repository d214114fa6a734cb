"""The whole way of a customer, over HTTP, against a real bot process: by polling and by webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.town import Town, town

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.person import Person


@pytest.mark.slow
@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_from_start_to_a_working_config_paid_with_ton_and_a_friend_who_brings_a_bonus(
    tmp_path: Path, webhook: bool
) -> None:
    async with town(tmp_path, webhook=webhook) as place:
        nina = await place.person(501, "Nina <b>&")
        await meets_the_shop(nina)
        await gets_a_config(place, nina)
        await tops_up(place, nina, "400")
        await buys_three_months(place, nina)
        link = await shares_the_link(nina)

        max_ = await place.person(502, "Max", "en")
        await max_.start(link.partition("start=")[2])
        await max_.sees("Your free trial has started")
        await tops_up_in_english(place, max_)
        await nina.sees("+50")

        await nina.press("В меню")
        await nina.press("Настройки")
        await nina.press("English")
        await nina.sees("Settings")
        await deletes_the_config(place, nina)
        await place.audit()


async def meets_the_shop(nina: Person) -> None:
    await nina.start()
    welcome = await nina.sees("Пробный период уже включён")
    assert "7 дней" in welcome["text"]
    assert "Nina <b>&" in welcome["text"]


async def gets_a_config(place: Town, nina: Person) -> None:
    await nina.press("В меню")
    await nina.press("Мой VPN")
    await nina.press("Создать конфиг")
    config = await nina.sees("Ссылка для приложения")
    assert config["photo"]
    (user,) = (await place.panel_users()).values()
    assert user["status"] == "active"
    async with place.http.get(next(word for word in config["text"].split() if word.startswith("http"))) as answer:
        assert answer.status == 200
    await nina.press("Назад")
    await nina.sees("Выберите конфиг")


async def tops_up(place: Town, nina: Person, rubles: str) -> None:
    await nina.press("Назад")
    await nina.press("Баланс")
    await nina.press("Пополнить")
    await nina.press("GRAM (TON)")
    await nina.sees("Выберите сумму")
    await nina.says(rubles)
    await place.pays(await nina.sees("с комментарием"))
    await nina.sees("Баланс пополнен на 400")


async def buys_three_months(place: Town, nina: Person) -> None:
    (before,) = (await place.panel_users()).values()
    await nina.press("Купить подписку")
    await nina.press("3 месяца")
    await nina.press("Купить за 349")
    await nina.sees("Осталось на балансе: 51")
    ends = before["expire"] + 90 * 86400

    async def moved() -> bool:
        (user,) = (await place.panel_users()).values()
        return bool(user["expire"] == ends)

    await place.eventually(moved)


async def shares_the_link(nina: Person) -> str:
    await nina.press("В меню")
    await nina.press("Пригласить друга")
    invitation = await nina.sees("Ваша ссылка")
    await nina.press("Назад")
    await nina.sees("Подписка активна")
    words: list[str] = invitation["text"].split()
    return next(word for word in words if word.startswith("https://t.me/"))


async def tops_up_in_english(place: Town, friend: Person) -> None:
    await friend.press("To the menu")
    await friend.press("Balance")
    await friend.press("Top up")
    await friend.press("GRAM (TON)")
    await friend.press("150")
    await place.pays(await friend.sees("with the comment"), wallet="Max")
    await friend.sees("Your balance is topped up by 150")


async def deletes_the_config(place: Town, nina: Person) -> None:
    await nina.press("Back")
    await nina.press("My VPN")
    await nina.press("VPN 1")
    await nina.press("Delete")
    await nina.press("Yes, delete")
    await nina.sees("You have no config yet")

    async def gone() -> bool:
        return await place.panel_users() == {}

    await place.eventually(gone)
