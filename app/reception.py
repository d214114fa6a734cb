"""Composes who gets in and who is answered: bans, the required channel, support. Part of the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.contact import Contact
from app.core.gate import Channel, GateMiddleware
from app.core.middlewares import BannedMiddleware
from app.core.operators import Operators
from app.core.operators_chat import OperatorsChat
from app.core.support_relay import SupportRelay
from app.repo.bans import BanRepository
from app.repo.doorman import Doorman
from app.repo.history import HistoryRepository
from app.repo.support import SupportRepository
from app.repo.support_errands import SupportErrands
from app.services.bans import Bans
from app.services.history import History
from app.services.support import Support

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiogram import BaseMiddleware, Bot

    from app.services.accounts import Accounts
    from app.services.ports import Clock
    from app.stores import Stores
    from config import Settings

    Every = Callable[[str, float, object], None]


class Reception:
    """What stands before the handlers, and the help that is open to everybody."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        clock: Clock,
        bot: Bot,
        accounts: Accounts,
        wake: Callable[[str], None],
    ) -> None:
        database, cache = stores.database, stores.cache
        self.bans = Bans(BanRepository(database, cache), clock)
        self.history = History(HistoryRepository(database))
        self.doorman = Doorman(cache)
        self.support: Support | None = None
        self.relay: SupportRelay | None = None
        # Before all others, and behind all others that look at a person.
        self.first: Sequence[BaseMiddleware] = ()
        group = settings.support_chat_id
        if group is not None:
            errands = SupportErrands(database, cache, group)
            operators = Operators(bot, group, accounts, next(iter(settings.admin_ids), None))
            self.support = Support(SupportRepository(database, cache, group), clock, wake)
            self.relay = SupportRelay(bot, operators, errands, self.history, clock)
            self.first = (OperatorsChat(operators, self.support, errands),)
        self.contact = Contact(settings.support_username, takes_requests=self.support is not None)
        self.last: Sequence[BaseMiddleware] = (BannedMiddleware(self.bans, self.contact),)
        if settings.required_channel is not None:
            channel = Channel(bot, settings.required_channel, self.doorman)
            self.last = (*self.last, GateMiddleware(channel, clock))

    def start_jobs(self, every: Every) -> None:
        """Hand every job to `every` (name, seconds between runs, coroutine function)."""
        every("bans", 60, self.bans.lift_lapsed)
        if self.relay is not None:
            every("support", 10, self.relay.run)
