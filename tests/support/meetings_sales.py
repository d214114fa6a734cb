"""Codes, gifts and what operators do by hand, as two sessions meet in them. Beside meetings.py, which tells how."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.domain.errors import InsufficientBalance
from app.domain.money import Money
from app.domain.promo import PromoKind
from app.domain.renewal import Agreement
from app.services.operators import Worth
from app.services.renewal_records import DueRenewal
from tests.support.act import Act
from tests.support.half import PLANS
from tests.support.meetings import BUYER, FRIEND, Buy, Operation, Refund
from tests.support.sales_model import Code

if TYPE_CHECKING:
    from tests.support.half import Half
    from tests.support.meetings import Stage

ENDS = text("UPDATE users SET subscription_end = CAST(:end AS timestamptz) WHERE tg_id = CAST(:id AS bigint)")
RUBLES, HALF_PRICE = "RUBLES", "HALF"
CODES = {RUBLES: Code(PromoKind.BALANCE, 70, most_uses=1), HALF_PRICE: Code(PromoKind.PERCENT, 50, most_uses=1)}


async def make(stage: Stage, name: str) -> None:
    """The operator has made the code."""
    if name not in stage.life.model.codes:
        await stage.life.makes_codes(stage.half, {name: CODES[name]})


class Promo(Operation):
    """A code that one person only can have."""

    name, code, person = "promo", RUBLES, BUYER

    async def prepare(self, stage: Stage) -> None:
        await make(stage, self.code)

    def act(self, stage: Stage) -> Act:
        return stage.life.redeems(self.person, self.code, f"{self.name} of {self.person}")


class PromoOfFriend(Promo):
    name, person = "promo of a friend", FRIEND


class Discount(Promo):
    """It waits for the purchase that may come at this moment."""

    name, code = "promo for a discount", HALF_PRICE


class BuyForLess(Buy):
    """The discount is there, and is shown."""

    name = "buy for less"

    async def prepare(self, stage: Stage) -> None:
        await make(stage, HALF_PRICE)
        if stage.life.model.people[BUYER].held is None:
            await stage.happens(stage.life.redeems(BUYER, HALF_PRICE, "before"))


class GiveForLess(BuyForLess):
    """The same discount, for a gift."""

    name = "gift for less"

    def act(self, stage: Stage) -> Act:
        return stage.life.gives(BUYER, self.plan, self.name)


class Give(Operation):
    name = "gift"

    def act(self, stage: Stage) -> Act:
        return stage.life.gives(BUYER, PLANS[0], self.name)


class Unwrap(Operation):
    """The buyer comes with the code of a gift that a friend has bought."""

    name, person = "gift redeemed", BUYER

    async def prepare(self, stage: Stage) -> None:
        life = stage.life
        if not life.model.gifts:
            await stage.happens(life.adjusts(FRIEND, PLANS[0].price, "for a gift"))
            await stage.happens(life.gives(FRIEND, PLANS[0], "for a friend"))

    def act(self, stage: Stage) -> Act:
        return stage.life.unwraps(self.person, next(iter(stage.life.model.gifts)))


class UnwrapByGiver(Unwrap):
    name, person = "gift redeemed by its giver", FRIEND


class Adjust(Operation):
    """What the buyer has is taken, all but little."""

    name = "adjust"

    def act(self, stage: Stage) -> Act:
        return stage.life.adjusts(BUYER, Money.rub(-100), self.name)


class Assign(Operation):
    """A friend gets money that named nobody, and the buyer the bonus for it."""

    name = "assign"

    async def prepare(self, stage: Stage) -> None:
        life = stage.life
        if not life.outside.chain.history:
            await stage.happens(life.poll(0, 0))  # what is there before the first look is history
            life.outside.chain.add(10**9, None, life.clock.now())
            await stage.happens(life.poll(0, 0))
        (self.money,) = await stage.half.waiting.waiting()

    def act(self, stage: Stage) -> Act:
        (step,) = stage.life.outside.chain.history
        worth, now = Worth(Money.rub(200), Decimal(200)), stage.life.clock.now()
        return Act(
            lambda half: half.waiting.assign(self.money, FRIEND, worth, "olga", now),
            lambda done: [lambda model: model.assign(step.lt, FRIEND, worth.amount) is done],
        )


class GiveBack(Operation):
    """A plan was bought long ago, and no panel ever made the config."""

    name = "give back"

    async def prepare(self, stage: Stage) -> None:
        life = stage.life
        if not life.model.people[BUYER].configs:
            await stage.long_ago(
                lambda: life.buys(BUYER, PLANS[0], "long ago"), lambda: life.requests(BUYER, "long ago")
            )

    def act(self, stage: Stage) -> Act:
        return Act(
            lambda half: half.deliveries.run_once(),
            lambda count: [lambda model: model.give_back(BUYER) is bool(count)],
        )


class Deliver(GiveBack):
    """A panel has made it at last."""

    name = "deliver"

    async def prepare(self, stage: Stage) -> None:
        await super().prepare(stage)
        (self.job,) = await stage.half.provisioning.claim_due(stage.life.clock.now(), 30, 10)

    def act(self, stage: Stage) -> Act:
        now = stage.life.clock.now()
        return Act(
            lambda half: half.provisioning.created(self.job, "https://sub", "vless://", now),
            lambda _none: [lambda model: model.deliver(BUYER)],
        )


class Renew(Operation):
    """What the buyer has ends within a day, and is about to be renewed by itself."""

    name, plan = "renew", PLANS[0]

    async def prepare(self, stage: Stage) -> None:
        person, now = stage.life.model.people[BUYER], stage.life.clock.now()
        if not person.renews:
            person.end, person.renews = now + timedelta(hours=20), True
            await stage.half.database.run(ENDS, {"id": BUYER, "end": person.end})
            await stage.half.renewals.agree(BUYER, Agreement.to(self.plan), now)

    def act(self, stage: Stage) -> Act:
        end, now = stage.life.model.people[BUYER].end, stage.life.clock.now()
        due = DueRenewal(BUYER, Agreement.to(self.plan), end, may_pay=True, discount=None, lease_end=now)

        async def do(half: Half) -> bool:
            try:
                return await half.renewals.renew(due, self.plan, 0, now, now) is not None
            except InsufficientBalance:
                return False

        return Act(do, lambda done: [lambda model: model.renew(BUYER, self.plan, end) is done])


class StopRenewing(Renew):
    """The buyer switches that off."""

    name = "stop renewing"

    def act(self, stage: Stage) -> Act:
        return Act(lambda half: half.renewals.stop(BUYER), lambda _none: [lambda model: model.stop_renewing(BUYER)])


SALES: tuple[type[Operation], ...] = (Promo, Discount, BuyForLess, Give, Unwrap, Adjust, Assign)
# Pairs beside those of the table with each other and with themselves.
MORE_SALES: tuple[tuple[type[Operation], type[Operation]], ...] = (
    (Promo, PromoOfFriend),
    (BuyForLess, GiveForLess),
    (Unwrap, UnwrapByGiver),
    *((GiveBack, other) for other in (GiveBack, Deliver, Buy, Refund)),
    *((Renew, other) for other in (Renew, StopRenewing, Buy, Refund, Give, Adjust)),
)
