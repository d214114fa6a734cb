"""Which accounts of the chain are read for which wallets: today's, and those that open invoices still name.

Judges no transfer; that the shop has one reader is the caller's to see to.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from app.domain.assets import Asset
from app.domain.ton import TonAddress
from app.payments.gateway.ton_history import ChainIndex, coin_history, jetton_history
from app.payments.gateway.ton_jetton import ADDRESS_METHOD, JettonWallet, address_in
from app.services.ports import ChainStore, ChainUnavailable
from app.utils.updater import TonTransactionsUpdater

if TYPE_CHECKING:
    from datetime import datetime

    from app.payments.gateway.ton_history import WalletHistory
    from app.payments.gateway.tonapi_models import MethodResult
    from app.services.ports import Clock, LateRates
    from app.utils.updater import UpdateReport

log = structlog.get_logger(__name__)

# Unpaid invoices keep the wallet watched that they name for as long as they are kept themselves.
WATCHED = timedelta(days=7)
OTHERS_EVERY = timedelta(minutes=5)


class WalletIndex(ChainIndex, Protocol):
    """What is asked of tonapi."""

    async def method(self, account: str, name: str, argument: str) -> MethodResult:
        """What a contract's own method answers to one argument; raises ChainUnavailable."""
        ...


class WalletStore(ChainStore, Protocol):
    """What the shop knows of its wallets."""

    async def other_wallets(self, wallet: str, since: datetime) -> list[str]:
        """Wallets beside this one that unpaid invoices name: all that are pending, and what failed since `since`."""
        ...


class WatchedWallets:
    """Reads what came to `wallet`, in the coin and in the jetton of `master`, each where it comes in."""

    def __init__(
        self,
        index: WalletIndex,
        store: WalletStore,
        rates: LateRates,
        clock: Clock,
        wallet: TonAddress,
        master: TonAddress,
    ) -> None:
        self._index = index
        self._store = store
        self._rates = rates
        self._clock = clock
        self._wallet = wallet
        self._master = master
        self._updaters: dict[tuple[str, Asset], TonTransactionsUpdater] = {}
        self._nameless: set[str] = set()
        self._others_at: datetime | None = None

    async def run_once(self, asset: Asset) -> UpdateReport | None:
        """Read what came in one asset; None where the account that it comes to is not known yet."""
        return await self._read(self._wallet, asset)

    async def read_others(self) -> None:
        """Read the wallets of before that invoices still name, every five minutes at most."""
        now = self._clock.now()
        if self._others_at is not None and now < self._others_at:
            return
        self._others_at = now + OTHERS_EVERY
        for raw in await self._store.other_wallets(self._wallet.raw, now - WATCHED):
            for asset in Asset:
                await self._read(TonAddress.parse(raw), asset)

    async def _read(self, wallet: TonAddress, asset: Asset) -> UpdateReport | None:
        key = (wallet.raw, asset)
        if key not in self._updaters:
            history = await self._history(wallet, asset)
            if history is None:
                return None
            self._updaters[key] = TonTransactionsUpdater(history, self._store, self._rates, self._clock)
        return await self._updaters[key].run_once()

    async def _history(self, wallet: TonAddress, asset: Asset) -> WalletHistory | None:
        if asset is Asset.TON:
            return coin_history(self._index, wallet)
        try:
            # Asked of the master itself: nobody else can say which jetton wallet is the right one.
            address = address_in(await self._index.method(self._master.raw, ADDRESS_METHOD, wallet.raw))
            reason = "the master names none"
        except ChainUnavailable as error:
            address, reason = None, str(error)
        if address is not None:
            return jetton_history(self._index, JettonWallet(wallet, self._master, address))
        if wallet.raw not in self._nameless:
            log.warning("jetton_wallet_unknown", wallet=wallet.raw, reason=reason)
        self._nameless.add(wallet.raw)
        return None
