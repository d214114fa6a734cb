"""Reading history from an index that lies: links between transactions decide, not the order of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from app.domain.ton import TonAddress
from app.payments.gateway import ton_history
from app.payments.gateway.ton_history import coin_history
from app.payments.gateway.tonapi_models import Status, Transaction
from app.services.ports import ChainUnavailable

if TYPE_CHECKING:
    from typing import Literal

OURS = TonAddress(0, b"\x11" * 32)


def step(lt: int, before: int, **changes: Any) -> Transaction:
    """An outgoing transaction at `lt` that says it follows `before`; its hash is made of its lt."""
    links = {"prev_trans_lt": before, "prev_trans_hash": f"{before:064x}"} if before else {}
    known = {"hash": f"{lt:064x}", "utime": lt, "success": True, "aborted": False, "transaction_type": "TransOrd"}
    return Transaction.model_validate({"lt": lt} | known | links | changes)


@dataclass
class HonestLinks:
    """An index that ignores `after_lt` and always answers its newest, or the newest before `before_lt`."""

    steps: list[Transaction]
    most: int = 3
    asked: list[int | None] = field(default_factory=list)

    async def transactions(
        self,
        account: str,
        *,
        after_lt: int | None = None,
        before_lt: int | None = None,
        limit: int = 500,
        order: Literal["asc", "desc"] = "asc",
    ) -> tuple[Transaction, ...]:
        self.asked.append(before_lt)
        assert account == OURS.raw
        older = [step for step in self.steps if before_lt is None or step.lt < before_lt]
        return tuple(older[-self.most :][::-1])

    async def status(self) -> Status:
        return Status(rest_online=True, indexing_latency=0)


def chain(count: int) -> list[Transaction]:
    return [step(lt, lt - 1) for lt in range(1, count + 1)]


async def read(steps: list[Transaction], cursor: int = 0, most: int = 3) -> list[int]:
    history = coin_history(HonestLinks(steps, most), OURS)
    return [transfer.lt async for page in history.since(cursor) for transfer in page]


@pytest.mark.parametrize("cursor", [0, 1, 7, 19, 20])
async def test_an_index_that_only_looks_back_is_walked_back_to_the_cursor(cursor: int) -> None:
    assert await read(chain(20), cursor) == list(range(cursor + 1, 21))


async def test_a_long_way_back_is_walked_again_rather_than_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ton_history, "_MOST_HELD", 5)
    assert await read(chain(20)) == list(range(1, 21))


async def test_a_transaction_that_is_answered_twice_is_given_out_once() -> None:
    steps = chain(3)
    assert await read([*steps, *steps], most=6) == [1, 2, 3]


async def test_two_transactions_at_one_place_are_no_history() -> None:
    with pytest.raises(ChainUnavailable, match="two_transactions_at_one_lt"):
        await read([*chain(2), step(2, 1, hash="f" * 64)])


async def test_a_link_to_another_hash_is_no_history() -> None:
    with pytest.raises(ChainUnavailable, match="history_contradicts_itself"):
        await read([*chain(2), step(3, 2, prev_trans_hash="f" * 64)])


async def test_a_fork_is_no_history() -> None:
    with pytest.raises(ChainUnavailable, match="history_contradicts_itself"):
        await read([*chain(2), step(3, 1)])


async def test_links_in_capitals_and_without_hashes_are_links_all_the_same() -> None:
    upper = step(0xAB, 0, hash=f"{0xAB:064X}")
    assert await read([upper, step(0xAC, 0xAB, prev_trans_hash=f"{0xAB:064X}")]) == [0xAB, 0xAC]
    assert await read([upper, step(0xAC, 0xAB, prev_trans_hash=None)]) == [0xAB, 0xAC]


async def test_an_account_that_was_deleted_and_made_anew_goes_on() -> None:
    assert await read([*chain(2), step(9, 0), step(10, 9)], most=10) == [1, 2, 9, 10]


async def test_a_cursor_that_the_index_has_never_seen_proves_nothing() -> None:
    with pytest.raises(ChainUnavailable, match="index_behind_cursor"):
        await read(chain(3), cursor=4)
