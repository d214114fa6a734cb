"""The Crypto Pay emulator: it refuses what the real one refuses, and its webhooks obey."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, web

from sandbox.clock import SandboxClock
from sandbox.cryptopay import Till, create_app
from sandbox.cryptopay.signing import SIGNATURE_HEADER, signature
from sandbox.serve import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "1:token"
RUB = {"currency_type": "fiat", "fiat": "RUB", "amount": "500"}


class CryptoPay:
    """The emulator, a client of it, and a listener for its webhooks."""

    def __init__(self, till: Till, http: ClientSession, listener: str) -> None:
        self.till = till
        self.http = http
        self.listener = listener
        self.heard: asyncio.Queue[tuple[bytes, str | None]] = asyncio.Queue()
        self.refusals = 0
        self.token = TOKEN

    async def call(self, method: str, **asked: object) -> tuple[int, Any]:
        headers = {"Crypto-Pay-API-Token": self.token}
        async with self.http.post(f"/api/{method}", json=asked, headers=headers) as answer:
            return answer.status, await answer.json()

    async def refused(self, method: str, **asked: object) -> str:
        status, answer = await self.call(method, **asked)
        assert status >= 400
        assert answer["ok"] is False
        return str(answer["error"]["name"])

    async def done(self, method: str, **asked: object) -> Any:
        status, answer = await self.call(method, **asked)
        assert (status, answer["ok"]) == (200, True), answer
        return answer["result"]

    async def sim(self, act: str, **body: object) -> Any:
        async with self.http.post(f"/sim/{act}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def hears(self, request: web.Request) -> web.Response:
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=500)
        self.heard.put_nowait((await request.read(), request.headers.get(SIGNATURE_HEADER)))
        return web.Response()


@pytest.fixture
async def pay() -> AsyncIterator[CryptoPay]:
    till = Till(SandboxClock(), TOKEN)
    server = Server(create_app(till))
    async with ClientSession(await server.start()) as http:
        listening = web.Application()
        listener = Server(listening)
        made = CryptoPay(till, http, "")
        listening.router.add_post("/hook", made.hears)
        made.listener = f"{await listener.start()}/hook"
        yield made
        await listener.stop()
    await server.stop()


async def test_a_wrong_token_is_refused_in_the_api_s_form(pay: CryptoPay) -> None:
    pay.token = "2:other"
    assert await pay.call("getMe") == (
        401,
        {"ok": False, "error": {"code": 401, "name": "UNAUTHORIZED"}},
    )


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"amount": "5"}, "UNSUPPORTED_ASSET"),
        ({"asset": "DOGS", "amount": "5"}, "UNSUPPORTED_ASSET"),
        (RUB | {"fiat": "XXX"}, "UNSUPPORTED_FIAT"),
        (RUB | {"amount": "0"}, "AMOUNT_INVALID"),
        (RUB | {"amount": "NaN"}, "AMOUNT_INVALID"),
        (RUB | {"expires_in": 0}, "EXPIRES_IN_INVALID"),
        (RUB | {"expires_in": 2_678_401}, "EXPIRES_IN_INVALID"),
        (RUB | {"accepted_assets": "USDT,DOGS"}, "UNSUPPORTED_ACCEPTED_ASSET"),
        (RUB | {"payload": "я" * 2049}, "PAYLOAD_TOO_LONG"),
        ({"asset": "TON", "amount": "1", "accepted_assets": "TON"}, "UNSUPPORTED_ACCEPTED_ASSET"),
    ],
)
async def test_a_wrong_wish_is_refused_by_name(pay: CryptoPay, asked: dict[str, object], name: str) -> None:
    assert await pay.refused("createInvoice", **asked) == name


async def test_invoices_are_listed_by_status_and_id_newest_first_in_pages(pay: CryptoPay) -> None:
    made = [(await pay.done("createInvoice", **RUB))["invoice_id"] for _ in range(3)]
    await pay.sim("pay", invoice_id=made[1])
    paid = await pay.done("getInvoices", status="paid")
    assert [(one["invoice_id"], one["status"], one["paid_asset"]) for one in paid["items"]] == [
        (made[1], "paid", "USDT")
    ]
    some = await pay.done("getInvoices", invoice_ids=f"{made[0]},{made[2]}", count=1, offset=1)
    assert [one["invoice_id"] for one in some["items"]] == [made[0]]
    assert await pay.refused("getInvoices", count=1001) == "COUNT_INVALID"


async def test_an_invoice_expires_by_the_clock_and_is_then_paid_only_late(pay: CryptoPay) -> None:
    made = await pay.done("createInvoice", **RUB, expires_in=600)
    pay.till.clock.advance(601)
    (listed,) = (await pay.done("getInvoices"))["items"]
    assert listed["status"] == "expired"
    async with pay.http.post("/sim/pay", json={"invoice_id": made["hash"]}) as answer:
        assert (answer.status, await answer.json()) == (400, {"error": "INVOICE_EXPIRED"})
    assert (await pay.sim("pay", invoice_id=made["hash"], late=True))["status"] == "paid"


async def test_only_an_unpaid_invoice_can_be_deleted(pay: CryptoPay) -> None:
    gone, paid = [(await pay.done("createInvoice", **RUB))["invoice_id"] for _ in range(2)]
    assert await pay.done("deleteInvoice", invoice_id=gone) is True
    assert await pay.refused("deleteInvoice", invoice_id=gone) == "INVOICE_NOT_FOUND"
    await pay.sim("pay", invoice_id=paid)
    assert await pay.refused("deleteInvoice", invoice_id=paid) == "INVOICE_ALREADY_PAID"


async def test_rates_are_texts_and_some_are_not_valid(pay: CryptoPay) -> None:
    rates = await pay.done("getExchangeRates")
    ton = next(rate for rate in rates if (rate["source"], rate["target"]) == ("TON", "RUB"))
    assert (ton["rate"], ton["is_valid"]) == ("220", True)
    assert any(not rate["is_valid"] for rate in rates)


async def test_a_payment_is_told_signed_and_again_until_it_is_taken(pay: CryptoPay) -> None:
    await pay.sim("webhook", url=pay.listener)
    pay.refusals = 2
    made = await pay.done("createInvoice", **RUB)
    await pay.sim("pay", invoice_id=made["invoice_id"])
    body, signed = await asyncio.wait_for(pay.heard.get(), 60)
    assert signed == signature(TOKEN, body)


async def test_webhooks_are_repeated_or_lost_as_told(pay: CryptoPay) -> None:
    await pay.sim("webhook", url=pay.listener, copies=3, drop=1)
    made = await pay.done("createInvoice", **RUB)
    await pay.sim("pay", invoice_id=made["invoice_id"])
    for _ in range(2):
        await asyncio.wait_for(pay.heard.get(), 60)
    assert pay.heard.empty()
