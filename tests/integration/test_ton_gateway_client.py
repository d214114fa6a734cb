"""The client's patience: what passes is waited for, what does not is ChainUnavailable, and the key stays secret."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from app.payments.gateway.pacer import Pacer
from app.payments.gateway.tonapi import TonApi
from app.services.ports import ChainUnavailable
from sandbox.serve import Server
from tests.integration.ton_world import KEY, ChainWorld, open_chain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator



@pytest.fixture
async def chain() -> AsyncIterator[ChainWorld]:
    async with open_chain() as world:
        yield world


@pytest.mark.parametrize("action", ["rate_limit", "garbage", "error"])
async def test_three_bad_answers_in_a_row_are_survived_with_growing_pauses(chain: ChainWorld, action: str) -> None:
    await chain.fill(1)
    await chain.fault(action, times=3, status=503)
    assert len(await chain.client().transactions(chain.merchant.raw)) == 1
    assert chain.waited == [timedelta(seconds=0.5), timedelta(seconds=1), timedelta(seconds=2)]


@pytest.mark.parametrize("action", ["drop_before", "drop_after"])
async def test_three_cut_connections_in_a_row_are_survived(chain: ChainWorld, action: str) -> None:
    await chain.fill(1)
    await chain.fault(action, times=3)
    assert len(await chain.client().transactions(chain.merchant.raw)) == 1
    # aiohttp itself repeats a GET once where a kept connection was cut, so fewer pauses than cuts are right.
    assert 1 <= len(chain.waited) <= 3


@pytest.mark.parametrize(
    ("action", "reason"),
    [("rate_limit", "http_429"), ("garbage", "not_json"), ("error", "http_502"), ("drop_before", "Disconnected")],
)
async def test_a_lasting_failure_is_reported_after_four_attempts(chain: ChainWorld, action: str, reason: str) -> None:
    await chain.fault(action, times=-1, status=502)
    with pytest.raises(ChainUnavailable, match=reason) as caught:
        await chain.client().transactions(chain.merchant.raw)
    assert KEY not in repr(caught.value)
    assert len(chain.waited) == 3
    await chain.heal()
    assert await chain.client().transactions(chain.merchant.raw) == ()


async def test_a_server_that_is_not_there_is_unavailable(chain: ChainWorld) -> None:
    client = TonApi(chain.session, "http://127.0.0.1:1", KEY, Pacer(timedelta(0)), chain.sleep)
    with pytest.raises(ChainUnavailable):
        await client.status()


@pytest.mark.parametrize(("key", "reason"), [("another-key", "http_401")])
async def test_a_refused_key_is_not_tried_again(chain: ChainWorld, key: str, reason: str) -> None:
    with pytest.raises(ChainUnavailable, match=reason):
        await chain.client(key).status()
    assert chain.waited == []


async def test_without_a_key_the_limit_of_anonymous_callers_is_kept(chain: ChainWorld) -> None:
    now = [0]

    async def sleep(span: timedelta) -> None:
        now[0] += span // timedelta(microseconds=1) * 1000

    pacer = Pacer(timedelta(seconds=4), sleep, lambda: now[0])
    client = TonApi(chain.session, chain.url, None, pacer, sleep)
    for _ in range(4):
        await client.status()
    assert now[0] == 12 * 10**9


async def test_rates_are_exact_decimals(chain: ChainWorld) -> None:
    await chain.post("rate", rub="231.07")
    table = await chain.client().rates(["ton", "nobody"], ["rub"])
    assert table["TON"]["RUB"] == Decimal("231.07")
    assert table["NOBODY"]["RUB"] == 0


class Answers:
    """A server that gives prepared answers and remembers the headers it was asked with."""

    def __init__(self, *answers: web.Response) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, str]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.headers))
        return self._answers.pop(0)


async def ask(answers: Answers, waited: list[timedelta], key: str | None = KEY) -> bool:
    async def sleep(span: timedelta) -> None:
        waited.append(span)

    app = web.Application()
    app.router.add_get("/v2/status", answers)
    server = Server(app)
    try:
        url = await server.start()
        async with aiohttp.ClientSession() as session:
            return (await TonApi(session, f"{url}/", key, Pacer(timedelta(0)), sleep).status()).rest_online
    finally:
        await server.stop()


GOOD = '{"rest_online": true, "indexing_latency": 1, "new_field": {}}'


async def test_retry_after_is_honoured_and_the_key_is_a_bearer() -> None:
    waited: list[timedelta] = []
    answers = Answers(web.Response(status=429, headers={"Retry-After": "7"}), web.Response(text=GOOD))
    assert await ask(answers, waited)
    assert waited == [timedelta(seconds=7)]
    assert {asked["Authorization"] for asked in answers.asked} == {f"Bearer {KEY}"}


async def test_a_retry_after_beyond_patience_is_not_waited_for() -> None:
    waited: list[timedelta] = []
    with pytest.raises(ChainUnavailable, match="http_503"):
        await ask(Answers(web.Response(status=503, headers={"Retry-After": "3600"})), waited)
    assert waited == []


async def test_without_a_key_no_authorization_is_sent() -> None:
    answers = Answers(web.Response(text=GOOD))
    await ask(answers, [], key=None)
    assert "Authorization" not in answers.asked[0]


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    answers = Answers(web.Response(status=302, headers={"Location": "/v2/status"}), web.Response(text=GOOD))
    with pytest.raises(ChainUnavailable, match="http_302"):
        await ask(answers, [])
    assert len(answers.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "null",
        '"text"',
        "{}",
        '{"rest_online": true, "indexing_latency": -1}',
        '{"rest_online": true, "indexing_latency": "soon"}',
    ],
)
async def test_json_of_another_shape_is_unavailable_at_once(body: str) -> None:
    waited: list[timedelta] = []
    with pytest.raises(ChainUnavailable, match="unexpected_answer"):
        await ask(Answers(web.Response(text=body)), waited)
    assert waited == []


@pytest.mark.parametrize(
    "body", ["", "{", "<html>", "\ufeff\u0000", "[" * 100_000, '{"rest_online": NaN}', "1" * 10_000, '{"a": Infinity}']
)
async def test_what_is_no_json_is_asked_for_again(body: str) -> None:
    waited: list[timedelta] = []
    assert await ask(Answers(web.Response(text=body), web.Response(text=GOOD)), waited)
    assert len(waited) == 1
