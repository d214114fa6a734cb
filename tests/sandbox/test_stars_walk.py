"""Paying with Stars against a real bot process, over HTTP: the way through, what is lost, a crash, a refund."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from app.domain.errors import StorageUnavailable
from app.stores import open_stores
from config import Settings
from tests.support.town import Town, town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.repo.db import Database
    from tests.support.person import Person

Json = dict[str, Any]

pytestmark = pytest.mark.slow


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Town]:
    async with town(tmp_path) as place:
        yield place


async def test_stars_are_paid_by_the_button_and_given_back_by_the_operator(place: Town) -> None:
    nina = await place.person(601, "Nina")
    await nina.start()
    await nina.press("В меню")
    invoice = await opens_an_invoice(nina)
    assert "112 ⭐" in invoice["text"]
    done = await pays(place, nina, invoice)
    assert done["paid"]
    await nina.sees("Баланс пополнен на 150")
    await nina.sees("Счёт оплачен")

    again = await pays(place, nina, invoice)
    assert "уже оплачен" in again["error"]
    assert done["charge_id"] in await place.operator("refund")

    assert "refunded" in await place.operator("refund", "stars", done["charge_id"])
    await nina.sees("Возврат 150")
    assert "refunded" in await place.operator("refund", "stars", done["charge_id"])
    assert (await pays(place, nina, invoice))["balance"] == 100_000
    await place.audit()


async def test_a_plan_that_is_paid_in_stars_is_there_at_once_without_another_press(place: Town) -> None:
    nina = await place.person(605, "Nina")
    await nina.start()
    for label in ("В меню", "Продлить подписку", "3 месяца", "Оплатить 349", "Telegram Stars"):
        await nina.press(label)
    invoice = await nina.sees("Подписка на 3 месяца · 349")
    assert (await pays(place, nina, invoice))["paid"]
    await nina.sees("Оплачено! Подписка на 3 месяца")
    assert not [message for message in await nina.messages() if "пополнен" in message["text"]]
    await place.audit()


async def test_the_commands_that_telegram_requires_answer_in_both_languages(place: Town) -> None:
    nina, max_ = await place.person(611, "Nina"), await place.person(612, "Max", "en")
    for person, words in ((nina, ("Вопросы об оплате", "Условия")), (max_, ("Questions about a payment", "Terms"))):
        await person.start()
        for command, answer in zip(("/paysupport", "/terms"), words, strict=True):
            await person.says(command)
            await person.sees(answer)


async def test_a_charge_that_no_update_told_of_is_credited_within_a_poll(place: Town) -> None:
    fault = {"match": "update:successful_payment", "action": "drop_before", "times": -1}
    await place.post(f"{place.world.telegram_url}/sim/faults", fault)
    nina = await place.person(621, "Nina")
    await nina.start()
    await nina.press("В меню")
    assert (await pays(place, nina, await opens_an_invoice(nina)))["paid"]
    await nina.sees("Баланс пополнен на 150")
    await place.audit()


async def test_a_cancelled_and_an_expired_invoice_are_refused_before_money_moves(place: Town) -> None:
    nina = await place.person(631, "Nina")
    await nina.start()
    await nina.press("В меню")
    invoice = await opens_an_invoice(nina)
    await nina.press("Отменить")
    await nina.sees("отменён")
    assert "закрыт или истёк" in (await pays(place, nina, invoice))["error"]
    await nina.press("В меню")
    invoice = await opens_an_invoice(nina)
    place.world.clock.advance(700)
    await nina.sees("истёк")
    assert "закрыт или истёк" in (await pays(place, nina, invoice))["error"]
    await place.audit()


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_a_bot_killed_between_the_acknowledgement_and_the_booking_books_once_after_it(
    tmp_path: Path, webhook: bool
) -> None:
    async with town(tmp_path, webhook=webhook) as place:
        nina = await place.person(641, "Nina")
        await nina.start()
        await nina.press("В меню")
        invoice = await opens_an_invoice(nina)
        async with held_receipts(place) as database:
            assert (await pays(place, nina, invoice))["paid"]

            async def acknowledged() -> bool:
                return len(place.world.telegram.updates) == 0 and await kept(database) == 1

            await place.eventually(acknowledged)
            place.bot.kill()
            await place.bot.wait()
        await place.bot.start()
        place.world.clock.advance(15)
        await nina.sees("Баланс пополнен на 150")
        await place.audit()


@asynccontextmanager
async def held_receipts(place: Town) -> AsyncIterator[Database]:
    """While this lasts nobody writes a receipt: a bot that tries stands right before the booking."""
    data = Path(place.bot_env["DATA_DIR"])
    stores = await open_stores(Settings(bot_token="1:holder", data_dir=data, redis_share_default=False), beside=True)
    try:
        # The bot's own PostgreSQL dies with the bot, and the lock with it.
        with suppress(StorageUnavailable):
            async with stores.database.transaction() as holder:
                await holder.execute(text("LOCK TABLE receipts IN SHARE ROW EXCLUSIVE MODE"))
                yield stores.database
    finally:
        await stores.close()


async def opens_an_invoice(nina: Person) -> Json:
    await nina.press("Баланс")
    await nina.press("Пополнить")
    await nina.press("Telegram Stars")
    await nina.press("150")
    return await nina.sees("Пополнение на 150")


async def pays(place: Town, nina: Person, invoice: Json) -> Json:
    links = [button["url"] for row in invoice["buttons"] for button in row if button["kind"] == "url"]
    return await place.post(f"{place.world.telegram_url}/sim/pay", {"person": nina.id, "link": links[0]})


async def kept(database: Database) -> int:
    rows = await database.run(
        text("SELECT count(*) AS n FROM money_updates WHERE body->>'kind' = 'paid' AND handled_at IS NULL")
    )
    return int(rows[0].n)
