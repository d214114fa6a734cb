"""A customer pays by CryptoBot, against a real bot process: found by asking, and brought by a webhook."""

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


async def test_a_payment_is_found_by_asking_and_a_cancelled_invoice_is_closed_there(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        nina = await place.person(501, "Nina")
        await nina.start()
        await nina.press("В меню")
        await pays(place, await opens(nina, "400"))
        await nina.sees("Баланс пополнен на 400")
        assert "WEBHOOK_URL is not set" in await place.operator("webhooks")
        await nina.press("В меню")
        await opens(nina, "400")
        await nina.press("Отменить")
        await nina.sees("отменён")
        assert len(place.world.till.invoices) == 1
        await place.audit()


async def test_a_webhook_to_the_address_that_the_operator_is_shown_credits_at_once(tmp_path: Path) -> None:
    # So long between two questions that only the webhook can have brought the news.
    async with town(tmp_path, webhook=True, PAYMENT_POLL_SECONDS="600") as place:
        shown = await place.operator("webhooks")
        (url,) = re.findall(r"http://\S+/payments/cryptobot/[0-9a-f]{32}", shown)
        await place.post(f"{place.world.cryptopay_url}/sim/webhook", {"url": url, "copies": 3})
        nina = await place.person(501, "Nina")
        await nina.start()
        await nina.press("В меню")
        await pays(place, await opens(nina, "150"))
        await nina.sees("Баланс пополнен на 150")
        await place.audit()
        assert url.rpartition("/")[2] not in (tmp_path / "bot.log").read_text()


async def opens(nina: Person, rubles: str) -> str:
    await nina.press("Баланс")
    await nina.press("Пополнить")
    await nina.press("CryptoBot")
    await nina.press(rubles)
    invoice = await nina.sees("Способ: CryptoBot")
    (link,) = [button["url"] for row in invoice["buttons"] for button in row if button["kind"] == "url"]
    return URL(link).query["start"]


async def pays(place: Town, invoice: str) -> None:
    await place.post(f"{place.world.cryptopay_url}/sim/pay", {"invoice_id": invoice, "asset": "TON"})
