from __future__ import annotations

import asyncio
import json
import traceback
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiogram import Dispatcher
from aiogram.types import Message
from structlog.processors import format_exc_info
from structlog.testing import capture_logs

from app.core.bot import make_bot
from app.core.intake import Intake
from app.core.lanes import Lanes
from app.core.outgoing import OutgoingPolicy
from app.jobs.supervisor import Supervisor
from tests.support.bot_world import SECRET_PART, FakeTime, settings_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiogram import Bot


# Each makes aiohttp or a decoder raise something else, most of which quotes the URL or the answer.
ANSWERS = {
    "no_http": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "bad_header": b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
    "cut_short": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
    "bad_chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "redirect_to_nowhere": b"HTTP/1.1 302 Found\r\nLocation: http://\r\nContent-Length: 0\r\n\r\n",
    "redirect_to_itself": b"HTTP/1.1 307 Go\r\nLocation: /bot%s/again\r\nContent-Length: 0\r\n\r\n",
    "no_json": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<private>",
    "no_text": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\n\xff\xfe",
    "wrong_shape": b'HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n{"ok": true, "result": "private"}',
    "more_than_announced": b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{"ok": true, "result": "private"}',
    "nothing": b"",
}


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[Bot]:
    """A bot whose Telegram says just this to every request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.replace(b"%s", SECRET_PART.encode()))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bot = make_bot(settings_for(f"http://127.0.0.1:{port}"), FakeTime().policy())
    yield bot
    await bot.session.close()
    server.close()


def chain_of(error: BaseException) -> str:
    """Everything that a logger could make of an error, suppressed contexts included."""
    shown = traceback.format_exception(error)
    seen: BaseException | None = error
    while seen is not None:
        shown += [str(seen), repr(seen), repr(seen.args)]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(shown)


@pytest.mark.parametrize("name", ANSWERS)
async def test_no_error_holds_the_token_or_the_answer(name: str) -> None:
    async with answering(ANSWERS[name]) as bot:
        with capture_logs() as logs, pytest.raises(Exception) as caught:
            await bot.get_me()
    shown = chain_of(caught.value) + json.dumps(logs, default=str)
    assert SECRET_PART not in shown
    assert "private" not in shown


async def test_an_unreachable_telegram_does_not_show_the_token() -> None:
    bot = make_bot(settings_for("http://127.0.0.1:9"), FakeTime().policy())
    with pytest.raises(Exception) as caught:
        await bot.get_me()
    await bot.session.close()
    assert SECRET_PART not in chain_of(caught.value)


async def test_a_handler_that_fails_on_the_network_logs_no_token() -> None:
    supervisor = Supervisor()
    async with answering(ANSWERS["no_http"]) as bot:
        dispatcher = Dispatcher()

        @dispatcher.message()
        async def reply(message: Message) -> None:
            await message.answer("hello")

        intake = Intake(bot, dispatcher, Lanes(supervisor.spawn))
        chat = {"id": 7, "type": "private", "first_name": "Ann"}
        raw = {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": chat, "text": "private"}}
        with capture_logs(processors=[format_exc_info]) as logs:
            await (await intake.accept(raw))
    await supervisor.stop(1)
    (failed,) = [line for line in logs if line["event"] == "update_failed"]
    assert "TelegramNetworkError" in failed["exception"]
    assert SECRET_PART not in json.dumps(logs, default=str)


async def test_the_bot_and_its_settings_do_not_show_the_token() -> None:
    settings = settings_for("http://127.0.0.1:9")
    bot = make_bot(settings, OutgoingPolicy())
    assert SECRET_PART not in f"{bot!r} {bot} {settings!r} {settings}"
    await bot.session.close()
