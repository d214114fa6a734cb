"""A customer pays by card, against a real bot process that is told at once, and an operator gives the money back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from tests.support.town import Town, town

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.person import Person

pytestmark = pytest.mark.slow


async def test_a_card_payment_is_credited_by_its_news_or_by_asking_and_is_given_back(tmp_path: Path) -> None:
    # So long between two questions that only the news, or the customer's own question, can have brought the money.
    async with town(tmp_path, webhook=True, PAYMENT_POLL_SECONDS="600") as place:
        nina = await place.person(501, "Nina")
        await nina.start()
        await nina.press("В меню")
        await pays(place, await opens(nina, "150"))
        await nina.press("Я оплатил")
        await nina.sees("Баланс пополнен на 150")
        shown = await place.operator("webhooks")
        (url,) = re.findall(r"http://\S+/payments/yookassa/[0-9a-f]{32}", shown)
        await place.post(f"{place.world.yookassa_url}/sim/webhook", {"url": url, "copies": 3})
        await nina.press("В меню")
        charge = await opens(nina, "400")
        await pays(place, charge)
        await nina.sees("Баланс пополнен на 400")
        assert "refunded" in await place.operator("refund", "yookassa", charge)
        await nina.sees("Возврат 400")
        await place.audit()
        log = (tmp_path / "bot.log").read_text()
        assert url.rpartition("/")[2] not in log
        assert place.world.shop.secret_key not in log


async def opens(nina: Person, rubles: str) -> str:
    await nina.press("Баланс")
    await nina.press("Пополнить")
    await nina.press("Банковская карта / СБП")
    await nina.press(rubles)
    invoice = await nina.sees("Способ: Банковская карта")
    (link,) = [button["url"] for row in invoice["buttons"] for button in row if button["kind"] == "url"]
    return URL(link).query["orderId"]


async def pays(place: Town, payment: str) -> None:
    await place.post(f"{place.world.yookassa_url}/sim/pay", {"payment_id": payment, "method": "sbp"})
