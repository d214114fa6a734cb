"""Composes what handlers may call: the use cases of the shop. Part of the root; only app/main.py imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.checkout_notices import CheckoutNews
from app.core.reminders import ReminderPost, remind
from app.core.shopfront import Shopfront
from app.domain.money import Money
from app.domain.referral import Bonus
from app.repo.gifts import GiftRepository
from app.repo.locations import LocationRepository
from app.repo.pending import PendingRepository
from app.repo.promos import PromoRepository
from app.repo.reminders import ReminderRepository
from app.repo.renewals import RenewalRepository
from app.repo.shop import ShopRepository
from app.repo.traffic import TrafficRepository
from app.services.configs import Configs
from app.services.gifts import Gifts
from app.services.locations import Locations
from app.services.pending import Checkout, PendingPurchases
from app.services.promos import Promos
from app.services.reminders import Reminders
from app.services.renewals import Renewals
from app.services.shop import Shop
from app.services.topups import TopUps
from app.services.traffic import TrafficBook

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiogram import Bot

    from app.cashdesk import CashDesk
    from app.fleet import Fleet
    from app.reception import Reception
    from app.repo.configs import ConfigRepository
    from app.repo.payments import PaymentRepository
    from app.services.accounts import Accounts
    from app.services.ports import Clock
    from app.stores import Stores
    from config import Settings

    Every = Callable[[str, float, object], None]

REMIND_SECONDS = 60
DAY_SECONDS = 86_400


class Counter:
    """Where customers are served: `shopfront` for the handlers, and the jobs that keep its promises."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        clock: Clock,
        accounts: Accounts,
        payments: PaymentRepository,
        configs: ConfigRepository,
        cash: CashDesk,
        fleet: Fleet,
        reception: Reception,
        wake: Callable[[str], None],
        bot: Bot,
        bot_username: Callable[[], Awaitable[str]],
    ) -> None:
        database, cache = stores.database, stores.cache
        catalogue, quiet = settings.catalogue(), settings.quiet()
        shop = Shop(ShopRepository(database, cache), catalogue, clock, wake)
        gifts = Gifts(GiftRepository(database, cache), shop, clock)
        self.pending = PendingPurchases(PendingRepository(database, cache), catalogue, clock, wake)
        self.promos = Promos(PromoRepository(database, cache), clock, wake)
        locations = Locations(fleet.choice, LocationRepository(database), clock, wake)
        self.configs = Configs(configs, fleet.usage, clock, wake, fleet.links, locations)
        self.traffic = TrafficBook(TrafficRepository(database), clock)
        self.news = CheckoutNews(self.configs, catalogue, clock, bot_username)
        reminders = ReminderRepository(database)
        self.renewals = Renewals(RenewalRepository(database, cache), catalogue, clock, quiet, wake)
        self.reminders = Reminders(reminders, clock)
        self.post = ReminderPost(bot, reminders, catalogue, quiet, clock)
        self._wake = wake
        self.shopfront = Shopfront(
            accounts=accounts,
            configs=self.configs,
            shop=shop,
            topups=TopUps(cash.manager, payments, wake),
            promos=self.promos,
            gifts=gifts,
            checkout=Checkout(shop, gifts, cash.manager),
            devices=fleet.limits.devices,
            renewals=self.renewals,
            reminders=self.reminders,
            history=reception.history,
            locations=locations,
            traffic=self.traffic,
            clock=clock,
            referral_bonus=_bonus(settings),
            contact=reception.contact,
            support=reception.support,
            bot_username=bot_username,
        )

    def start_jobs(self, every: Every) -> None:
        """Hand every job to `every` (name, seconds between runs, coroutine function)."""
        every("promos", 60, self.promos.release_lapsed)
        # Money enqueues this by itself; here it looks after what a dead replica left.
        every("pending-purchases", 10, self.pending.run_once)
        every("traffic-kept", DAY_SECONDS, self.traffic.forget_old)
        every("reminders", REMIND_SECONDS, self.remind)

    async def remind(self) -> None:
        """Renewals and reminders; what this run can't write to everybody follows at once."""
        if await remind(self.renewals, self.reminders, self.post):
            self._wake("reminders")


def _bonus(settings: Settings) -> Bonus:
    return Bonus(Money.rub(settings.referral_bonus), at_signup=settings.referral_trigger == "signup")
