"""The chain emulator over HTTP: transfers that are no money, or hide it, and an index that lags."""

from collections.abc import AsyncIterator
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
    server = Server(create_app(chain))
    async with ClientSession(await server.start()) as session:
        yield session
    await server.stop()


async def post(http: ClientSession, path: str, body: Json) -> Json:
    async with http.post(path, json=body) as answer:
        assert answer.status == 200, await answer.text()
        made: Json = await answer.json()
        return made


async def pay(http: ClientSession, chain: Chain, kind: str, comment: str | None = "ABC") -> Json:
    order = {"from": "alice", "to": chain.merchant.friendly(), "value_nano": 2_000, "comment": comment, "kind": kind}
    return await post(http, "/sim/transfer", order)


async def hashes(http: ClientSession, chain: Chain, query: str = "") -> list[str]:
    async with http.get(f"/v2/blockchain/accounts/{chain.merchant.raw}/transactions{query}") as answer:
        return [step["hash"] for step in (await answer.json())["transactions"]]


def cells(boc: str) -> list[bytes]:
    """Read a bag of cells as a chain: each cell's bytes, in order."""
    raw = bytes.fromhex(boc)
    assert raw[:4].hex() == "b5ee9c72"
    offset_bytes, count = raw[5], raw[6]
    body = raw[9 + offset_bytes + 1 :]
    assert len(body) == int.from_bytes(raw[9 : 9 + offset_bytes], "big")
    found = []
    for place in range(count):
        references, length = body[0], body[1] // 2
        assert references == (1 if place + 1 < count else 0)
        found.append(body[2 : 2 + length])
        body = body[2 + length + references :]
    assert body == b""
    return found


async def test_a_long_comment_continues_in_further_cells(http: ClientSession, chain: Chain) -> None:
    text = "оплата " * 60
    message = (await pay(http, chain, "undecoded", text))["in_msg"]
    assert "decoded_body" not in message
    parts = cells(message["raw_body"])
    assert len(parts) > 2
    assert len(parts[0]) == 127
    assert b"".join(parts) == bytes(4) + text.encode()


async def test_a_bare_body_is_bytes_without_cells(http: ClientSession, chain: Chain) -> None:
    message = (await pay(http, chain, "raw_body"))["in_msg"]
    assert message["raw_body"] == "00000000" + b"ABC".hex()
    assert "decoded_op_name" not in message


async def test_an_encrypted_comment_shows_no_text(http: ClientSession, chain: Chain) -> None:
    message = (await pay(http, chain, "encrypted"))["in_msg"]
    assert message["op_code"] == "0x2167da4b"
    assert message["value"] == 2_000
    assert b"ABC".hex() not in message["raw_body"]
    assert "text" not in message["decoded_body"]


async def test_a_bounced_message_brings_value_back_and_is_marked(http: ClientSession, chain: Chain) -> None:
    message = (await pay(http, chain, "bounced"))["in_msg"]
    assert (message["bounced"], message["value"], message["op_code"]) == (True, 2_000, "0xffffffff")


async def test_a_failed_transfer_has_a_comment_and_no_money(http: ClientSession, chain: Chain) -> None:
    before = chain.balance(chain.merchant)
    step = await pay(http, chain, "failed")
    assert (step["success"], step["aborted"], step["in_msg"]["value"]) == (False, True, 0)
    assert step["compute_phase"] == {"skipped": True, "skip_reason": "cskip_no_gas"}
    assert step["in_msg"]["decoded_body"] == {"text": "ABC"}
    assert chain.balance(chain.merchant) == before


async def test_a_returned_transfer_shows_a_value_that_went_back(http: ClientSession, chain: Chain) -> None:
    rich, before = chain.balance(chain.wallet("alice")), chain.balance(chain.merchant)
    step = await pay(http, chain, "returned")
    assert (step["aborted"], step["bounce_phase"], step["in_msg"]["value"]) == (True, "TrPhaseBounceOk", 2_000)
    assert step["out_msgs"][0]["bounced"] is True
    assert (chain.balance(chain.wallet("alice")), chain.balance(chain.merchant)) == (rich, before)


async def test_money_to_an_undeployed_wallet_stays_though_aborted(http: ClientSession, chain: Chain) -> None:
    before = chain.balance(chain.merchant)
    step = await pay(http, chain, "undeployed")
    assert (step["aborted"], step["orig_status"]) == (True, "uninit")
    assert chain.balance(chain.merchant) == before + 2_000


async def test_a_forged_jetton_notice_carries_a_comment_and_next_to_no_coins(http: ClientSession, chain: Chain) -> None:
    message = (await pay(http, chain, "jetton"))["in_msg"]
    assert (message["op_code"], message["decoded_op_name"], message["value"]) == ("0x7362d09c", "jetton_notify", 1)
    assert message["decoded_body"]["amount"] == "2000"
    assert message["decoded_body"]["forward_payload"]["value"]["value"] == {"text": "ABC"}


async def test_a_contract_call_brings_coins_without_a_comment(http: ClientSession, chain: Chain) -> None:
    message = (await pay(http, chain, "call"))["in_msg"]
    assert (message["decoded_op_name"], message["value"]) == ("excess", 2_000)


async def test_a_transfer_without_a_comment_has_no_body(http: ClientSession, chain: Chain) -> None:
    message = (await pay(http, chain, "plain", None))["in_msg"]
    assert not {"op_code", "raw_body", "decoded_body"} & message.keys()


async def test_an_unknown_kind_is_refused(http: ClientSession, chain: Chain) -> None:
    order = {"from": "a", "to": chain.merchant.raw, "value_nano": 1, "kind": "x"}
    async with http.post("/sim/transfer", json=order) as answer:
        assert answer.status == 400


async def test_a_hidden_transaction_comes_back_after_so_many_polls_behind_a_gap(
    http: ClientSession, chain: Chain
) -> None:
    made = [(await pay(http, chain, "plain"))["hash"] for _ in range(3)]
    await post(http, "/sim/hide", {"hash": made[1], "polls": 2})
    for _ in range(2):
        assert await hashes(http, chain, "?sort_order=asc") == [made[0], made[2]]
    assert await hashes(http, chain, "?sort_order=asc") == made


async def test_a_rewound_index_forgets_the_newest_for_a_while(http: ClientSession, chain: Chain) -> None:
    made = [(await pay(http, chain, "plain"))["hash"] for _ in range(3)]
    await post(http, "/sim/rewind", {"count": 2, "polls": 1})
    assert await hashes(http, chain) == made[:1]
    assert await hashes(http, chain) == made[::-1]


async def test_a_light_index_ignores_paging_and_order(http: ClientSession, chain: Chain) -> None:
    made = [await pay(http, chain, "plain") for _ in range(3)]
    await post(http, "/sim/mode", {"ignore_paging": True})
    query = f"?after_lt={made[-1]['lt']}&sort_order=asc&limit=2"
    assert await hashes(http, chain, query) == [made[2]["hash"], made[1]["hash"]]


async def test_after_lt_may_turn_out_to_be_inclusive(http: ClientSession, chain: Chain) -> None:
    made = [await pay(http, chain, "plain") for _ in range(2)]
    query = f"?after_lt={made[0]['lt']}&sort_order=asc"
    assert await hashes(http, chain, query) == [made[1]["hash"]]
    await post(http, "/sim/mode", {"after_inclusive": True})
    assert await hashes(http, chain, query) == [step["hash"] for step in made]


async def test_an_empty_list_may_be_null(http: ClientSession, chain: Chain) -> None:
    await post(http, "/sim/mode", {"null_when_empty": True})
    async with http.get(f"/v2/blockchain/accounts/{chain.merchant.raw}/transactions") as answer:
        assert await answer.json() == {"transactions": None}


async def test_a_misspelt_mode_is_refused(http: ClientSession) -> None:
    async with http.post("/sim/mode", json={"ignore_pagin": True}) as answer:
        assert answer.status == 400


async def test_keyless_callers_are_slowed_down_by_the_sandbox_clock(http: ClientSession, chain: Chain) -> None:
    await post(http, "/sim/mode", {"keyless_per_second": 0.25})

    async def ask(headers: dict[str, str]) -> tuple[int, object]:
        async with http.get("/v2/status", headers=headers) as answer:
            return answer.status, list(await answer.json())

    assert (await ask({}))[0] == 200
    assert await ask({}) == (429, ["Error"])
    assert (await ask({"Authorization": "Bearer key"}))[0] == 200
    chain.clock.advance(5)
    assert (await ask({}))[0] == 200


async def test_time_of_a_transaction_is_the_sandbox_clock(http: ClientSession, chain: Chain) -> None:
    first = await pay(http, chain, "plain")
    chain.clock.advance(3600)
    second = await pay(http, chain, "plain")
    assert second["utime"] - first["utime"] >= 3600
