"""Composes everything about payments: gateways, their jobs and doors. Part of the root; only app/main.py imports it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
import structlog

from app.core.money_updates import MoneyDesk
from app.core.stars_desk import BotStarsDesk
from app.domain.ton import TonAddress
from app.payments.desk import GatewayProvider, NotificationDesk
from app.payments.gateway.cryptobot import CryptoBotGateway
from app.payments.gateway.cryptobot_mark import Marks
from app.payments.gateway.cryptopay import MAIN_NET, TEST_NET, CryptoPay
from app.payments.gateway.stars import TelegramStarsGateway
from app.payments.gateway.ton import TonGateway
from app.payments.gateway.tonapi import TonApi
from app.payments.manager import PaymentManager
from app.readiness import StartFailed
from app.repo.leases import Leadership
from app.repo.money_updates import MoneyUpdateRepository
from app.repo.refunds import RefundRepository
from app.repo.stars import StarRepository
from app.services.receipts import ProviderSilent, Receipts, Reconciliation
from app.services.refunds import StarRefunds
from app.services.stars import StarPayments, StarReconciliation
from app.utils.payment_cleanup import PaymentCleanupTask
from app.utils.rates import TonRates
from app.utils.updater import TonTransactionsUpdater

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack

    from aiogram import Bot

    from app.keyring import Keyring
    from app.payments.gateway.base import BasePaymentGateway
    from app.repo.payments import PaymentRepository
    from app.repo.receipts import ReceiptRepository
    from app.repo.user import UserRepository
    from app.services.accounts import Accounts
    from app.services.ports import Clock
    from app.stores import Stores
    from config import Settings

    Every = Callable[[str, float, object], None]

log = structlog.get_logger(__name__)

MONEY_UPDATE_SECONDS = 5
DAY_SECONDS = 86_400


class CashDesk:
    """The ways to pay that the settings switch on, with what runs in the background for each."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        clock: Clock,
        keyring: Keyring,
        bot: Bot,
        accounts: Accounts,
        users: UserRepository,
        payments: PaymentRepository,
        receipts: ReceiptRepository,
        wake: Callable[[str], None],
        closing: AsyncExitStack,
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._clock = clock
        self._keyring = keyring
        self._bot = bot
        self._accounts = accounts
        self._users = users
        self._payments_store = payments
        self._wake = wake
        self._closing = closing
        self.receipts = Receipts(receipts, clock, wake)
        self.cleanup = PaymentCleanupTask(payments, clock)
        self._open_gateways()

    def _open_gateways(self) -> None:
        gateways: list[BasePaymentGateway] = []
        self.http = aiohttp.ClientSession()
        self._closing.push_async_callback(self.http.close)
        self.updater: TonTransactionsUpdater | None = None
        if self._settings.ton_address is not None:
            wallet = self._wallet(self._settings.ton_address)
            key = self._settings.tonapi_key
            index = TonApi(self.http, str(self._settings.tonapi_url), key.get_secret_value() if key else None)
            rates = TonRates(index, self._users, self._clock, self._settings.ton_rub_rate)
            ton = TonGateway(index, wallet, rates)
            self.updater = TonTransactionsUpdater(ton, self._payments_store, rates, self._clock)
            gateways.append(ton)
        desk = BotStarsDesk(self._bot, self._accounts)
        if self._settings.stars_enabled:
            gateways.append(TelegramStarsGateway(desk, self._settings.telegram_stars_rate))
        self._stars(desk)
        self.cryptobot = self._cryptobot()
        if self.cryptobot is not None:
            gateways.append(self.cryptobot)
        timeout = timedelta(minutes=self._settings.payment_timeout_minutes)
        self.manager = PaymentManager(gateways, self._payments_store, self._clock, timeout)
        self.notifications = NotificationDesk(self.manager, self.receipts)

    def start_jobs(self, every: Every) -> None:
        """Hand every background job about payments to `every` (name, seconds between runs, coroutine function)."""
        self._every = every
        poll_seconds = self._settings.payment_poll_seconds
        every("cleanup", 3600, self.cleanup.run_once)
        if self.updater is not None:
            self.ton_lead = Leadership(self._stores.engine, "ton-poller")
            self._closing.push_async_callback(self.ton_lead.release)
            every("ton", self._settings.ton_poll_seconds, self._poll_ton)
        every("stars", poll_seconds, self._reconcile_stars)
        # No lead is needed: whoever asks, a provider gives a charge back once.
        every("refunds", poll_seconds, self.refunds.finish)
        every("money-updates", MONEY_UPDATE_SECONDS, self.money_updates.handle_due)
        every("money-updates-kept", DAY_SECONDS, self.money_updates.forget)
        if self.cryptobot is not None:
            self._reconcile(self.cryptobot, poll_seconds)

    def _stars(self, desk: BotStarsDesk) -> None:
        """What came in Stars is booked even where none are taken any more: links outlive a setting."""
        database, cache = self._stores.database, self._stores.cache
        store = StarRepository(database, cache)
        charges = StarPayments(store, self.receipts, self._settings.telegram_stars_rate, self._clock)
        self.stars = StarReconciliation(desk, store, charges, self._payments_store, self._clock)
        self.refunds = StarRefunds(RefundRepository(database, cache), desk, self.stars, self.receipts, self._clock)
        updates = MoneyUpdateRepository(database, cache, self._settings.bot_id)
        self.money_updates = MoneyDesk(self._bot, updates, charges, self._clock)

    def _cryptobot(self) -> CryptoBotGateway | None:
        settings = self._settings
        if settings.cryptobot_token is None:
            return None
        url = settings.cryptobot_api_url or (TEST_NET if settings.cryptobot_testnet else MAIN_NET)
        token = settings.cryptobot_token.get_secret_value()
        marks = Marks(self._keyring.derive("cryptobot-invoices"))
        return CryptoBotGateway(CryptoPay(self.http, str(url), token), token, marks, self._payments_store, self._clock)

    @staticmethod
    def _wallet(address: str) -> TonAddress:
        try:
            wallet = TonAddress.parse(address)
        except ValueError:
            raise StartFailed("TON_ADDRESS is not the address of a TON wallet") from None
        if wallet.test_only:
            raise StartFailed("TON_ADDRESS is a test-only address: give the one for the main network")
        return wallet

    def _reconcile(self, gateway: BasePaymentGateway, seconds: float) -> None:
        """Ask a gateway from time to time what came; one replica does, under the gateway's own lead."""
        lead = Leadership(self._stores.engine, f"{gateway.method.value}-reconciliation")
        self._closing.push_async_callback(lead.release)
        work = Reconciliation(GatewayProvider(gateway), self._payments_store, self.receipts, self._clock)

        async def run() -> None:
            if await lead.try_acquire():
                await work.run_once()
                self._wake("notices")

        self._every(gateway.method.value, seconds, run)

    async def _reconcile_stars(self) -> None:
        # No lead is needed: two replicas side by side cost Telegram two questions and book everything once.
        try:
            if booked := await self.stars.run_once():
                log.warning("stars_reconciled", rows=booked)
        except ProviderSilent as silence:
            log.warning("provider_silent", gateway="stars", reason=str(silence))

    async def _poll_ton(self) -> None:
        if self.updater is not None and await self.ton_lead.try_acquire():
            await self.updater.run_once()
            self._wake("notices")
