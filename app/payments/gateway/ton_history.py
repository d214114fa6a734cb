"""Reads an account's history without a gap from an index that may lag, hide or ignore the question. Stores nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from app.domain.assets import Asset
from app.payments.gateway.ton_jetton import JettonWallet, jetton_transfer_of
from app.payments.gateway.ton_message import transfer_of
from app.payments.gateway.tonapi import MOST_TRANSACTIONS
from app.services.ports import ChainUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from typing import Literal

    from app.domain.ton import TonAddress
    from app.payments.gateway.tonapi_models import Status, Transaction
    from app.services.chain import IncomingTransfer

PAGE = 500
_MOST_HELD = 20_000


class ChainIndex(Protocol):
    """What is asked of tonapi; every method raises ChainUnavailable."""

    async def transactions(
        self,
        account: str,
        *,
        after_lt: int | None = None,
        before_lt: int | None = None,
        limit: int = PAGE,
        order: Literal["asc", "desc"] = "asc",
    ) -> tuple[Transaction, ...]:
        """A page of the account's history."""
        ...

    async def status(self) -> Status:
        """The index's health."""
        ...


@dataclass(frozen=True, slots=True)
class _Step:
    """A transfer with what ties it to the step before it; 0 where the history begins."""

    transfer: IncomingTransfer
    previous_lt: int
    previous_hash: str

    @property
    def lt(self) -> int:
        return self.transfer.lt


class WalletHistory:
    """The history of an account that takes one asset for `wallet`; implements utils.updater.WalletSource.

    Every transaction names the one before it, so a gap shows; it is filled by asking backwards, and where that fails
    nothing beyond the gap is given out. That is why no window of old transactions has to be read again.
    """

    def __init__(
        self,
        index: ChainIndex,
        wallet: TonAddress,
        account: TonAddress,
        asset: Asset,
        read: Callable[[Transaction], IncomingTransfer],
    ) -> None:
        self._index = index
        self._wallet = wallet
        self._account = account
        self._asset = asset
        self._read = read

    @property
    def account(self) -> str:
        """The account in raw form, lower case."""
        return self._account.raw

    @property
    def wallet(self) -> str:
        """The wallet that people pay to, in the same form."""
        return self._wallet.raw

    @property
    def asset(self) -> Asset:
        """What comes in there."""
        return self._asset

    async def since(self, lt: int) -> AsyncIterator[list[IncomingTransfer]]:
        """Pages after `lt` in order of lt, until a page has nothing new; ChainUnavailable at a gap that stays open."""
        while stretch := await self._stretch(lt):
            lt = stretch[-1].lt
            for start in range(0, len(stretch), PAGE):
                yield [step.transfer for step in stretch[start : start + PAGE]]

    async def newest(self) -> list[IncomingTransfer]:
        """The newest page in order of lt; empty where nothing ever happened."""
        steps = await self._page(limit=PAGE, order="desc")
        return [step.transfer for step in steps]

    async def lag(self) -> timedelta:
        """How far the index is behind the chain; ChainUnavailable where it says itself that it is not working."""
        status = await self._index.status()
        if not status.rest_online:
            raise ChainUnavailable("index_offline")
        return timedelta(seconds=status.indexing_latency)

    async def _stretch(self, cursor: int) -> list[_Step]:
        """What follows `cursor` without a gap; empty where the cursor is the newest there is."""
        # The cursor's own transaction is asked for as well: only an index that has it can say that nothing followed.
        page = await self._page(after_lt=cursor - 1 if cursor else None, limit=PAGE, order="asc")
        fresh = [step for step in page if step.lt > cursor]
        if not fresh:
            if cursor and all(step.lt != cursor for step in page):
                raise ChainUnavailable("index_behind_cursor")
            return []
        return _unbroken(await self._joined(cursor, fresh))

    async def _joined(self, cursor: int, steps: list[_Step]) -> list[_Step]:
        """`steps` with what is missing between the cursor and them; of a long way back the older end."""
        while steps[0].previous_lt > cursor:
            page = await self._page(before_lt=steps[0].lt, limit=MOST_TRANSACTIONS, order="desc")
            older = [step for step in page if cursor < step.lt < steps[0].lt]
            if not older:
                raise ChainUnavailable("gap_in_history")
            steps = (older + steps)[:_MOST_HELD]
        return steps

    async def _page(
        self,
        *,
        limit: int,
        order: Literal["asc", "desc"],
        after_lt: int | None = None,
        before_lt: int | None = None,
    ) -> list[_Step]:
        page = await self._index.transactions(
            self._account.raw, after_lt=after_lt, before_lt=before_lt, limit=limit, order=order
        )
        return _in_order(self._step(transaction) for transaction in page)

    def _step(self, transaction: Transaction) -> _Step:
        return _Step(
            self._read(transaction),
            transaction.prev_trans_lt or 0,
            (transaction.prev_trans_hash or "").lower(),
        )


def coin_history(index: ChainIndex, wallet: TonAddress) -> WalletHistory:
    """The wallet's own history, where the coin of the network comes in."""
    return WalletHistory(index, wallet, wallet, Asset.TON, lambda step: transfer_of(step, wallet))


def jetton_history(index: ChainIndex, jettons: JettonWallet) -> WalletHistory:
    """The history of a wallet's jetton wallet."""
    owner, account = jettons.owner, jettons.address
    return WalletHistory(index, owner, account, Asset.USDT, lambda step: jetton_transfer_of(step, jettons))


def _in_order(steps: Iterable[_Step]) -> list[_Step]:
    """Sorted by lt, each once; ChainUnavailable where two different transactions claim one lt."""
    unique: dict[int, _Step] = {}
    for step in steps:
        if unique.setdefault(step.lt, step).transfer.hash != step.transfer.hash:
            raise ChainUnavailable("two_transactions_at_one_lt")
    return [unique[lt] for lt in sorted(unique)]


def _unbroken(steps: list[_Step]) -> list[_Step]:
    """The steps up to the first gap; ChainUnavailable where they contradict each other."""
    for place, (before, step) in enumerate(pairwise(steps), start=1):
        if step.previous_lt == before.lt:
            if step.previous_hash not in {"", before.transfer.hash}:
                raise ChainUnavailable("history_contradicts_itself")
        elif 0 < step.previous_lt < before.lt:
            raise ChainUnavailable("history_contradicts_itself")
        else:
            return steps[:place]
    return steps
