"""Brings the wallet's history from the chain into the store, one run at a time. Judges no transfer and never loops."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from app.domain.ton import Verdict, is_comment_code
from app.services.ports import ChainSource, ChainStore, ChainUnavailable, Clock, LateRates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from app.services.chain import IncomingTransfer

log = structlog.get_logger(__name__)

# A transfer that was seen within this of its own time is valued by the rates that were noted meanwhile.
LATE = timedelta(minutes=10)


class WalletSource(ChainSource, Protocol):
    """The wallet's history, with its newest end and how far behind the chain it is."""

    async def newest(self) -> list[IncomingTransfer]:
        """The newest page in order of lt; raises ChainUnavailable."""
        ...

    async def lag(self) -> timedelta:
        """How far the index is behind the chain; raises ChainUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What one run came to; `complete` where it reached the newest transaction, and only then anything expires."""

    transfers: int = 0
    credits: int = 0
    unmatched: int = 0
    expired: int = 0
    complete: bool = False


class TonTransactionsUpdater:
    """Call `run_once` every TON_POLL_SECONDS; runs may overlap or repeat, for the store takes a transaction once."""

    def __init__(self, source: WalletSource, store: ChainStore, rates: LateRates, clock: Clock) -> None:
        self._source = source
        self._store = store
        self._rates = rates
        self._clock = clock
        self._blind = False
        # As the store said after the last complete scan; None where it has to be asked.
        self._lt: int | None = None

    async def run_once(self) -> UpdateReport:
        """Store everything after the cursor, then fail what the complete scan shows to be unpaid in time.

        Where the chain can't be read, what was read before stays stored, nothing expires, and the next run goes on.
        """
        started_at = self._clock.now()
        report = UpdateReport()
        try:
            async for page in self._pages():
                report = await self._stored(report, page)
            lag = await self._source.lag()
        except ChainUnavailable as error:
            self._note_blindness(error)
            self._lt = None
            return report
        self._note_sight()
        source = self._source
        scan = await self._store.scanned(source.account, source.asset.value, source.wallet, started_at - lag)
        self._lt = scan.lt
        return self._finished(replace(report, expired=scan.expired, complete=True), started_at)

    async def _pages(self) -> AsyncIterator[Sequence[IncomingTransfer]]:
        lt, self._lt = self._lt, None
        if lt is None:
            cursor = await self._store.cursor(self._source.account)
            # An account without history stays at lt 0 after its first scan: what comes then is not history.
            if cursor.lt == 0 and cursor.scanned_at is None:
                yield _without_history(await self._source.newest())
                return
            lt = cursor.lt
        async for page in self._source.since(lt):
            yield page

    async def _stored(self, report: UpdateReport, page: Sequence[IncomingTransfer]) -> UpdateReport:
        if not page:
            return report
        asset, now = self._source.asset, self._clock.now()
        waited = [transfer.at for transfer in page if transfer.is_money and _carries_code(transfer)]
        if waited and now - min(waited) > LATE:
            # Some may be late, and are worth what the asset was at their minute: nobody noted it while we were blind.
            await self._rates.cover(asset, min(waited), max(waited))
        rate = await self._rates.of(asset)
        settlement = await self._store.settle(self._source.account, page, rate, now)
        return replace(
            report,
            transfers=report.transfers + len(page),
            credits=report.credits + len(settlement.credits),
            unmatched=report.unmatched + settlement.unmatched,
        )

    def _note_blindness(self, error: ChainUnavailable) -> None:
        if not self._blind:
            log.warning("chain_unavailable", reason=str(error))
        self._blind = True

    def _note_sight(self) -> None:
        if self._blind:
            log.info("chain_available")
        self._blind = False

    def _finished(self, report: UpdateReport, started_at: datetime) -> UpdateReport:
        if report.transfers or report.expired:
            log.info(
                "chain_scanned",
                transfers=report.transfers,
                asset=self._source.asset.value,
                credits=report.credits,
                unmatched=report.unmatched,
                expired=report.expired,
                started_at=started_at.isoformat(),
            )
        return report


def _without_history(newest: Sequence[IncomingTransfer]) -> list[IncomingTransfer]:
    """What a first start stores of a wallet that was used before: transfers with one of our codes, and the newest.

    The codes may have been paid before the chain was first read, and are credited if this shop gave them out. The
    newest transaction only carries the cursor over the rest.
    """
    return [
        transfer if _carries_code(transfer) else replace(transfer, is_money=False, verdict=Verdict.HISTORY.value)
        for place, transfer in enumerate(newest, start=1)
        if place == len(newest) or _carries_code(transfer)
    ]


def _carries_code(transfer: IncomingTransfer) -> bool:
    return transfer.comment is not None and is_comment_code(transfer.comment)
