"""How updates reach a bot by webhook: secret, order, retries, calls in the answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher
from aiogram.methods import SendMessage
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from sandbox.serve import Server
from sandbox.telegram.webhook import SECRET_HEADER
from tests.sandbox.bot_api import MAX, NINA, Json, Stage, stage


class Receiver:
    """A webhook that answers as scripted and keeps what came."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[tuple[str | None, Json]] = asyncio.Queue()
        self.failures = 0
        self.answer: Json = {}

    async def take(self, request: web.Request) -> web.Response:
        body: Json = await request.json()
        self.came.put_nowait((request.headers.get(SECRET_HEADER), body))
        if self.failures:
            self.failures -= 1
            return web.Response(status=500)
        return web.json_response(self.answer)

    async def text(self) -> str:
        _, body = await self.came.get()
        return str(body["message"]["text"])


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as ready:
        yield ready


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def hook(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    server = Server(app)
    yield f"{await server.start()}/hook"
    await server.stop()


async def test_updates_are_posted_with_the_secret(scene: Stage, receiver: Receiver, hook: str) -> None:
    await scene.act("message", person=NINA, text="waiting")
    await scene.bot.set_webhook(hook, secret_token="s3cret_-")
    secret, body = await receiver.came.get()
    assert secret == "s3cret_-"
    assert body["message"]["text"] == "waiting"
    await scene.act("message", person=NINA, text="new")
    assert await receiver.text() == "new"


async def test_a_refused_update_comes_again_before_the_next_of_that_person(
    scene: Stage, receiver: Receiver, hook: str
) -> None:
    receiver.failures = 2
    await scene.act("message", person=NINA, text="one")
    await scene.act("message", person=NINA, text="two")
    await scene.bot.set_webhook(hook)
    assert [await receiver.text() for _ in range(4)] == ["one", "one", "one", "two"]
    info = await scene.bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"


async def test_one_person_does_not_wait_for_another(scene: Stage, receiver: Receiver, hook: str) -> None:
    receiver.failures = 1
    await scene.act("message", person=NINA, text="nina")
    await scene.act("message", person=MAX, text="max")
    await scene.bot.set_webhook(hook)
    assert sorted([await receiver.text() for _ in range(3)]) in (["max", "max", "nina"], ["max", "nina", "nina"])


async def test_a_call_in_the_answer_is_carried_out(scene: Stage, receiver: Receiver, hook: str) -> None:
    receiver.answer = {"method": "sendMessage", "chat_id": NINA, "text": "from the answer"}
    await scene.bot.set_webhook(hook)
    async with scene.http.get("/sim/events", params={"person": NINA}) as news:
        await scene.act("message", person=NINA, text="hi")
        async for line in news.content:
            if b"from the answer" in line:
                break
    assert (await scene.shown())["text"] == "from the answer"


async def test_aiograms_own_webhook_is_served(scene: Stage) -> None:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> SendMessage:
        return message.answer(f"echo {message.text}")

    app = web.Application()
    bot = Bot(scene.bot.token, session=scene.bot.session)
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token="key").register(app, "/hook")
    server = Server(app)
    await scene.bot.set_webhook(f"{await server.start()}/hook", secret_token="key")
    async with scene.http.get("/sim/events", params={"person": NINA}) as news:
        await scene.act("message", person=NINA, text="hi")
        async for line in news.content:
            if b"echo hi" in line:
                break
    await scene.bot.delete_webhook()
    await server.stop()


async def test_deleting_the_webhook_keeps_what_waits(scene: Stage, receiver: Receiver, hook: str) -> None:
    receiver.failures = 1_000
    await scene.bot.set_webhook(hook)
    await scene.act("message", person=NINA, text="kept")
    await receiver.came.get()
    await scene.bot.delete_webhook()
    assert [update["message"]["text"] for update in await scene.drained()] == ["kept"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "http://example.com/hook"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.com:8080/"}, "ports 80, 88, 443 or 8443"),
        ({"url": "https://example.com/", "secret_token": "пароль"}, "secret token contains unallowed characters"),
        ({"url": "https://example.com/", "secret_token": "x" * 257}, "secret token is too long"),
        ({"url": "https://example.com/", "max_connections": 101}, "max_connections must be 1-100"),
    ],
)
async def test_a_bad_webhook_is_refused(scene: Stage, params: Json, words: str) -> None:
    assert words in await scene.refusal("setWebhook", **params)
