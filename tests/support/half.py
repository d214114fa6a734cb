"""One half of a shop that runs twice: its own pool, its own cache, the product's services and gateways over both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from redis.asyncio import ConnectionPool, Redis

from app.domain.money import Money
from app.domain.plans import Catalogue, Plan
from app.domain.promo import offer_version
from app.domain.ton import TonAddress
from app.payments.desk import GatewayProvider, NotificationDesk
from app.payments.gateway.cryptobot import CryptoBotGateway
from app.payments.gateway.marks import Marks
from app.payments.gateway.stars import TelegramStarsGateway
from app.payments.gateway.ton import TonGateway
from app.payments.gateway.ton_history import coin_history
from app.payments.manager import PaymentManager
from app.repo.bonuses import Bonuses
from app.repo.configs import ConfigRepository
from app.repo.deliveries import DeliveryRepository
from app.repo.gifts import GiftRepository
from app.repo.payments import PaymentRepository
from app.repo.pending import PendingRepository
from app.repo.promo_desk import PromoDeskRepository
from app.repo.promos import PromoRepository
from app.repo.provisioning import ProvisioningRepository
from app.repo.receipts import ReceiptRepository
from app.repo.refunds import RefundRepository
from app.repo.renewals import RenewalRepository
from app.repo.settlement import Settler
from app.repo.shop import ShopRepository
from app.repo.stars import StarRepository
from app.repo.user import UserRepository
from app.repo.waiting import WaitingRepository
from app.services.accounts import Accounts
from app.services.deliveries import Deliveries
from app.services.gifts import Gifts
from app.services.operators import OperatorDesk
from app.services.pending import Checkout
from app.services.promos import Promos
from app.services.receipts import Receipts, Reconciliation
from app.services.refunds import RefundDesk
from app.services.shop import Shop
from app.services.stars import StarPayments, StarReconciliation, StarRefunder
from app.services.topups import TopUps
from app.utils.payment_cleanup import PaymentCleanupTask
from app.utils.redis import Cache
from app.utils.updater import TonTransactionsUpdater
from tests.support.books import MONTH, NOW, TIMEOUT, WALLET
from tests.support.outside import TOKEN
from tests.support.sales_model import PATIENCE

if TYPE_CHECKING:
    from app.payments.gateway.cryptopay_models import Invoice
    from app.repo.db import Database
    from tests.support.outside import Outside

MOST_OPEN = 3
STAR_RATE = Decimal("1.35")
BONUS = Money.rub(50)
PLANS = (MONTH, Plan("sub_3m", 90, Money.rub(349), 3))


@dataclass
class HandClock:
    """A clock that the test moves; implements ports.Clock."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


def own_cache(shared: Redis, number: int) -> Cache:
    """A cache that nobody else writes to or cleans: what is decided by it would be decided wrongly."""
    pool = shared.connection_pool
    settings = {**pool.connection_kwargs, "db": number}
    return Cache(Redis(connection_pool=ConnectionPool(connection_class=pool.connection_class, **settings)))


class Half:
    """What one replica of the bot has of the shop; the outside is shared with the other one."""

    def __init__(
        self, database: Database, cache: Cache, clock: HandClock, outside: Outside, most_open: int = MOST_OPEN
    ) -> None:
        self.database = database
        self.cache = cache
        self._outside = outside
        bonuses = Bonuses("first_payment", BONUS.decimal)
        self.users = UserRepository(database, cache, ttl=300, trial_key=b"k", bonuses=bonuses)
        self.accounts = Accounts(self.users, clock, 7)
        self.shop = Shop(ShopRepository(database, cache), Catalogue(PLANS), clock, _nobody)
        self.renewals = RenewalRepository(database, cache)
        self.gifts = Gifts(GiftRepository(database, cache), self.shop, clock)
        self.promos = Promos(PromoRepository(database, cache), clock, _nobody)
        self.promo_desk = PromoDeskRepository(database, cache)
        self.waiting = WaitingRepository(database, cache, bonuses)
        self.desk = OperatorDesk(self.waiting, clock, "olga")
        self.configs = ConfigRepository(database, cache)
        self.provisioning = ProvisioningRepository(database, cache)
        self.deliveries = Deliveries(
            DeliveryRepository(database, cache), clock, _nobody, alarm_after=timedelta(hours=1), return_after=PATIENCE
        )
        self.payments = PaymentRepository(database, cache, Settler(database, bonuses))
        self.receipts = Receipts(ReceiptRepository(database, cache, bonuses), clock, _nobody)
        self.cleanup = PaymentCleanupTask(self.payments, clock)
        wallet = TonAddress.parse(WALLET)
        ton = TonGateway(wallet, outside.rates)
        history = coin_history(outside.chain, wallet)
        self.updater = TonTransactionsUpdater(history, self.payments, outside.rates, clock)
        crypto = CryptoBotGateway(outside.till, TOKEN, Marks(b"k"), self.payments, clock)
        self.crypto = Reconciliation(GatewayProvider(crypto), self.payments, self.receipts, clock)
        store = StarRepository(database, cache)
        self.star_payments = StarPayments(store, self.receipts, STAR_RATE, clock)
        self.stars = StarReconciliation(outside.stars, store, self.star_payments, self.payments, clock)
        refunds = RefundRepository(database, cache)
        refunder = StarRefunder(outside.stars, self.stars, clock)
        self.refunds = RefundDesk(refunds, [refunder], self.receipts, clock)
        gateways = (ton, TelegramStarsGateway(outside.stars, STAR_RATE), crypto)
        self.manager = PaymentManager(gateways, self.payments, clock, TIMEOUT, most_open)
        self.checkout = Checkout(self.shop, self.gifts, self.manager)
        self.pending = PendingRepository(database, cache)
        self.topups = TopUps(self.manager, self.payments, _nobody)
        self._notifications = NotificationDesk(self.manager, self.receipts)

    async def webhook(self, invoice: Invoice) -> None:
        """Crypto Pay's news of a paid invoice come to this replica."""
        news = self._outside.till.webhook_of(invoice)
        answer = await self._notifications.take("cryptobot", news.body, news.headers, None)
        assert answer == (200, "ok")

    async def buy(self, tg_id: int, plan: Plan, intent: str, use_id: int = 0) -> None:
        """Press a plan's button, which shows a discount or none."""
        await self.shop.buy(tg_id, plan.key, offer_version(plan, use_id), intent)

    async def give(self, tg_id: int, plan: Plan, intent: str, use_id: int = 0) -> str:
        """The same for somebody else; the gift's code."""
        return (await self.gifts.buy(tg_id, plan.key, offer_version(plan, use_id), intent)).gift.code


def _nobody(_job: str) -> None:
    """No job waits to be woken here."""
