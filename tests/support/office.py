"""An operator's desk over the books of a test, with money of every kind that waits for it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.money import ZERO, Money
from app.repo.bonuses import Bonuses
from app.repo.receipts import ReceiptRepository
from app.repo.waiting import WaitingRepository
from app.services.operators import Adjustment, OperatorDesk, worth_of
from app.services.records import PaidEvent
from app.services.reversals import RefundedEvent
from tests.support.books import NOW

if TYPE_CHECKING:
    from datetime import datetime

    from app.services.operators import ReceivedMoney
    from app.utils.redis import Cache
    from tests.support.books import Books

COIN = 10**9
STAR_RATE, TON_RATE = Decimal("1.35"), Decimal(220)


class Fixed:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at


class Office:
    """What operators sit at, and ways for money to come that nobody can place."""

    def __init__(self, books: Books, cache: Cache) -> None:
        bonuses = Bonuses("first_payment", Decimal(50))
        self.books = books
        self.clock = Fixed()
        self.receipts = ReceiptRepository(books.database, cache, bonuses)
        self.store = WaitingRepository(books.database, cache, bonuses)
        self.desk = self.desk_of("olga")

    def desk_of(self, who: str) -> OperatorDesk:
        """Another operator's desk."""
        return OperatorDesk(self.store, self.clock, who)

    async def coins(self, nano: int = COIN, comment: str | None = None) -> str:
        """A transfer that names nobody; its reference."""
        transfer = self.books.transfer(None, nano, comment=comment)
        await self.books.settle(transfer)
        return f"ton:{transfer.hash}"

    async def charge(
        self, gateway: str = "stars", key: str = "charge-1", asset: str = "XTR", units: int = 100, worth: Money = ZERO
    ) -> str:
        """A charge by a gateway from somebody who is no customer; its reference."""
        await self.receipts.credit(PaidEvent(gateway, key, None, None, 404, asset, units, worth, NOW), NOW)
        return f"{gateway}:{key}"

    async def takes_back(self, key: str = "charge-1") -> None:
        """A charge in Stars goes back to who paid it, all that is left of it."""
        await self.receipts.refund(RefundedEvent("stars", key, key, None, NOW), NOW)

    async def gives(self, reference: str, tg_id: int, desk: OperatorDesk | None = None) -> Money:
        """The way of `./orbit assign`, with what the money is worth by itself."""
        desk = desk or self.desk
        money = await desk.find(reference)
        return await desk.assign(money, tg_id, worth_of(money, TON_RATE, STAR_RATE))

    async def adjusts(
        self, tg_id: int, rubles: int | str, key: str = "k1", *, told: bool = True, desk: OperatorDesk | None = None
    ) -> Money:
        """The way of `./orbit adjust`."""
        wish = Adjustment(tg_id, Money.rub(rubles), "a reason", key, told)
        return await (desk or self.desk).adjust(wish)

    async def waiting(self) -> list[str]:
        """The references of what waits."""
        waiting: list[ReceivedMoney] = await self.store.waiting()
        return [money.reference for money in waiting]
