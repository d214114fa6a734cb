"""Composes everything about payments: gateways, their jobs and doors. Part of the root, for app/main.py and app/cli."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
import structlog
from aiogram.exceptions import TelegramAPIError

from app.clients import open_crypto_pay, open_tonapi
from app.core.money_updates import MoneyDesk
from app.core.stars_desk import BotStarsDesk
from app.domain.assets import Asset
from app.domain.ton import TonAddress
from app.payments.desk import GatewayProvider, GatewayRefunder, NotificationDesk
from app.payments.gateway.base import GatewayUnavailable
from app.payments.gateway.cryptobot import CryptoBotGateway
from app.payments.gateway.marks import Marks
from app.payments.gateway.stars import TelegramStarsGateway
from app.payments.gateway.ton import TonGateway
from app.payments.gateway.yookassa import Shop, YooKassaGateway
from app.payments.gateway.yookassa_api import YooKassa
from app.payments.gateway.yookassa_wishes import Fiscal
from app.payments.manager import PaymentManager
from app.payments.rates import TonApiChart, rate_sources
from app.payments.wallets import WatchedWallets
from app.readiness import StartFailed
from app.repo.money_updates import MoneyUpdateRepository
from app.repo.operator_news import OperatorNewsRepository
from app.repo.rates import RateRepository
from app.repo.refunds import RefundRepository
from app.repo.stars import StarRepository
from app.services.operator_news import WatchedProvider
from app.services.receipts import ProviderSilent, Receipts, Reconciliation
from app.services.refunds import RefundDesk
from app.services.stars import StarPayments, StarReconciliation, StarRefunder
from app.utils.payment_cleanup import PaymentCleanupTask
from app.utils.rates import RubRates

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
    from app.services.refunds import Refunder
    from app.stores import Stores
    from config import Settings

    Every = Callable[[str, float, object], None]

log = structlog.get_logger(__name__)

MONEY_UPDATE_SECONDS = 5
DAY_SECONDS = 86_400
RATE_SECONDS = 20


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
        self.http = aiohttp.ClientSession()
        self._closing.push_async_callback(self.http.close)
        # Whose silence operators are told of, by the names under which the store knows when they were heard.
        self.watched = ["stars"]
        self.crypto_pay = open_crypto_pay(self._settings, self.http)
        self.wallets: WatchedWallets | None = None
        desk = BotStarsDesk(self._bot, self._accounts)
        self._stars(desk)
        self.cryptobot, self.yookassa = self._cryptobot(), self._yookassa()
        # In the order in which customers see them: what most of them have at hand comes first.
        gateways: list[BasePaymentGateway] = [self.yookassa] if self.yookassa is not None else []
        if self._settings.stars_enabled:
            gateways.append(TelegramStarsGateway(desk, self._settings.telegram_stars_rate))
        if self.cryptobot is not None:
            gateways.append(self.cryptobot)
        if self._settings.ton_address is not None:
            gateways += self._ton(self._address("TON_ADDRESS", "a TON wallet", self._settings.ton_address))
        self.refunds = self._refund_desk(desk, gateways)
        timeout = timedelta(minutes=self._settings.payment_timeout_minutes)
        self.manager = PaymentManager(gateways, self._payments_store, self._clock, timeout)
        self.notifications = NotificationDesk(self.manager, self.receipts)

    def start_jobs(self, every: Every) -> None:
        """Hand every background job about payments to `every` (name, seconds between runs, coroutine function)."""
        self._every = every
        poll_seconds = self._settings.payment_poll_seconds
        every("cleanup", 3600, self.cleanup.run_once)
        if self.wallets is not None:
            every("rates", RATE_SECONDS, self.rates.refresh)
            every("rates-kept", DAY_SECONDS, self.rates.forget)
            for asset in Asset:
                self._poll(self.wallets, asset)
        every("stars", poll_seconds, self._reconcile_stars)
        every("refunds", poll_seconds, self.refunds.finish)
        every("money-updates", MONEY_UPDATE_SECONDS, self.money_updates.handle_due)
        every("money-updates-kept", DAY_SECONDS, self.money_updates.forget)
        for gateway in (self.cryptobot, self.yookassa):
            if gateway is not None:
                self._reconcile(gateway, poll_seconds)

    def _stars(self, desk: BotStarsDesk) -> None:
        """What came in Stars is booked even where none are taken any more: links outlive a setting."""
        database, cache = self._stores.database, self._stores.cache
        store = StarRepository(database, cache)
        charges = StarPayments(store, self.receipts, self._settings.telegram_stars_rate, self._clock)
        self.stars = StarReconciliation(desk, store, charges, self._payments_store, self._clock)
        updates = MoneyUpdateRepository(database, cache, self._settings.bot_id)
        self.money_updates = MoneyDesk(self._bot, updates, charges, self._clock)

    def _ton(self, wallet: TonAddress) -> list[BasePaymentGateway]:
        """The coin, and USDT where it is wanted; what comes in USDT is booked even where it is not offered."""
        settings = self._settings
        # One client for everything that is asked of tonapi.
        index = open_tonapi(settings, self.http)
        master = self._address("USDT_MASTER", "a jetton master", settings.usdt_master)
        self.rates = RubRates(
            rate_sources(index, self.crypto_pay, self.http, str(settings.rates_url)),
            self._users,
            self._clock,
            {Asset.TON: settings.ton_rub_rate, Asset.USDT: settings.usd_rub_rate},
            RateRepository(self._stores.database),
            TonApiChart(index, master),
        )
        self.watched.append(wallet.raw)
        self.wallets = WatchedWallets(index, self._payments_store, self.rates, self._clock, wallet, master)
        usdt = [TonGateway(wallet, self.rates, master)] if settings.usdt_enabled else []
        return [TonGateway(wallet, self.rates), *usdt]

    def _cryptobot(self) -> CryptoBotGateway | None:
        token = self._settings.cryptobot_token
        if token is None or self.crypto_pay is None:
            return None
        marks = Marks(self._keyring.derive("cryptobot-invoices"))
        return CryptoBotGateway(
            self.crypto_pay, token.get_secret_value(), marks, self._payments_store, self._clock
        )

    def _yookassa(self) -> YooKassaGateway | None:
        settings, key = self._settings, self._settings.yookassa_secret_key
        if settings.yookassa_shop_id is None or key is None:
            return None
        api = YooKassa(self.http, str(settings.yookassa_api_url), settings.yookassa_shop_id, key.get_secret_value())
        email = settings.yookassa_receipt_email
        fiscal = Fiscal(email, settings.yookassa_vat_code) if email else None
        shop = Shop(self._chat, self._keyring.derive("yookassa-requests"), fiscal)
        marks = Marks(self._keyring.derive("yookassa-invoices"))
        return YooKassaGateway(api, shop, marks, self._payments_store, self._clock)

    def _refund_desk(self, desk: BotStarsDesk, gateways: list[BasePaymentGateway]) -> RefundDesk:
        refunders: list[Refunder] = [StarRefunder(desk, self.stars, self._clock)]
        refunders += [GatewayRefunder(gateway) for gateway in gateways if gateway.descriptor.can_refund]
        store = RefundRepository(self._stores.database, self._stores.cache)
        return RefundDesk(store, refunders, self.receipts, self._clock)

    async def _chat(self) -> str:
        """Where a customer comes back to from a provider's page; asked of Telegram once."""
        try:
            return f"https://t.me/{(await self._bot.me()).username}"
        except TelegramAPIError as problem:
            raise GatewayUnavailable(type(problem).__name__) from None

    @staticmethod
    def _address(setting: str, what: str, text: str) -> TonAddress:
        try:
            address = TonAddress.parse(text)
        except ValueError:
            raise StartFailed(f"{setting} is not the address of {what}") from None
        if address.test_only:
            raise StartFailed(f"{setting} is a test-only address: give the one for the main network")
        return address

    def _reconcile(self, gateway: BasePaymentGateway, seconds: float) -> None:
        """Ask a gateway from time to time what came."""
        provider = WatchedProvider(
            GatewayProvider(gateway), OperatorNewsRepository(self._stores.database), self._clock
        )
        self.watched.append(provider.name)
        work = Reconciliation(provider, self._payments_store, self.receipts, self._clock)

        async def run() -> None:
            await work.run_once()
            self._wake("notices")

        self._every(gateway.method.value, seconds, run)

    async def _reconcile_stars(self) -> None:
        try:
            if booked := await self.stars.run_once():
                log.warning("stars_reconciled", rows=booked)
        except ProviderSilent as silence:
            log.warning("provider_silent", gateway="stars", reason=str(silence))

    def _poll(self, wallets: WatchedWallets, asset: Asset) -> None:
        """Read from time to time what came in an asset."""

        async def run() -> None:
            await wallets.run_once(asset)
            if asset is Asset.TON:
                await wallets.read_others()
            self._wake("notices")

        self._every(asset.value, self._settings.ton_poll_seconds, run)
