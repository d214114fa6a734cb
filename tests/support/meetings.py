"""The operations that move money or may hold it up, as two sessions meet in them. One small class each.

Another one: a class that prepares what it needs on the `Stage`, and says in `act` what is done and how the model
follows; then it is added to OPERATIONS, or to SALES of meetings_sales.py, and meets every other one in all orders.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from app.domain.assets import Asset
from app.domain.errors import NotFound
from app.domain.payment import PaymentMethod
from app.services.chain import IncomingTransfer
from app.services.records import Newcomer, PaidEvent
from tests.support.act import CRYPTOBOT, METHODS, STARS, TON, Act
from tests.support.books import WALLET
from tests.support.half import PLANS
from tests.support.life import Life
from tests.support.orders import after
from tests.support.shop_model import Charge, ShopModel, Transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.services.stars import StarRow
    from tests.support.half import Half

BUYER, FRIEND, NEWCOMER = 1, 2, 3
# Old enough to be swept once it failed; nobody was told of its end yet.
AGE = timedelta(days=8)
MOST_OPEN = 1


@dataclass
class Stage:
    """Somebody who has invited a friend, and has money for one plan; every invoice is theirs and long overdue."""

    life: Life
    half: Half
    method: PaymentMethod = TON
    is_failed: bool = False
    bills: dict[PaymentMethod, int] = field(default_factory=dict)
    funds: StarRow | None = None

    async def set(self) -> None:
        """The people, and the money that the buyer has."""
        for tg_id, inviter in ((BUYER, None), (FRIEND, BUYER)):
            await self.half.accounts.start(Newcomer(tg_id, "A", None, "ru", inviter))
            self.life.model.arrive(tg_id, inviter)
        self.funds = self.life.outside.stars.charge(BUYER, 0, 112, self.life.clock.now())
        await self.happens(self.life.news_of(self.funds))

    async def invoice(self, method: PaymentMethod) -> int:
        """The buyer's invoice of this kind."""
        if method not in self.bills:
            await self.long_ago(lambda: self.life.open(BUYER - 1, 60 + METHODS.index(method)))
            self.bills[method] = max(self.life.model.bills)
            if self.is_failed:
                await self.half.payments.cancel(BUYER, self.bills[method])
                self.life.model.cancel(self.bills[method], done=True)
        return self.bills[method]

    async def long_ago(self, *acts: Callable[[], Act]) -> None:
        """These happened a good while before the two sessions begin."""
        self._move(-AGE)
        for act in acts:
            await self.happens(act())
        self._move(AGE)

    def _move(self, span: timedelta) -> None:
        self.life.clock.at += span
        self.life.model.now = self.life.clock.at

    async def happens(self, act: Act) -> None:
        """Before the two sessions begin."""
        (self.life.model,) = after(self.life.model, act.follow(await act.do(self.half)))


class Operation:
    """What a session does. `method` is that of the invoice that it is about, where there is one."""

    name: ClassVar[str]
    method: ClassVar[PaymentMethod | None] = None
    fails_invoices: ClassVar[bool] = False

    async def prepare(self, stage: Stage) -> None:
        """Make what it needs."""

    def act(self, stage: Stage) -> Act:
        raise NotImplementedError


class TonPage(Operation):
    name, method = "TON page", TON
    lt = 1000

    async def prepare(self, stage: Stage) -> None:
        self.payment_id = await stage.invoice(TON)

    def act(self, stage: Stage) -> Act:
        now, rate, lt = stage.life.clock.now(), stage.life.outside.rates, self.lt
        nano = stage.life.model.bills[self.payment_id].asked
        comment = next(code for code, owner in stage.life.comments.items() if owner == self.payment_id)
        paid = IncomingTransfer(f"{lt:064x}", lt, now, "0:" + "b" * 64, nano, comment, is_money=True, verdict="money")
        known = Transfer(lt, self.payment_id, nano, now)

        async def do(half: Half) -> object:
            return await half.payments.settle(WALLET, [paid], await rate.of(Asset.TON), now)

        return Act(do, lambda _settlement: [lambda model: model.settle([known], rate.rub)])


class AnotherTonPage(TonPage):
    name, lt = "another TON page", 2000


class DustOfTon(TonPage):
    """A transfer worth less than a kopeck: kept for its invoice, and credited to nobody."""

    name, lt = "dust of TON", 3000

    def act(self, stage: Stage) -> Act:
        now, rate = stage.life.clock.now(), stage.life.outside.rates
        comment = next(code for code, owner in stage.life.comments.items() if owner == self.payment_id)
        dust = IncomingTransfer(f"{3000:064x}", 3000, now, "0:" + "b" * 64, 1, comment, is_money=True, verdict="money")
        known = Transfer(3000, self.payment_id, 1, now)

        async def do(half: Half) -> object:
            return await half.payments.settle(WALLET, [dust], await rate.of(Asset.TON), now)

        return Act(do, lambda _settlement: [lambda model: model.settle([known], rate.rub)])


class StarsCharge(Operation):
    name, method = "Stars charge", STARS

    async def prepare(self, stage: Stage) -> None:
        payment_id = await stage.invoice(STARS)
        stars, asked = stage.life.outside.stars, stage.life.model.bills[payment_id].asked
        known = [row for row in stars.rows if row.payload.endswith(f":{payment_id}")]
        self.row = known[0] if known else stars.charge(BUYER, payment_id, asked, stage.life.clock.now())

    def act(self, stage: Stage) -> Act:
        return stage.life.news_of(self.row)


class AnotherStarsCharge(StarsCharge):
    name = "another Stars charge"

    async def prepare(self, stage: Stage) -> None:
        await super().prepare(stage)
        payment_id = stage.bills[STARS]
        self.row = stage.life.outside.stars.charge(BUYER, payment_id, self.row.stars, stage.life.clock.now())


class CryptoEvent(Operation):
    name, method = "CryptoBot event", CRYPTOBOT

    async def prepare(self, stage: Stage) -> None:
        self.payment_id = await stage.invoice(CRYPTOBOT)

    def act(self, stage: Stage) -> Act:
        bill, name = stage.life.model.bills[self.payment_id], str(stage.life.names[self.payment_id])
        now = stage.life.clock.now()
        event = PaidEvent("cryptobot", name, self.payment_id, name, BUYER, "RUB", bill.asked, bill.amount, now)
        charge = Charge(CRYPTOBOT, name, self.payment_id, BUYER, bill.asked, bill.amount)
        return Act(lambda half: half.receipts.record([event]), lambda _n: [lambda model: model.charge(charge)])


class FriendPays(Operation):
    """A friend's first payment: the bonus is the buyer's."""

    name = "referral bonus"

    async def prepare(self, stage: Stage) -> None:
        known = [row for row in stage.life.outside.stars.rows if row.payer == FRIEND]
        self.row = known[0] if known else stage.life.outside.stars.charge(FRIEND, 0, 100, stage.life.clock.now())

    def act(self, stage: Stage) -> Act:
        return stage.life.news_of(self.row)


class Buy(Operation):
    """A plan, at the price that the buyer is shown."""

    name, plan = "buy", PLANS[0]

    def act(self, stage: Stage) -> Act:
        return stage.life.buys(BUYER, self.plan, self.name)


class BuyWhatTakesMore(Buy):
    """A plan that only what is coming in can pay for."""

    name, plan = "buy with what comes", PLANS[1]


class Refund(Operation):
    """What the buyer has is taken back."""

    name = "refund"

    def act(self, stage: Stage) -> Act:
        assert stage.funds is not None
        key = stage.funds.key
        return Act(
            lambda half: half.receipts.take_back("stars", key),
            lambda _booked: [lambda model: model.refund(STARS, key)],
        )


class Expire(Operation):
    name, fails_invoices = "expire", True

    async def prepare(self, stage: Stage) -> None:
        await stage.invoice(stage.method)

    def act(self, stage: Stage) -> Act:
        now, method = stage.life.clock.now(), stage.method

        async def do(half: Half) -> object:
            if method is TON:
                return await half.payments.scanned(WALLET, "ton", WALLET, now)
            return await half.payments.expire(method.value, now - timedelta(seconds=60), now)

        return Act(do, lambda _count: [lambda model: model.expire(method)])


class Cancel(Operation):
    name, fails_invoices = "cancel", True

    async def prepare(self, stage: Stage) -> None:
        self.payment_id = await stage.invoice(stage.method)

    def act(self, stage: Stage) -> Act:
        async def do(half: Half) -> bool:
            try:
                await half.payments.cancel(BUYER, self.payment_id)
            except NotFound:
                return False
            return True

        return Act(do, lambda done: [lambda model: model.cancel(self.payment_id, done=bool(done))])


class Cleanup(Operation):
    name = "cleanup"

    async def prepare(self, stage: Stage) -> None:
        await stage.invoice(stage.method)

    def act(self, stage: Stage) -> Act:
        return Act(lambda half: half.cleanup.run_once(), lambda _gone: [ShopModel.sweep])


class Open(Operation):
    """Another invoice, of which there may be one."""

    name = "open"

    def act(self, stage: Stage) -> Act:
        return stage.life.open(BUYER - 1, 60)


class Arrive(Operation):
    """Somebody comes by the buyer's link, with a trial."""

    name = "arrive"

    def act(self, stage: Stage) -> Act:
        async def do(half: Half) -> bool:
            return (await half.accounts.start(Newcomer(NEWCOMER, "A", None, "ru", BUYER))).is_new

        return Act(do, lambda is_new: [lambda model: model.arrive(NEWCOMER, BUYER) is is_new])


# What moves money, or ends an invoice that may bring some: any two of these meet.
OPERATIONS: tuple[type[Operation], ...] = (TonPage, StarsCharge, Buy, BuyWhatTakesMore, Refund, Expire, FriendPays)
# What only meets its like, and what touches the same rows.
MORE_PAIRS: tuple[tuple[type[Operation], type[Operation]], ...] = (
    *((Cancel, other) for other in (TonPage, StarsCharge, CryptoEvent, Expire, Cancel, Cleanup)),
    *((Cleanup, other) for other in (TonPage, StarsCharge, CryptoEvent, Expire, Cleanup, DustOfTon)),
    *((CryptoEvent, other) for other in (CryptoEvent, Buy, Expire)),
    *((Open, other) for other in (Open, TonPage, Expire, Cancel)),
    *((Arrive, other) for other in (Arrive, FriendPays, Buy)),
    (TonPage, AnotherTonPage),
    (StarsCharge, AnotherStarsCharge),
    (DustOfTon, TonPage),
)
