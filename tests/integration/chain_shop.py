"""Wallets read from an emulated chain into the real books, by one clock that the test moves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.assets import Asset
from app.domain.money import Money
from app.domain.ton import TonAddress, new_comment
from app.payments.gateway.ton import TonGateway
from app.payments.manager import PaymentManager
from app.payments.rates import TonApiChart, rate_sources
from app.payments.wallets import WatchedWallets
from app.repo.rates import RateRepository
from app.utils.rates import RubRates
from tests.integration.ton_world import MASTER, ChainWorld

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.payment import PaymentMethod
    from app.payments.models import AnyInvoice
    from app.repo.payments import PaymentRepository
    from app.services.chain import IncomingTransfer, Scan, Settlement
    from app.services.records import Rate
    from tests.support.books import Books

OWNER = 7
NO_PUBLIC_SITE = "http://127.0.0.1:1"
TIMEOUT = timedelta(minutes=10)


@dataclass
class Watched:
    """The store, with the sizes of the pages that it was given and the rates it would have fallen back on."""

    payments: PaymentRepository
    pages: list[int] = field(default_factory=list)

    async def settle(
        self, account: str, transfers: Sequence[IncomingTransfer], late_rate: Rate, now: datetime
    ) -> Settlement:
        self.pages.append(len(transfers))
        return await self.payments.settle(account, transfers, late_rate, now)

    async def scanned(self, account: str, method: str, wallet: str, now: datetime) -> Scan:
        return await self.payments.scanned(account, method, wallet, now)

    async def other_wallets(self, wallet: str, since: datetime) -> list[str]:
        return await self.payments.other_wallets(wallet, since)

    def __getattr__(self, name: str) -> object:
        return getattr(self.payments, name)


class ChainShop:
    """The shop's side of the chain: rates, gateways, and who reads which wallet."""

    def __init__(self, chain: ChainWorld, books: Books) -> None:
        self.chain = chain
        self.books = books
        self.clock = chain.clock
        self.store = Watched(books.payments)
        index = chain.client()
        constants = {Asset.TON: Decimal(210), Asset.USDT: Decimal(79)}
        sources = rate_sources(index, None, chain.session, NO_PUBLIC_SITE)
        history = RateRepository(books.database)
        self.rates = RubRates(sources, books.users, chain.clock, constants, history, TonApiChart(index, MASTER))
        self.wallets = self.wallets_of(chain.merchant)
        self.manager = self.manager_of(chain.merchant)

    def wallets_of(self, wallet: TonAddress) -> WatchedWallets:
        """Who reads what comes to a wallet."""
        return WatchedWallets(self.chain.client(), self.store, self.rates, self.clock, wallet, MASTER)  # type: ignore[arg-type]  # the rest is passed through

    def manager_of(self, wallet: TonAddress) -> PaymentManager:
        """The two ways to pay to a wallet."""
        gateways = [TonGateway(wallet, self.rates), TonGateway(wallet, self.rates, MASTER)]
        return PaymentManager(gateways, self.books.payments, self.clock, TIMEOUT, most_open=100)

    async def invoice(self, method: PaymentMethod, rubles: int = 400) -> AnyInvoice:
        """What a customer is shown."""
        return (await self.manager.open(OWNER, method, Money.rub(rubles))).invoice

    async def read(self) -> int:
        """Read both accounts of the wallet; how many credits."""
        reports = [await self.wallets.run_once(asset) for asset in Asset]
        return sum(report.credits for report in reports if report)

    async def many_invoices(self, count: int, wallet: TonAddress) -> list[str]:
        """Open invoices over 220 rubles each, for one coin, by a statement; their comments."""
        comments = [new_comment(hashlib.sha512(f"many {n}".encode()).digest()) for n in range(count)]
        now = self.clock.now()
        await self.books.rows(
            "INSERT INTO payments (user_id, method, amount, comment, nano, rate, rate_source, rate_at, account,"
            " created_at, expires_at) SELECT :owner, 'ton', 220, lower(code), 1000000000, 220, 'tonapi', :now,"
            " :account, :now, :ends FROM unnest(CAST(:codes AS text[])) code",
            owner=OWNER,
            account=wallet.raw,
            codes=comments,
            now=now,
            ends=now + TIMEOUT,
        )
        return comments
