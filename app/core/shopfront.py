"""What handlers may call: the use cases, under one name in their arguments. Holds no behaviour of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.core.contact import Contact
    from app.domain.referral import Bonus
    from app.services.accounts import Accounts
    from app.services.configs import Configs
    from app.services.devices import Devices
    from app.services.gifts import Gifts
    from app.services.history import History
    from app.services.locations import Locations
    from app.services.pending import Checkout
    from app.services.ports import Clock
    from app.services.promos import Promos
    from app.services.reminders import Reminders
    from app.services.renewals import Renewals
    from app.services.shop import Shop
    from app.services.support import Support
    from app.services.topups import TopUps
    from app.services.traffic import TrafficBook


@dataclass(frozen=True, slots=True)
class Shopfront:
    """The use cases behind the screens."""

    accounts: Accounts
    configs: Configs
    shop: Shop
    topups: TopUps
    promos: Promos
    gifts: Gifts
    checkout: Checkout
    devices: Devices
    renewals: Renewals
    reminders: Reminders
    history: History
    locations: Locations
    traffic: TrafficBook
    clock: Clock
    referral_bonus: Bonus
    contact: Contact
    support: Support | None
    bot_username: Callable[[], Awaitable[str]]
