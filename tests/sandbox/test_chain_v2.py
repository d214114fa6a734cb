"""The chain emulator over HTTP: what a poller of tonapi meets on good days."""

from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import ClientSession

from sandbox.chain import Chain, create_app
from sandbox.clock import SandboxClock
from sandbox.serve import Server

Json = dict[str, Any]


@pytest.fixture
async def chain() -> Chain:
    return Chain(SandboxClock())


@pytest.fixture
async def http(chain: Chain) -> AsyncIterator[ClientSession]:
    server = Server(create_app(chain, api_key="key"))
    async with ClientSession(await server.start()) as session:
        yield session
    await server.stop()


async def get(http: ClientSession, path: str, **params: str | int) -> Json:
    async with http.get(path, params=params) as answer:
        assert answer.status == 200, await answer.text()
        body: Json = await answer.json()
        return body


async def pay(http: ClientSession, chain: Chain, **wish: object) -> Json:
    order = {"from": "alice", "to": chain.merchant.friendly(), "value_nano": "1500000000", "comment": "ABC"} | wish
    async with http.post("/sim/transfer", json=order) as answer:
        assert answer.status == 200, await answer.text()
        body: Json = await answer.json()
        return body


async def page(http: ClientSession, chain: Chain, **params: str | int) -> list[Json]:
    answer = await get(http, f"/v2/blockchain/accounts/{chain.merchant.raw}/transactions", **params)
    listed: list[Json] = answer["transactions"]
    return listed


async def test_a_transfer_with_a_comment_looks_like_a_captured_one(http: ClientSession, chain: Chain) -> None:
    await pay(http, chain, comment="не спам")
    [step] = await page(http, chain)
    message = step["in_msg"]
    assert (step["success"], step["aborted"], step["transaction_type"]) == (True, False, "TransOrd")
    assert message["raw_body"] == "b5ee9c7201010101001300002200000000d0bdd0b520d181d0bfd0b0d0bc"
    assert message["decoded_body"] == {"text": "не спам"}
    assert (message["op_code"], message["decoded_op_name"]) == ("0x00000000", "text_comment")
    assert (message["msg_type"], message["bounced"], message["value"]) == ("int_msg", False, 1_500_000_000)
    assert message["source"]["address"] == chain.wallet("alice").raw
    assert message["destination"]["address"] == step["account"]["address"] == chain.merchant.raw
    assert step["credit_phase"]["credit"] == 1_500_000_000


async def test_pages_follow_lt_both_ways_and_chain_to_the_step_before(http: ClientSession, chain: Chain) -> None:
    for _ in range(5):
        await pay(http, chain)
    rising = await page(http, chain, sort_order="asc")
    lts = [step["lt"] for step in rising]
    assert lts == sorted(set(lts))
    assert [step["lt"] for step in await page(http, chain)] == lts[::-1]
    assert [s["lt"] for s in await page(http, chain, after_lt=lts[1], before_lt=lts[4], sort_order="asc")] == lts[2:4]
    assert [s["lt"] for s in await page(http, chain, after_lt=lts[0], limit=2, sort_order="asc")] == lts[1:3]
    for before, step in pairwise(rising):
        assert (step["prev_trans_lt"], step["prev_trans_hash"]) == (before["lt"], before["hash"])


async def test_an_outgoing_transfer_stands_in_the_senders_list_as_an_out_message(
    http: ClientSession, chain: Chain
) -> None:
    await pay(http, chain, **{"from": "merchant", "to": chain.wallet("bob").friendly(bounceable=True)})
    [step] = await page(http, chain)
    assert step["in_msg"]["msg_type"] == "ext_in_msg"
    assert "source" not in step["in_msg"]
    assert step["out_msgs"][0]["value"] == 1_500_000_000


async def test_an_unknown_account_has_no_transactions_in_any_spelling(http: ClientSession) -> None:
    for name in ("0:" + "ab" * 32, "UQBucx8uKLc1Oaf4WsR8oQTVhAsik1EYmXe7YVHTa14_XjFv"):
        assert await get(http, f"/v2/blockchain/accounts/{name}/transactions") == {"transactions": []}


async def test_one_transaction_is_found_by_its_hash_and_by_its_message(http: ClientSession, chain: Chain) -> None:
    made = await pay(http, chain)
    assert await get(http, f"/v2/blockchain/transactions/{made['hash']}") == made
    assert await get(http, f"/v2/blockchain/messages/{made['in_msg']['hash']}/transaction") == made
    async with http.get("/v2/blockchain/transactions/" + "0" * 64) as answer:
        assert answer.status == 404
        assert "error" in await answer.json()


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after_lt=1.5", "sort_order=up"])
async def test_bad_parameters_are_refused_with_the_capital_error_key(
    http: ClientSession, chain: Chain, query: str
) -> None:
    async with http.get(f"/v2/blockchain/accounts/{chain.merchant.raw}/transactions?{query}") as answer:
        assert answer.status == 400
        assert list(await answer.json()) == ["Error"]


async def test_a_damaged_account_is_refused_with_the_small_error_key(http: ClientSession) -> None:
    async with http.get("/v2/blockchain/accounts/nonsense/transactions") as answer:
        assert answer.status == 400
        assert list(await answer.json()) == ["error"]


async def test_rates_echo_the_name_asked_for_and_give_nothing_for_an_unknown_token(http: ClientSession) -> None:
    rates = (await get(http, "/v2/rates", tokens="ton,gram,nope", currencies="rub,usd"))["rates"]
    assert rates["TON"]["prices"] == rates["GRAM"]["prices"] == {"RUB": 220.0, "USD": 2.75}
    assert rates["NOPE"]["prices"]["RUB"] == 0
    async with http.get("/v2/rates?tokens=ton&currencies=zzz") as answer:
        assert answer.status == 400


async def test_a_new_rate_is_quoted_and_an_old_name_can_go_away(http: ClientSession, chain: Chain) -> None:
    await http.post("/sim/rate", json={"rub": "230.5"})
    await http.post("/sim/mode", json={"rate_tokens": ["gram"]})
    rates = (await get(http, "/v2/rates", tokens="ton,gram", currencies="rub"))["rates"]
    assert (rates["TON"]["prices"]["RUB"], rates["GRAM"]["prices"]["RUB"]) == (0, 230.5)
    assert chain.rate_rub == Decimal("230.5")


async def test_an_address_is_spelt_in_every_form(http: ClientSession) -> None:
    friendly = "UQBucx8uKLc1Oaf4WsR8oQTVhAsik1EYmXe7YVHTa14_XjFv"
    parsed = await get(http, f"/v2/address/{friendly}/parse")
    assert parsed["raw_form"] == "0:6e731f2e28b73539a7f85ac47ca104d5840b229351189977bb6151d36b5e3f5e"
    assert parsed["bounceable"]["b64url"] == "EQBucx8uKLc1Oaf4WsR8oQTVhAsik1EYmXe7YVHTa14_Xmyq"
    assert parsed["non_bounceable"]["b64url"] == friendly
    assert (parsed["given_type"], parsed["test_only"]) == ("friendly_non_bounceable", False)


async def test_status_tells_health(http: ClientSession) -> None:
    status = await get(http, "/v2/status")
    assert status["rest_online"] is True
    assert status["indexing_latency"] < 60


async def test_a_wrong_key_is_refused(http: ClientSession) -> None:
    async with http.get("/v2/status", headers={"Authorization": "Bearer wrong"}) as answer:
        assert answer.status == 401


async def test_the_page_sees_wallets_and_the_newest_transfer_first(http: ClientSession, chain: Chain) -> None:
    await pay(http, chain, comment="first")
    last = await pay(http, chain, comment="second", **{"from": "zoe"})
    state = await get(http, "/sim/state")
    shown = state["transactions"][0]
    assert (shown["hash"], shown["comment"], shown["value_nano"]) == (last["hash"], "second", "1500000000")
    assert shown["to"] == chain.merchant.friendly()
    assert {"merchant", "zoe"} <= {wallet["name"] for wallet in state["wallets"]}
    assert state["rate_rub"] == "220.00"


async def test_money_that_is_not_there_is_not_sent(http: ClientSession, chain: Chain) -> None:
    order = {"from": "alice", "to": chain.merchant.raw, "value_nano": 10**15}
    async with http.post("/sim/transfer", json=order) as answer:
        assert answer.status == 400


async def test_thousands_of_transfers_are_made_at_once_and_paged_to_the_end(http: ClientSession, chain: Chain) -> None:
    wish = {"count": 2500, "to": chain.merchant.friendly(), "comments": ["A", "B"]}
    async with http.post("/sim/bulk", json=wish) as answer:
        assert (await answer.json())["count"] == 2500
    seen: list[Json] = []
    while rest := await page(http, chain, limit=1000, sort_order="asc", after_lt=seen[-1]["lt"] if seen else 0):
        seen += rest
    assert len({step["hash"] for step in seen}) == 2500
    assert [step["in_msg"]["decoded_body"]["text"] for step in seen[:3]] == ["A", "B", "A"]
