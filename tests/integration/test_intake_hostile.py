from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from aiogram import Dispatcher
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, PreCheckoutQuery
from aiohttp import web
from structlog.testing import capture_logs

from app.core.bot import make_bot
from app.core.intake import Intake
from app.core.lanes import Lanes
from app.core.outgoing import OutgoingPolicy
from app.core.polling import Polling
from app.jobs.supervisor import Supervisor
from sandbox.serve import Server
from tests.support.bot_world import settings_for, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


PRIVATE = "what only Ann may read"


def user(person: int) -> dict[str, object]:
    return {"id": person, "is_bot": False, "first_name": "Ann"}


def message(update_id: int, text: str, person: int = 7) -> dict[str, Any]:
    chat = {"id": person, "type": "private", "first_name": "Ann"}
    body = {"message_id": 1, "date": int(time.time()), "chat": chat, "from": user(person), "text": text}
    return {"update_id": update_id, "message": body}


def malformed(update_id: int) -> dict[str, Any]:
    broken = message(update_id, PRIVATE)
    del broken["message"]["chat"]
    return broken


class RawBotApi:
    """A Bot API that knows getUpdates only and says whatever it was given, however wrong."""

    def __init__(self, updates: list[Any]) -> None:
        self.updates = updates

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/{bot}/{method}", self.serve)
        return app

    async def serve(self, request: web.Request) -> web.Response:
        asked = await request.post()
        if request.match_info["method"] != "getUpdates":
            return web.json_response({"ok": True, "result": True})
        offset = int(str(asked.get("offset", 0)))
        self.updates = [raw for raw in self.updates if not self._is_confirmed(raw, offset)]
        if not self.updates and "timeout" in asked:
            # A long poll with nothing to tell; the server ends it when it stops.
            await asyncio.Event().wait()
        return web.json_response({"ok": True, "result": self.updates})

    @staticmethod
    def _is_confirmed(raw: Any, offset: int) -> bool:
        update_id = raw.get("update_id", 0) if isinstance(raw, dict) else 0
        return int(update_id) < offset


class Edge:
    """An intake whose handlers write down what reached them."""

    def __init__(self, url: str = "http://127.0.0.1:9") -> None:
        self.handled: list[str] = []
        self.release = asyncio.Event()
        self.supervisor = Supervisor(first_delay=0.01)
        self.bot = make_bot(settings_for(url), OutgoingPolicy())
        dispatcher = Dispatcher()
        dispatcher.message()(self.on_message)
        dispatcher.callback_query()(self.on_click)
        dispatcher.pre_checkout_query()(self.on_checkout)
        dispatcher.my_chat_member()(self.on_member)
        self.intake = Intake(self.bot, dispatcher, Lanes(self.supervisor.spawn), remember=50)

    async def on_message(self, message: Message) -> None:
        if message.text == "slow":
            await self.release.wait()
        self.handled.append(message.text or "")

    async def on_click(self, _query: CallbackQuery) -> None:
        self.handled.append("click")

    async def on_checkout(self, _query: PreCheckoutQuery) -> None:
        self.handled.append("checkout")

    async def on_member(self, _change: ChatMemberUpdated) -> None:
        self.handled.append("member")

    async def close(self) -> None:
        await self.supervisor.stop(5)
        await self.bot.session.close()


class Always:
    """The lead of a process that is alone."""

    async def acquire(self) -> None:
        return

    async def still_leads(self) -> bool:
        return True

    async def release(self) -> None:
        return


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    edge = Edge()
    yield edge
    await edge.close()


async def test_malformed_updates_between_good_ones_do_not_stop_the_stream() -> None:
    unknown = {"update_id": 14, "telepathy": {"text": PRIVATE}}
    api = RawBotApi([message(10, "one"), malformed(11), "no update", {"no": "id"}, message(12, "two"), unknown])
    server = Server(api.app())
    edge = Edge(await server.start())
    polling = Polling(edge.bot, edge.intake, Always(), ["message"])
    with capture_logs() as logs:
        edge.supervisor.start("polling", polling.run)
        await until(lambda: not api.updates)
        api.updates = [message(900, "after a jump of ids")]
        await polling.stop(1)
        edge.supervisor = Supervisor()
    assert edge.handled == ["one", "two"]
    assert edge.intake.counts == {"update_malformed": 3, "update_unknown": 1}
    assert PRIVATE not in json.dumps(logs, default=str)
    await edge.close()
    await server.stop()


async def test_the_same_update_is_handled_once_even_while_it_is_in_hand(edge: Edge) -> None:
    first = await edge.intake.accept(message(1, "slow"))
    again = await edge.intake.accept(message(1, "slow"))
    assert not again.done()
    edge.release.set()
    await first
    await again
    await (await edge.intake.accept(message(1, "slow")))
    assert edge.handled == ["slow"]
    assert edge.intake.counts["update_duplicate"] == 2


async def test_fifty_copies_at_once_are_handled_once(edge: Edge) -> None:
    futures = await asyncio.gather(*(edge.intake.accept(message(1, "hello")) for _ in range(50)))
    await asyncio.wait(set(futures))
    assert edge.handled == ["hello"]


async def test_the_memory_of_updates_is_bounded_and_forgets_the_oldest(edge: Edge) -> None:
    for update_id in range(51):
        await (await edge.intake.accept(message(update_id, str(update_id))))
    await (await edge.intake.accept(message(50, "50")))
    await (await edge.intake.accept(message(0, "0")))
    assert len(edge.handled) == 52


async def test_everything_one_customer_does_shares_a_lane(edge: Edge) -> None:
    chat = {"id": 7, "type": "private", "first_name": "Ann"}
    member = {"user": user(1), "status": "member"}
    banned = {"user": user(1), "status": "kicked", "until_date": 0}
    change = {"chat": chat, "from": user(7), "date": 1, "old_chat_member": member, "new_chat_member": banned}
    checkout = {"id": "1", "from": user(7), "currency": "XTR", "total_amount": 1, "invoice_payload": "p"}
    await edge.intake.accept(message(1, "slow"))
    await edge.intake.accept({"update_id": 2, "callback_query": {"id": "1", "from": user(7), "chat_instance": "1"}})
    await edge.intake.accept({"update_id": 3, "pre_checkout_query": checkout})
    last = await edge.intake.accept({"update_id": 4, "my_chat_member": change})
    other = await edge.intake.accept(message(5, "another customer", person=8))
    await other
    assert edge.handled == ["another customer"]
    edge.release.set()
    await last
    assert edge.handled[1:] == ["slow", "click", "checkout", "member"]


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "text",
        {},
        {"update_id": "1"},
        {"update_id": True},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": []},
        {"update_id": 1, "message": {"from": None}},
        {"update_id": 1, "callback_query": {"id": "1", "from": None, "chat_instance": "1"}},
        {"update_id": 1, "message": json.loads("[" * 900 + "]" * 900)},
    ],
)
async def test_nonsense_is_counted_and_the_next_update_is_handled(edge: Edge, raw: object) -> None:
    refused = await edge.intake.accept(raw)
    assert refused.done()
    assert not refused.cancelled()
    assert sum(edge.intake.counts.values()) == 1
    await (await edge.intake.accept(message(2, "good")))
    assert edge.handled == ["good"]


async def test_half_a_character_reaches_the_handler_and_does_no_harm(edge: Edge) -> None:
    await (await edge.intake.accept(message(1, "\ud800")))
    assert edge.handled == ["\ud800"]


async def test_a_channel_post_without_an_author_reaches_no_handler_and_does_no_harm(edge: Edge) -> None:
    post = message(1, "news")["message"] | {"chat": {"id": -5, "type": "channel", "title": "c"}}
    del post["from"]
    await (await edge.intake.accept({"update_id": 1, "channel_post": post}))
    assert edge.handled == []
    assert edge.intake.counts == {}


async def test_after_drain_updates_are_left_for_the_next_start(edge: Edge) -> None:
    assert await edge.intake.drain(1) == 0
    assert edge.intake.stopping
    assert (await edge.intake.accept(message(1, "late"))).cancelled()
    assert edge.handled == []
