"""Updates that carry money: kept before they are acknowledged, handled whatever fails, a checkout answered in time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiogram.types import Update
from sqlalchemy import make_url, text

from app.core.money_updates import money_update_of
from app.domain.money import Money
from app.repo.db import Database, make_engine
from tests.support.bot_world import until
from tests.support.star_shop import StarShop, star_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from app.utils.redis import Cache


@pytest.fixture
async def shop(database: Database, cache: Cache, tmp_path: Path) -> AsyncIterator[StarShop]:
    async with star_shop(database, cache, tmp_path) as shop:
        yield shop
        await shop.audit()


@asynccontextmanager
async def gone_database() -> AsyncIterator[Database]:
    """A database behind a closed door."""
    database = Database(make_engine(make_url("postgresql+asyncpg://orbit:x@127.0.0.1:1/orbit"), 2))
    yield database
    await database.close()


@asynccontextmanager
async def hanging_database() -> AsyncIterator[Database]:
    """A database that takes connections and says nothing."""
    ended = asyncio.Event()

    async def silence(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = Database(make_engine(make_url(f"postgresql+asyncpg://orbit:x@127.0.0.1:{port}/orbit"), 2))
    yield database
    ended.set()
    await database.close()
    server.close()
    await server.wait_closed()


@pytest.fixture
async def gone() -> AsyncIterator[Database]:
    async with gone_database() as database:
        yield database


@pytest.mark.parametrize("broken", [gone_database, hanging_database])
async def test_without_a_database_a_checkout_is_refused_in_words_and_in_time(
    database: Database, cache: Cache, tmp_path: Path, broken: Callable[[], AbstractAsyncContextManager[Database]]
) -> None:
    async with broken() as books, star_shop(database, cache, tmp_path, books) as shop:
        shop.listen()
        ann = await shop.customer()
        done = await shop.pays(ann, await shop.invoice(ann))
        # The emulator gives a bot its 10 seconds: words of ours mean that it answered within them.
        assert done["paid"] is False
        assert "distracted" in done["error"]


async def test_a_charge_that_can_not_be_kept_is_not_acknowledged(
    shop: StarShop, database: Database, cache: Cache, tmp_path: Path, gone: Database
) -> None:
    ann = await shop.customer()
    raw = await charged(shop, ann)
    shop.kept.database = gone
    refused = await shop.intake.accept(raw)
    assert refused.cancelled()
    shop.kept.database = database
    await (await shop.intake.accept(raw))
    assert await shop.balance(ann) == Money.rub(150)


async def test_a_charge_whose_handling_fails_stays_due_and_is_taken_up_again(
    shop: StarShop, database: Database, gone: Database
) -> None:
    ann = await shop.customer()
    raw = await charged(shop, ann)
    store = shop.receipts._store  # the test takes the receipts' database away and gives it back
    store.database = gone  # type: ignore[attr-defined]  # the real repository has one
    await (await shop.intake.accept(raw))
    assert await shop.unhandled() == 1
    assert await shop.balance(ann) == Money.rub(0)
    await shop.desk.handle_due()
    assert await shop.unhandled() == 1
    store.database = database  # type: ignore[attr-defined]  # the same
    shop.clock.advance(11)
    await shop.desk.handle_due()
    assert await shop.unhandled() == 0
    assert await shop.balance(ann) == Money.rub(150)


async def test_one_that_fails_comes_later_each_time_and_holds_up_no_other(
    shop: StarShop, database: Database, gone: Database
) -> None:
    ann = await shop.customer()
    store = shop.receipts._store  # the test takes the receipts' database away
    store.database = gone  # type: ignore[attr-defined]  # the real repository has one
    await (await shop.intake.accept(await charged(shop, ann)))
    waits = []
    for _ in range(4):
        shop.clock.advance(700)
        asked_at = shop.now()
        await shop.desk.handle_due()
        rows = await database.run(text("SELECT next_attempt_at FROM money_updates"))
        waits.append(round((rows[0].next_attempt_at - asked_at).total_seconds()))
    assert waits == [5, 10, 20, 40]
    store.database = database  # type: ignore[attr-defined]  # the same
    await (await shop.intake.accept(await charged(shop, ann)))
    assert await shop.balance(ann) == Money.rub(150)
    shop.clock.advance(700)
    await shop.desk.handle_due()
    assert await shop.balance(ann) == Money.rub(300)


async def test_a_process_that_dies_after_the_acknowledgement_leaves_the_charge_to_the_next(shop: StarShop) -> None:
    ann = await shop.customer()
    raw = await charged(shop, ann)
    # Kept and acknowledged, and there the process ends: nothing of it runs any more.
    update = await kept_only(shop, raw)
    assert update
    shop.clock.advance(11)
    await shop.desk.handle_due()
    assert await shop.balance(ann) == Money.rub(150)
    await shop.again(raw)
    assert await shop.balance(ann) == Money.rub(150)


@pytest.mark.parametrize("oddity", ["\0", "\\u0000", "\ud800", "x" * 4000])
async def test_an_odd_payload_stops_neither_the_stream_nor_the_money(shop: StarShop, oddity: str) -> None:
    ann = await shop.customer()
    raw = await charged(shop, ann)
    raw["message"]["successful_payment"]["invoice_payload"] = oddity
    await (await shop.intake.accept(raw))
    assert await shop.unhandled() == 0
    assert await shop.balance(ann) == Money.rub("151.20")


async def test_a_charge_in_another_currency_waits_for_the_operator(shop: StarShop) -> None:
    ann = await shop.customer()
    raw = await charged(shop, ann)
    raw["message"]["successful_payment"]["currency"] = "RUB"
    await (await shop.intake.accept(raw))
    (listed,) = await shop.refunds.charges(10)
    assert (listed.asset, listed.credited) == ("RUB", None)


async def test_a_banned_person_and_a_slow_screen_hold_up_no_money(shop: StarShop, database: Database) -> None:
    ann = await shop.customer()
    raw = await charged(shop, ann)
    await database.run(text("UPDATE users SET is_banned = true"))
    release = asyncio.Event()
    slow = await shop.intake._lanes.put(ann, release.wait)  # the person's lane is busy with a screen
    await (await shop.intake.accept(raw))
    assert await shop.balance(ann) == Money.rub(150)
    assert not slow.done()
    release.set()


async def test_what_was_handled_is_forgotten_after_a_month(shop: StarShop, database: Database) -> None:
    ann = await shop.customer()
    await (await shop.intake.accept(await charged(shop, ann)))
    await shop.desk.forget()
    shop.clock.advance(31 * 86_400)
    await shop.desk.forget()
    rows = await database.run(text("SELECT count(*) AS n FROM money_updates"))
    assert rows[0].n == 0


async def charged(shop: StarShop, person: int) -> dict[str, dict[str, dict[str, object]]]:
    """The update of a charge that this test delivers by itself."""
    invoice = await shop.invoice(person)
    async with asyncio.TaskGroup() as tasks:
        payment = tasks.create_task(shop.pays(person, invoice))
        await until(lambda: shop.world.telegram.checkouts)
        await shop.bot.answer_pre_checkout_query(next(iter(shop.world.telegram.checkouts)), ok=True)
    assert payment.result()["paid"]
    raw = shop.world.telegram.updates.first(100)[-1].body
    shop.world.telegram.updates.clear()
    return raw  # type: ignore[return-value]  # an update with a message in it


async def kept_only(shop: StarShop, raw: object) -> bool:
    """Store the update as the intake does, and stop before it is handled."""

    update = money_update_of(Update.model_validate(raw))
    assert update is not None
    return await shop.desk.keep(update)
