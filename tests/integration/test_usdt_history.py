"""USDT over HTTP: found in our own jetton wallet, and nothing else is taken for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.domain.assets import Asset
from app.payments.gateway.ton_history import jetton_history
from tests.integration.ton_world import ChainWorld, open_chain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.services.chain import IncomingTransfer

CODE = "ABCDEFGHJK"
USDT = 10**6


@pytest.fixture
async def chain() -> AsyncIterator[ChainWorld]:
    async with open_chain() as world:
        yield world


async def history(chain: ChainWorld, lt: int = 0) -> list[IncomingTransfer]:
    source = jetton_history(chain.client(), await chain.jetton_wallet())
    return [transfer async for page in source.since(lt) for transfer in page]


@pytest.mark.parametrize(
    ("kind", "verdict", "units", "comment"),
    [
        ("plain", "money", 5 * USDT, CODE),
        ("inline", "money", 5 * USDT, CODE),
        ("bare", "money", 5 * USDT, CODE),
        ("encrypted", "money", 5 * USDT, None),
        ("failed", "returned", 0, CODE),
        ("mint", "mint", 5 * USDT, CODE),
        ("garbage", "unreadable", 0, None),
    ],
)
async def test_each_kind_of_transfer_is_what_it_is(
    chain: ChainWorld, kind: str, verdict: str, units: int, comment: str | None
) -> None:
    await chain.pay(5 * USDT, CODE, kind, jetton="usdt")
    (seen,) = await history(chain)
    assert (seen.verdict, seen.nano, seen.comment, seen.asset) == (verdict, units, comment, Asset.USDT)
    assert seen.is_money == (verdict == "money")


async def test_another_jetton_of_the_same_name_never_comes_to_our_jetton_wallet(chain: ChainWorld) -> None:
    await chain.pay(5 * USDT, CODE, jetton="fake_usdt")
    assert await history(chain) == []
    notice = [transfer async for page in chain.history().since(0) for transfer in page][-1]
    assert (notice.verdict, notice.nano, notice.is_money) == ("notice", 1, False)


async def test_what_the_merchant_does_with_its_own_is_no_income(chain: ChainWorld) -> None:
    me = {"from": "merchant", "to": chain.merchant.raw, "value_nano": USDT, "jetton": "usdt", "comment": CODE}
    await chain.post("transfer", **me)
    await chain.post("transfer", **me | {"kind": "burn"})
    assert [seen.verdict for seen in await history(chain)] == ["self_transfer", "no_transfer"]


async def test_a_backlog_is_read_to_its_end_in_order_and_a_gap_holds_it_back(chain: ChainWorld) -> None:
    await chain.fill(1200, "one", jetton="usdt")
    hidden = await chain.pay(USDT, CODE, jetton="usdt")
    await chain.fill(3, "two", jetton="usdt")
    await chain.post("hide", hash=hidden["hash"], polls=1)
    seen = await history(chain)
    assert len(seen) == 1204
    assert [transfer.lt for transfer in seen] == sorted({transfer.lt for transfer in seen})


async def test_the_jetton_wallet_is_learned_whether_or_not_tonapi_decodes_the_answer(chain: ChainWorld) -> None:
    decoded = await chain.jetton_wallet()
    await chain.post("mode", decodes_methods=False)
    assert await chain.jetton_wallet() == decoded
