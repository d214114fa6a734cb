from __future__ import annotations

import asyncio
import gzip
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiogram import Dispatcher
from aiogram.types import Message
from aiohttp import ClientSession
from pydantic import HttpUrl, SecretStr
from structlog.testing import capture_logs

from app.core.intake import Intake
from app.core.lanes import Lanes
from app.jobs.supervisor import Supervisor
from app.web.app import create_app
from app.web.server import WebServer
from app.web.telegram import TelegramDoor
from app.web.webhook import WebhookNotPossible, path_token, register, webhook_secret
from tests.support.bot_world import BotWorld, bot_world, settings_for, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


SECRET = "canary-of-the-webhook"
DERIVED = bytes(range(32))
HEADER = "X-Telegram-Bot-Api-Secret-Token"
DOOR = f"/telegram/{path_token(SECRET)}"
FAR = 3600.0


def message(update_id: int, text: str, person: int = 7) -> dict[str, object]:
    chat = {"id": person, "type": "private", "first_name": "Ann"}
    author = {"id": person, "is_bot": False, "first_name": "Ann"}
    body = {"message_id": 1, "date": 1, "chat": chat, "from": author, "text": text}
    return {"update_id": update_id, "message": body}


class Shop:
    """A process in webhook mode."""

    def __init__(self, world: BotWorld) -> None:
        self.texts: list[str] = []
        self.began: list[str] = []
        self.release = asyncio.Event()
        self.supervisor = Supervisor(first_delay=0.01)
        self.bot = world.bot()
        dispatcher = Dispatcher()
        dispatcher.message()(self.on_message)
        self.intake = Intake(self.bot, dispatcher, Lanes(self.supervisor.spawn))
        self.web: WebServer | None = None
        self.url = ""

    async def on_message(self, message: Message) -> None:
        text = message.text or ""
        self.began.append(text)
        if text == "slow":
            await self.release.wait()
        self.texts.append(text)

    def serve(self, patience: float = FAR) -> None:
        door = TelegramDoor(self.intake, SECRET, patience=patience)
        self.web = WebServer(create_app({}, door), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.web.bind()}"
        self.supervisor.start("web", self.web.run)

    async def register(self) -> None:
        settings = settings_for("http://127.0.0.1:9", webhook_url=HttpUrl(self.url))
        await register(self.bot, settings, SECRET, ["message"])

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[ClientSession]:
        async with ClientSession(self.url) as http:
            yield http


@pytest.fixture
async def world() -> AsyncIterator[BotWorld]:
    async with bot_world() as world:
        yield world


@pytest.fixture
async def shop(world: BotWorld) -> AsyncIterator[Shop]:
    shop = Shop(world)
    yield shop
    shop.release.set()
    if shop.web is not None:
        await shop.web.stop()
    await shop.supervisor.stop(5)


async def test_updates_arrive_by_webhook_in_order_and_those_that_waited_are_kept(world: BotWorld, shop: Shop) -> None:
    ann, bob = await world.person("Ann"), await world.person("Bob")
    await world.says(bob, "before")
    shop.serve(patience=0.0)
    await shop.register()
    await world.says(ann, "slow")
    for number in range(12):
        await world.says(bob, str(number))
    await until(lambda: len(shop.texts) == 13)
    assert shop.texts == ["before", *map(str, range(12))]
    shop.release.set()
    await until(lambda: "slow" in shop.texts and len(world.telegram.updates) == 0)


async def test_registration_names_secret_kinds_and_connections_and_logs_no_secret(world: BotWorld, shop: Shop) -> None:
    shop.serve()
    with capture_logs() as logs:
        await shop.register()
    hook = world.telegram.webhook.hook
    assert hook is not None
    assert hook.url == shop.url + DOOR
    assert hook.secret == SECRET
    assert world.telegram.updates.allowed == ["message"]
    assert SECRET not in json.dumps(logs)
    assert path_token(SECRET) not in json.dumps(logs)


async def test_the_answer_waits_for_the_handler_but_not_for_ever(shop: Shop) -> None:
    shop.serve(patience=FAR)
    headers = {HEADER: SECRET}
    async with shop.caller() as http, asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(http.post(DOOR, json=message(1, "slow"), headers=headers))
        await until(lambda: shop.began)
        assert not asked.done()
        shop.release.set()
    assert asked.result().status == 200
    assert shop.texts == ["slow"]


async def test_a_slow_handler_is_answered_for_after_the_patience(shop: Shop) -> None:
    shop.serve(patience=0.0)
    async with shop.caller() as http, http.post(DOOR, json=message(1, "slow"), headers={HEADER: SECRET}) as answer:
        assert answer.status == 200
    assert shop.texts == []


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(HEADER, "")],
        [(HEADER, "wrong")],
        [(HEADER, SECRET[:-1])],
        [(HEADER, SECRET + "x")],
        [(HEADER, SECRET.upper())],
        [(HEADER, "секрет")],
        [(HEADER, "x" * 10_000)],
        [(HEADER, SECRET), (HEADER, "wrong")],
        [("X-Forwarded-For", "149.154.167.220"), (HEADER, "wrong")],
    ],
)
async def test_who_does_not_know_the_secret_is_refused_before_the_body_is_read(
    shop: Shop, headers: list[tuple[str, str]]
) -> None:
    shop.serve()
    async with shop.caller() as http, http.post(DOOR, data=b"{broken", headers=headers) as answer:
        assert answer.status == 401
    assert shop.intake.counts == {}


async def test_a_wrong_path_or_method_is_not_found(shop: Shop) -> None:
    shop.serve()
    async with shop.caller() as http:
        for path in ("/telegram/", "/telegram/" + "0" * 32, "/telegram/%D1%8F", "/", DOOR + "/x"):
            async with http.post(path, json=message(1, "hello"), headers={HEADER: SECRET}) as answer:
                assert answer.status == 404
        async with http.get(DOOR, headers={HEADER: SECRET}) as answer:
            assert answer.status == 405
    assert shop.began == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{broken",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        gzip.compress(json.dumps(message(1, "hello")).encode()),
    ],
)
async def test_a_body_that_is_no_update_is_a_bad_request(shop: Shop, body: bytes) -> None:
    shop.serve()
    headers = {HEADER: SECRET, "Content-Type": "application/json"}
    async with shop.caller() as http, http.post(DOOR, data=body, headers=headers) as answer:
        assert answer.status == 400
    assert shop.began == []


async def test_a_body_over_a_mebibyte_is_too_large_announced_or_not(shop: Shop) -> None:
    shop.serve()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    async with shop.caller() as http:
        async with http.post(DOOR, data=b" " * 1_048_577, headers={HEADER: SECRET}) as announced:
            assert announced.status == 413
        async with http.post(DOOR, data=chunks(), headers={HEADER: SECRET}) as unannounced:
            assert unannounced.status == 413


async def test_a_malformed_update_is_taken_off_telegrams_hands(shop: Shop) -> None:
    shop.serve()
    async with shop.caller() as http:
        async with http.post(DOOR, json={"update_id": 1, "message": {}}, headers={HEADER: SECRET}) as answer:
            assert answer.status == 200
        async with http.post(DOOR, json=message(2, "good"), headers={HEADER: SECRET}) as answer:
            assert answer.status == 200
    assert shop.texts == ["good"]


async def test_copies_of_an_update_are_all_answered_and_handled_once(shop: Shop) -> None:
    shop.serve()
    async with shop.caller() as http, asyncio.TaskGroup() as tasks:
        asked = [
            tasks.create_task(http.post(DOOR, json=message(1, "hello"), headers={HEADER: SECRET})) for _ in range(20)
        ]
    assert {answer.result().status for answer in asked} == {200}
    assert shop.texts == ["hello"]


async def test_while_stopping_telegram_is_asked_to_come_again(shop: Shop) -> None:
    shop.serve()
    async with shop.caller() as http, asyncio.TaskGroup() as tasks:
        cut_off = tasks.create_task(http.post(DOOR, json=message(1, "slow"), headers={HEADER: SECRET}))
        await until(lambda: shop.began)
        assert await shop.intake.drain(0) == 1
        async with http.post(DOOR, json=message(2, "late"), headers={HEADER: SECRET}) as late:
            assert late.status == 503
    assert cut_off.result().status == 503


@pytest.mark.parametrize("given", ["контора", "tooshort", "x" * 257, "canary of the webhook", "канарейка-webhook"])
def test_a_given_secret_that_telegram_would_refuse_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(WebhookNotPossible, match="WEBHOOK_SECRET") as refusal:
        webhook_secret(SecretStr(given), DERIVED)
    assert given not in str(refusal.value)


def test_a_given_secret_wins_over_the_derived_one() -> None:
    assert webhook_secret(SecretStr(SECRET), DERIVED) == SECRET


async def test_a_door_without_a_secret_does_not_open(shop: Shop) -> None:
    with pytest.raises(ValueError, match="secret"):
        TelegramDoor(shop.intake, "")


async def test_a_secret_is_derived_from_the_key_and_fits_telegram(world: BotWorld, shop: Shop) -> None:
    shop.serve()
    secret = webhook_secret(None, DERIVED)
    assert secret == webhook_secret(None, DERIVED)
    assert secret != webhook_secret(None, bytes(32))
    settings = settings_for("http://127.0.0.1:9", webhook_url=HttpUrl(shop.url))
    await register(shop.bot, settings, secret, ["message"])
    assert world.telegram.webhook.hook is not None
    with pytest.raises(WebhookNotPossible, match="WEBHOOK_URL"):
        await register(shop.bot, settings_for("http://127.0.0.1:9"), secret, ["message"])
