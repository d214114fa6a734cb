"""Plans that are paid for in the same go, one act at a time. Beside life.py, which tells what an act is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import OfferChanged, TooManyPayments
from app.domain.money import Money
from app.domain.promo import GIFT_LENGTH, new_code, offer_version
from app.services.gifts import GiftBought
from app.services.records import OpenedPayment
from tests.support.act import CRYPTOBOT, METHODS, STARS, TON, Act
from tests.support.half import PLANS
from tests.support.life_sales import SalesLife
from tests.support.pending_model import Waiting
from tests.support.shop_model import Bill

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from app.domain.payment import PaymentMethod
    from app.domain.plans import Plan
    from app.services.records import Payment
    from tests.support.half import Half
    from tests.support.orders import Unit
    from tests.support.shop_model import ShopModel

SMALLEST = Money.rub(50)


class PendingLife(SalesLife):
    """The acts; invoices for them are known as those of life.py are."""

    def __init__(self) -> None:
        super().__init__()
        self.comments: dict[str, int] = {}
        self.names: dict[int, int] = {}  # invoices of Crypto Pay, by payment

    def want(self, first: int, second: int) -> Act:
        """Somebody wants a plan, for oneself or as a gift: mostly by a press of its own, else by one of the others."""
        tg_id, plan, is_gift = self.person(first), PLANS[second // 2 % 2], second % 5 == 0
        person = self.model.people[tg_id]
        pressed = f"gift{len(person.given)}" if is_gift else f"press{len(person.intents)}"
        intent = f"want{second}" if second % 4 else pressed
        return self.wants(tg_id, plan, intent, METHODS[second % 3], is_gift=is_gift)

    def wants(self, tg_id: int, plan: Plan, intent: str, method: PaymentMethod, *, is_gift: bool = False) -> Act:
        """A plan, or an invoice for what is missing to it."""
        use_id, now = self.model.people[tg_id].use_shown(self.clock.now()), self.clock.now()
        version, rate = offer_version(plan, use_id), self.outside.rates.rub

        async def do(half: Half) -> object:
            try:
                return await half.checkout.pay(tg_id, method, plan.key, version, intent, is_gift=is_gift)
            except (OfferChanged, TooManyPayments) as refusal:
                return refusal

        def sells(model: ShopModel, code: str | None) -> bool:
            if is_gift:
                return model.give(tg_id, plan, intent, use_id, code)
            return model.buy(tg_id, plan, intent, use_id)

        def follow(got: object) -> Sequence[Unit]:
            if isinstance(got, OfferChanged):
                return [lambda model: not sells(model, None)]
            if isinstance(got, TooManyPayments):
                return [lambda model: not sells(model, None), lambda model: not model.may_open(tg_id)]
            if not isinstance(got, OpenedPayment):
                code = got.gift.code if isinstance(got, GiftBought) else None
                return [lambda model: sells(model, code)]
            payment = got.payment
            assert payment.wish is not None
            price = payment.wish.price
            wish = Waiting(tg_id, plan, use_id, price, intent, is_gift, now)
            bill = self._known(payment, now, rate)
            return [
                lambda model: not sells(model, None),
                lambda model: max(price - model.people[tg_id].balance, SMALLEST) == payment.amount,
                lambda model: model.open(payment.id, bill, wish),
            ]

        return Act(do, follow)

    def complete(self, first: int, second: int) -> Act:
        """The job looks at all that is due."""

        async def do(half: Half) -> list[tuple[int, str | None, str]]:
            sold = {plan.key: plan for plan in PLANS}
            ends = []
            for due in await half.pending.due(100):
                code = new_code(GIFT_LENGTH)
                end = await half.pending.complete(due, sold[due.wish.plan.key], code, self.clock.now())
                ends.append((due.payment_id, None if end is None else end.value, code))
            return ends

        return Act(do, lambda ends: [_completes(*each) for each in ends])  # type: ignore[attr-defined]  # what `do` gave

    def _known(self, payment: Payment, now: datetime, rate: Decimal) -> Bill:
        """The invoice's comment or name is remembered; what it is in the model."""
        if payment.comment:
            self.comments[payment.comment] = payment.id
        if payment.external_id:
            self.names[payment.id] = int(payment.external_id)
        asked = {TON: payment.nano, STARS: payment.stars or 0, CRYPTOBOT: payment.amount.kopecks}[payment.method]
        rated = rate if payment.method is TON else None
        return Bill(payment.owner, payment.method, payment.amount, asked, now, rated)


def _completes(payment_id: int, end: str | None, code: str) -> Unit:
    return lambda model: model.complete(payment_id, end, code)
