"""The wallet's history over HTTP: complete, in order, each transaction once, whatever the index does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.services.ports import ChainUnavailable
from tests.integration.ton_world import ChainWorld, open_chain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from app.services.chain import IncomingTransfer


@pytest.fixture
async def chain() -> AsyncIterator[ChainWorld]:
    async with open_chain() as world:
        yield world


async def history(chain: ChainWorld, lt: int = 0) -> list[IncomingTransfer]:
    return [transfer async for page in chain.history().since(lt) for transfer in page]


async def test_a_backlog_of_many_pages_is_read_to_its_end_in_order(chain: ChainWorld) -> None:
    await chain.fill(2500)
    seen = await history(chain)
    assert len(seen) == 2500
    assert [transfer.lt for transfer in seen] == sorted({transfer.lt for transfer in seen})
    assert await history(chain, seen[1999].lt) == seen[2000:]
    assert await history(chain, seen[-1].lt) == []


@pytest.mark.parametrize("mood", [{"after_inclusive": True}, {"null_when_empty": True}])
async def test_the_boundary_and_emptiness_may_be_answered_either_way(chain: ChainWorld, mood: dict[str, bool]) -> None:
    await chain.post("mode", **mood)
    assert await history(chain) == []
    await chain.fill(501)
    seen = await history(chain)
    assert len(seen) == 501
    assert await history(chain, seen[-1].lt) == []


async def test_an_index_that_ignores_paging_is_read_as_far_as_it_reaches_back(chain: ChainWorld) -> None:
    await chain.fill(1200)
    everything = await history(chain)
    await chain.post("mode", ignore_paging=True)
    assert await history(chain, everything[-1].lt) == []
    assert await history(chain, everything[900].lt) == everything[901:]
    assert await history(chain, everything[250].lt) == everything[251:]


async def test_a_gap_that_an_index_can_not_fill_stops_the_reading_instead_of_being_jumped(chain: ChainWorld) -> None:
    await chain.fill(2500)
    everything = await history(chain)
    await chain.post("mode", ignore_paging=True)
    with pytest.raises(ChainUnavailable, match="gap_in_history"):
        await history(chain, everything[100].lt)


async def test_a_hidden_transaction_holds_back_those_after_it_until_it_shows(chain: ChainWorld) -> None:
    await chain.fill(3)
    hidden = await chain.pay(comment="hidden")
    await chain.fill(2)
    await chain.post("hide", hash=hidden["hash"], polls=3)
    pages = chain.history().since(0)
    first = await anext(pages)
    assert len(first) == 3
    with pytest.raises(ChainUnavailable, match="gap_in_history"):
        await anext(pages)
    later = await history(chain, first[-1].lt)
    assert len(later) == 3
    assert later[0].hash == hidden["hash"]


async def test_an_index_restored_from_before_the_cursor_proves_nothing(chain: ChainWorld) -> None:
    await chain.fill(5)
    newest = (await history(chain))[-1]
    await chain.post("rewind", count=2, polls=1)
    with pytest.raises(ChainUnavailable, match="index_behind_cursor"):
        await history(chain, newest.lt)
    assert await history(chain, newest.lt) == []


async def test_the_newest_page_is_in_order(chain: ChainWorld) -> None:
    assert await chain.history().newest() == []
    await chain.fill(700)
    everything = await history(chain)
    assert await chain.history().newest() == everything[-500:]


@pytest.mark.parametrize(
    ("kind", "verdict", "comment"),
    [
        ("plain", "money", "ABCDEFGHJK"),
        ("undecoded", "money", "ABCDEFGHJK"),
        ("raw_body", "money", "ABCDEFGHJK"),
        ("undeployed", "money", "ABCDEFGHJK"),
        ("encrypted", "money", None),
        ("call", "money", None),
        ("jetton", "notice", None),
        ("bounced", "bounced", None),
        ("returned", "returned", "ABCDEFGHJK"),
        ("failed", "no_value", "ABCDEFGHJK"),
    ],
)
async def test_each_kind_of_transfer_is_what_it_is(
    chain: ChainWorld, kind: str, verdict: str, comment: str | None
) -> None:
    await chain.pay(5 * 10**9, "ABCDEFGHJK", kind)
    (seen,) = await history(chain)
    assert (seen.verdict, seen.comment, seen.is_money) == (verdict, comment, verdict == "money")
    # A jetton's claimed amount stands in the body; the message itself brings one nanoton.
    assert seen.nano == {"jetton": 1, "failed": 0}.get(kind, 5 * 10**9)


async def test_what_the_merchant_sends_is_no_income(chain: ChainWorld) -> None:
    await chain.post("transfer", **{"from": "merchant", "to": chain.merchant.raw, "value_nano": 7, "comment": "me"})
    assert [transfer.verdict for transfer in await history(chain)] == ["outgoing", "self_transfer"]


async def test_an_offline_index_says_so_and_a_lagging_one_how_much(chain: ChainWorld) -> None:
    assert await chain.history().lag() == timedelta(seconds=3)
    await chain.post("mode", rest_online=False)
    with pytest.raises(ChainUnavailable, match="index_offline"):
        await chain.history().lag()
