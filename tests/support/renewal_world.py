"""A replica of what renews and reminds, over the test's stores and its letterbox, put together as in production."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from app.core.checkout_notices import CheckoutNews
from app.core.notices import Notifier
from app.core.reminders import ReminderPost, remind
from app.domain.money import Money
from app.domain.plans import Catalogue, Plan
from app.domain.quiet import QuietHours
from app.repo.notices import NoticeRepository
from app.repo.reminders import ReminderRepository
from app.repo.renewals import RenewalRepository
from app.repo.user import UserRepository
from app.services.accounts import Accounts
from app.services.reminders import Reminders
from app.services.renewals import Renewals
from tests.support.books import MONTH, NOW, Books
from tests.support.half import HandClock
from tests.support.letterbox import Letterbox, no_sleep

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.repo.db import Database
    from app.utils.redis import Cache

YEAR = Plan("sub_12m", 365, Money.rub(929), 5)
CATALOGUE = Catalogue([MONTH, YEAR])
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TRIAL_END = NOW + 7 * DAY


class Replica:
    """One process. What its repositories and its bot do once it is dead is refused."""

    def __init__(
        self,
        database: Database,
        cache: Cache,
        letterbox: Letterbox,
        clock: HandClock,
        *,
        quiet: QuietHours | None = None,
        catalogue: Catalogue = CATALOGUE,
        is_alive: Callable[[], bool] = lambda: True,
    ) -> None:
        hours = quiet or QuietHours()
        accounts = Accounts(UserRepository(database, cache, ttl=300, trial_key=b"k"), clock, 7)
        bot, store = letterbox.bot(accounts.gone, is_alive), ReminderRepository(database)
        self.renewal_store = RenewalRepository(database, cache)
        self.renewals = Renewals(self.renewal_store, catalogue, clock, hours, lambda _job: None)
        self.reminders = Reminders(store, clock)
        self.post = ReminderPost(bot, store, catalogue, hours, clock, no_sleep)
        # No notice of a renewal shows a config, or a purchase that waited for money.
        none = cast("Any", None)
        news = CheckoutNews(none, catalogue, clock, none)
        self.notifier = Notifier(bot, NoticeRepository(database, cache), none, clock, news)

    async def remind(self) -> None:
        """Renew, remind, until nothing is left to do at this moment."""
        while await remind(self.renewals, self.reminders, self.post):
            pass

    async def tell(self) -> None:
        """Deliver what was promised."""
        while await self.notifier.run_once():
            pass

    async def work(self) -> None:
        """Everything that is due."""
        await self.remind()
        await self.tell()


class RenewalWorld(Books):
    """Accounts whose clock is moved, with a replica that works when it is told to."""

    def __init__(self, database: Database, cache: Cache, quiet: str = "") -> None:
        super().__init__(database, cache)
        self.clock = HandClock()
        self.letterbox = Letterbox(self.clock.now)
        self._cache = cache
        self._quiet = QuietHours.parse(quiet) if quiet else QuietHours()
        self.replica = self.another()

    def another(self, catalogue: Catalogue = CATALOGUE) -> Replica:
        """One more replica over the same stores."""
        return Replica(
            self.database, self._cache, self.letterbox, self.clock, quiet=self._quiet, catalogue=catalogue
        )

    async def arrive_in_english(self, *tg_ids: int) -> None:
        """They press Start, and a first look is taken: what is seen from here on comes due by the clock."""
        await self.arrive(*tg_ids)
        await self.rows("UPDATE users SET language = 'en'")
        await self.replica.reminders.write_due()

    async def agrees(self, tg_id: int = 7, plan: Plan = MONTH) -> None:
        """The person switches renewals on."""
        await self.replica.renewals.agree(tg_id, plan.key, plan.version)

    async def pass_to(self, at: datetime, replica: Replica | None = None) -> list[str]:
        """The clock moves on, and everything that is due is done; what person 7 has been told by then."""
        self.clock.at = at
        here = replica or self.replica
        await here.work()
        return self.letterbox.words()

    async def end(self, tg_id: int = 7) -> datetime:
        """When the subscription ends, by the row."""
        found: datetime = await self.value("SELECT subscription_end FROM users WHERE tg_id = :id", id=tg_id)
        return found

    async def renewed(self) -> int:
        """How many purchases were made by themselves."""
        count: int = await self.value("SELECT count(*) FROM purchases WHERE intent LIKE 'renew:%'")
        return count
