"""The message of a TON invoice, whose picture is a code to pay by, shows its end in picture, words and buttons."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from aiogram.types import BufferedInputFile

from app.core.notices import Notifier
from app.core.screens import codes
from app.core.screens.pictures import closed_invoice
from tests.support.books import NOW, Books
from tests.support.bot_world import bot_world
from tests.support.office import Fixed

if TYPE_CHECKING:
    from app.repo.db import Database
    from app.utils.redis import Cache


@pytest.mark.parametrize("end", ["paid", "expired"])
async def test_the_code_of_a_closed_invoice_can_be_scanned_no_more(
    database: Database, cache: Cache, end: str
) -> None:
    books = Books(database, cache)
    async with bot_world() as world:
        ann, bot = await world.person("Ann"), world.bot()
        await books.arrive(ann)
        invoice = await books.invoice(ann)
        code = BufferedInputFile(codes.bare("ton://transfer"), "qr.png")
        message = await bot.send_photo(ann, code, caption="pay")
        await books.payments.attach_message(invoice.id, message.message_id)
        if end == "paid":
            await books.settle(books.transfer(invoice))
        else:
            await books.scanned(NOW + timedelta(hours=1))
        clock = Fixed(NOW + timedelta(hours=1))
        # No notice here is about a config, so there are none to ask for.
        await Notifier(bot, books.notices, cast("Any", None), clock).run_once()
        chat = await world.seen(f"chat?person={ann}")
        shown = next(each for each in chat["messages"] if each["id"] == message.message_id)
        async with world.http.get(shown["photo"]) as answer:
            assert await answer.read() == closed_invoice(end)
    await books.are_right()
