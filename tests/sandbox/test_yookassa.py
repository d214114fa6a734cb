"""The YooKassa emulator: it refuses what the real one refuses, keeps to its keys, and tells until it is heard."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import BasicAuth, ClientSession, web

from sandbox.clock import SandboxClock
from sandbox.serve import Server
from sandbox.yookassa import Shop, create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WISH: dict[str, Any] = {
    "amount": {"value": "500.00", "currency": "RUB"},
    "capture": True,
    "confirmation": {"type": "redirect", "return_url": "https://t.me/bot"},
}


class YooKassa:
    """The emulator and a client of it."""

    def __init__(self, shop: Shop, http: ClientSession) -> None:
        self.shop = shop
        self.http = http
        self.auth: BasicAuth | None = BasicAuth("100500", "test_key")

    async def post(self, path: str, body: object, key: str | None = "k") -> tuple[int, Any]:
        headers = {} if key is None else {"Idempotence-Key": key}
        async with self.http.post(path, json=body, headers=headers, auth=self.auth) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        async with self.http.get(path, params=query, auth=self.auth) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def kassa() -> AsyncIterator[YooKassa]:
    shop = Shop(SandboxClock(), "100500", "test_key")
    server = Server(create_app(shop))
    async with ClientSession(await server.start()) as http:
        yield YooKassa(shop, http)
    await server.stop()


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"amount": {"value": 500, "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "500", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "0.00", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "500.00", "currency": "USD"}}, "amount.currency"),
        ({"confirmation": {"type": "redirect"}}, "confirmation.return_url"),
        ({"confirmation": None}, "confirmation"),
        ({"description": "x" * 129}, "description"),
        ({"metadata": {"k": 1}}, "metadata"),
        ({"metadata": {"k": "x" * 513}}, "metadata"),
        ({"receipt": {"items": []}}, "receipt.customer"),
        ({"receipt": {"customer": {"email": "a@b.c"}, "items": []}}, "receipt.items"),
        ({"unheard_of": 1}, "unheard_of"),
    ],
)
async def test_a_payment_that_the_real_one_would_not_make_is_refused(
    kassa: YooKassa, changes: dict[str, object], parameter: str
) -> None:
    status, answer = await kassa.post("/v3/payments", WISH | changes)
    assert (status, answer["type"], answer["code"], answer["parameter"]) == (400, "error", "invalid_request", parameter)


async def test_nothing_is_done_without_the_shops_key_or_a_key_of_the_request(kassa: YooKassa) -> None:
    for key in (None, "", "k" * 65):
        status, answer = await kassa.post("/v3/payments", WISH, key)
        assert (status, answer["parameter"]) == (400, "Idempotence-Key")
    for auth in (None, BasicAuth("100500", "other")):
        kassa.auth = auth
        status, answer = await kassa.post("/v3/payments", WISH)
        assert (status, answer["code"]) == (401, "invalid_credentials")
    assert kassa.shop.payments == {}


async def test_a_key_makes_one_payment_for_a_day_and_none_of_another_wish(kassa: YooKassa) -> None:
    _, first = await kassa.post("/v3/payments", WISH)
    assert (await kassa.post("/v3/payments", WISH))[1]["id"] == first["id"]
    status, answer = await kassa.post("/v3/payments", WISH | {"description": "other"})
    assert (status, answer["parameter"]) == (400, "Idempotence-Key")
    kassa.shop.clock.advance(24 * 3600)
    assert (await kassa.post("/v3/payments", WISH))[1]["id"] != first["id"]


async def test_a_payment_nobody_confirms_is_canceled_after_an_hour(kassa: YooKassa) -> None:
    _, made = await kassa.post("/v3/payments", WISH)
    assert (made["status"], made["paid"], "confirmation_url" in made["confirmation"]) == ("pending", False, True)
    kassa.shop.clock.advance(3600)
    _, ended = await kassa.get(f"/v3/payments/{made['id']}")
    assert (ended["status"], ended["cancellation_details"]["reason"]) == ("canceled", "expired_on_confirmation")


async def test_refunds_go_up_to_what_was_paid(kassa: YooKassa) -> None:
    _, made = await kassa.post("/v3/payments", WISH)
    wish = {"payment_id": made["id"], "amount": {"value": "300.00", "currency": "RUB"}}
    assert (await kassa.post("/v3/refunds", wish, "r0"))[0] == 400
    kassa.shop.pay(made["id"], "sbp")
    assert (await kassa.post("/v3/refunds", wish, "r1"))[1]["status"] == "succeeded"
    assert (await kassa.post("/v3/refunds", wish, "r2"))[0] == 400
    _, paid = await kassa.get(f"/v3/payments/{made['id']}")
    assert (paid["status"], paid["refunded_amount"]["value"], paid["refundable"]) == ("succeeded", "300.00", True)


async def test_lists_come_newest_first_in_pages(kassa: YooKassa) -> None:
    made = [(await kassa.post("/v3/payments", WISH, f"k{number}"))[1]["id"] for number in range(5)]
    _, first = await kassa.get("/v3/payments", limit="2")
    _, second = await kassa.get("/v3/payments", limit="3", cursor=first["next_cursor"])
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert "next_cursor" not in second
    assert (await kassa.get("/v3/payments", limit="101"))[0] == 400
    assert (await kassa.get("/v3/payments", cursor="lost"))[0] == 400
    assert (await kassa.get("/v3/payments/none"))[1]["code"] == "not_found"


async def test_a_notification_is_brought_again_until_it_is_taken(kassa: YooKassa) -> None:
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answers = [500, 200]

    async def listen(request: web.Request) -> web.Response:
        heard.put_nowait(json.loads(await request.read()))
        return web.Response(status=answers.pop(0))

    app = web.Application()
    app.router.add_post("/", listen)
    listener = Server(app)
    url = await listener.start()
    await kassa.post("/sim/webhook", {"url": url})
    _, made = await kassa.post("/v3/payments", WISH)
    kassa.shop.pay(made["id"], "bank_card")
    told = [await asyncio.wait_for(heard.get(), 60) for _ in range(2)]
    assert [(each["type"], each["event"]) for each in told] == [("notification", "payment.succeeded")] * 2
    assert told[0]["object"]["id"] == made["id"]
    await listener.stop()
