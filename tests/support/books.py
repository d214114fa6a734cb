"""The repositories over one real database, with short ways to say what tests of money say often."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app.domain.assets import Asset
from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.domain.plans import Plan
from app.domain.promo import GIFT_LENGTH, Terms, new_code
from app.domain.ton import new_comment, quoted_nano
from app.repo.audit import breaks
from app.repo.bans import BanRepository
from app.repo.bonuses import Bonuses
from app.repo.configs import ConfigRepository
from app.repo.gifts import GiftRepository
from app.repo.notices import NoticeRepository
from app.repo.payments import PaymentRepository
from app.repo.promo_desk import PromoDeskRepository
from app.repo.promos import PromoRepository
from app.repo.provisioning import ProvisioningRepository
from app.repo.settlement import Settler
from app.repo.shop import ShopRepository
from app.repo.user import UserRepository
from app.services.chain import IncomingTransfer
from app.services.promos import NewPromo
from app.services.records import Newcomer, NewPayment, Quote, Rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from app.domain.promo import PromoKind
    from app.repo.bonuses import Trigger
    from app.repo.db import Database
    from app.services.chain import Settlement
    from app.services.gifts import GiftBought
    from app.services.promos import Redeemed
    from app.services.records import Arrival, Payment, Purchase
    from app.utils.redis import Cache

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TIMEOUT = timedelta(minutes=10)
WALLET = "0:" + "a" * 64
JETTON_WALLET = "0:" + "c" * 64
MONTH = Plan("sub_1m", 30, Money.rub(129), 2)


def rate(rub: Decimal | str = "220", at: datetime = NOW) -> Rate:
    return Rate(Decimal(rub), "test", at)


class Books:
    """Accounts, invoices, transfers and what they came to."""

    def __init__(self, database: Database, cache: Cache, trigger: Trigger = "first_payment") -> None:
        self.database = database
        bonuses = Bonuses(trigger, Decimal(50))
        self.users = UserRepository(database, cache, ttl=300, trial_key=b"k", bonuses=bonuses)
        self.payments = PaymentRepository(database, cache, Settler(database, bonuses))
        self.bans = BanRepository(database, cache)
        self.shop = ShopRepository(database, cache)
        self.promos = PromoRepository(database, cache)
        self.desk = PromoDeskRepository(database, cache)
        self.gifts = GiftRepository(database, cache)
        self.configs = ConfigRepository(database, cache)
        self.provisioning = ProvisioningRepository(database, cache)
        self.notices = NoticeRepository(database, cache)
        self._serial = count(1)

    async def arrive(self, *tg_ids: int, inviter: int | None = None) -> Arrival:
        """Each of them presses Start; the last one's arrival."""
        for tg_id in tg_ids:
            arrival = await self.users.arrive(Newcomer(tg_id, "Nina", None, "ru", inviter), NOW, 7)
        return arrival

    async def invoice(
        self,
        tg_id: int = 7,
        rubles: int | str | Decimal = 400,
        rub: str | Decimal = "220",
        *,
        nano: int | None = None,
        at: datetime = NOW,
        most_open: int = 10**6,
        asset: Asset = Asset.TON,
        account: str = WALLET,
    ) -> Payment:
        """A stored invoice in the asset at `rub` rubles for one, good for ten minutes from `at`."""
        amount, method = Money.rub(rubles), PaymentMethod(asset.value)
        asked = quoted_nano(amount, Decimal(rub), asset) if nano is None else nano
        quote = Quote(asked, rate(rub), self.comment())
        ends = at + TIMEOUT
        new = NewPayment(tg_id, method, amount, created_at=at, expires_at=ends, quote=quote, account=account)
        return await self.payments.open(new, most_open)

    def comment(self) -> str:
        """A code that was not used before."""
        return new_comment(hashlib.sha512(str(next(self._serial)).encode()).digest())

    def transfer(self, paying: Payment | None, nano: int | None = None, **changes: Any) -> IncomingTransfer:
        """A transfer a minute after NOW, newer than all before it; what the invoice asks for unless told otherwise."""
        number = next(self._serial)
        fields: dict[str, Any] = {
            "hash": f"{number:064x}",
            "lt": number * 1000,
            "at": NOW + timedelta(minutes=1),
            "source": "0:" + "b" * 64,
            "nano": paying.nano if nano is None and paying else nano,
            "comment": paying.comment if paying else None,
            "is_money": True,
            "verdict": "money",
        }
        return IncomingTransfer(**{**fields, **changes})

    async def settle(
        self, *transfers: IncomingTransfer, late: str = "200", now: datetime = NOW + timedelta(minutes=2)
    ) -> Settlement:
        """One page of history; late money at `late` rubles for one, where nothing better is noted."""
        known_at = max([now, *(transfer.at for transfer in transfers)])
        account = JETTON_WALLET if any(transfer.asset is Asset.USDT for transfer in transfers) else WALLET
        return await self.payments.settle(account, transfers, rate(late, known_at), now)

    async def scanned(self, at: datetime, asset: Asset = Asset.TON) -> int:
        """A complete scan begun at `at`; how many invoices it ended."""
        account = JETTON_WALLET if asset is Asset.USDT else WALLET
        return (await self.payments.scanned(account, asset.value, WALLET, at)).expired

    async def fund(self, tg_id: int, rubles: int) -> None:
        """A confirmed top-up of so many rubles."""
        await self.settle(self.transfer(await self.invoice(tg_id, rubles)))

    async def buy(
        self, tg_id: int, plan: Plan = MONTH, *, intent: str | None = None, now: datetime = NOW, use_id: int = 0
    ) -> Purchase:
        """A purchase of its own unless an intent is named."""
        return await self.shop.buy(tg_id, plan, intent or self._word("intent"), now, use_id=use_id)

    async def promo(self, code: str, kind: PromoKind, value: int, **terms: Any) -> None:
        """A code that the operator has made."""
        assert await self.desk.add(NewPromo(code, kind, Decimal(value), Terms(**terms)), NOW)

    async def redeem(
        self, code: str, tg_id: int = 7, *, intent: str | None = None, now: datetime = NOW
    ) -> Redeemed:
        """A code that a person sends, in a message of its own unless an intent is named."""
        return await self.promos.redeem(tg_id, code, intent or self._word("message"), now)

    async def give(
        self, tg_id: int = 7, plan: Plan = MONTH, *, intent: str | None = None, now: datetime = NOW, use_id: int = 0
    ) -> GiftBought:
        """A gift of its own unless an intent is named."""
        code = new_code(GIFT_LENGTH)
        return await self.gifts.buy(tg_id, plan, use_id, intent or self._word("intent"), code, now)

    def _word(self, kind: str) -> str:
        return f"{kind}{next(self._serial)}"

    async def balance(self, tg_id: int = 7) -> Money:
        """What the row says, not the cache."""
        ((balance,),) = await self.rows("SELECT balance FROM users WHERE tg_id = :tg_id", tg_id=tg_id)
        return Money.rub(balance)

    async def ledger(self) -> list[tuple[str, str, Money]]:
        """Every line under its business key, as a value that can be compared."""
        rows = await self.rows(
            "SELECT t.key, e.account, e.amount FROM ledger_entries e JOIN ledger_transactions t"
            " ON t.id = e.transaction_id ORDER BY 1, 2, 3"
        )
        return [(key, account, Money.rub(amount)) for key, account, amount in rows]

    async def receipts(self) -> list[tuple[str, Money | None]]:
        """Status and credit of each receipt in order of the chain."""
        rows = await self.rows("SELECT status, credited FROM ton_transactions ORDER BY lt")
        return [(status, None if credited is None else Money.rub(credited)) for status, credited in rows]

    async def rows(self, sql: str, **params: Any) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of a statement of the test's own."""
        return await self.database.run(text(sql), params)

    async def value(self, sql: str, **params: Any) -> Any:
        """The one value that it answers."""
        ((value,),) = await self.rows(sql, **params)
        return value

    async def are_right(self) -> None:
        """The audit finds nothing."""
        assert await breaks(self.database) == []


async def blocked(database: Database, statements: int = 1) -> None:
    """Wait until so many statements wait for a lock; the database tells nobody, so it is asked again."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while (await database.run(text(waiting)))[0][0] < statements:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.01)
