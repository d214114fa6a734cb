"""What is sold, given away and put right by hand, one act at a time. Beside life.py, which tells what an act is."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.errors import InsufficientBalance, OfferChanged, PromoRefused
from app.domain.money import Money
from app.domain.promo import Discount, PromoKind, Terms
from app.services.operators import Adjustment, Refused, worth_of
from app.services.promos import NewPromo
from app.services.records import PaidEvent
from app.services.reversals import RefundedEvent
from tests.support.act import YOOKASSA, Act, Place
from tests.support.half import PLANS, STAR_RATE
from tests.support.sales_model import Code
from tests.support.shop_model import Charge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.plans import Plan
    from app.services.reversals import MoneyEvent
    from tests.support.half import Half
    from tests.support.orders import Unit

CODES = {
    "RUBLES": Code(PromoKind.BALANCE, 70, most_uses=2),
    "DAYS": Code(PromoKind.DAYS, 5),
    "QUARTER": Code(PromoKind.PERCENT, 25),
    "NEARLY": Code(PromoKind.PERCENT, 99, most_uses=1),
}
CHANGES = ("30", "-30", "0.01", "-129", "150")
CARD_PARTS = (Decimal(1), Decimal("0.5"), Decimal("0.333"), Decimal("0.01"))
WORTH_OF_A_COIN = Decimal(200)


class SalesLife(Place):
    """The acts; the real shop has the model's codes once `makes_codes` was done."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[PaidEvent] = []
        self.parts: list[RefundedEvent] = []

    async def makes_codes(self, half: Half, codes: dict[str, Code] = CODES) -> None:
        """The operator makes them."""
        for name, code in codes.items():
            promo = NewPromo(name, code.kind, Decimal(code.value), Terms(code.most_uses))
            assert await half.promo_desk.add(promo, self.clock.now())
            self.model.codes[name] = Code(code.kind, code.value, code.most_uses)

    def buy(self, first: int, second: int) -> Act:
        """A fresh press of a button, or the last one pressed again."""
        tg_id, plan = self.person(first), PLANS[second // 2 % 2]
        return self.buys(tg_id, plan, f"press{max(0, len(self.model.people[tg_id].intents) - second % 2)}")

    def buys(self, tg_id: int, plan: Plan, intent: str) -> Act:
        """The button carries the discount that the person sees."""
        use_id = self.model.people[tg_id].use_shown(self.clock.now())

        async def do(half: Half) -> bool:
            try:
                await half.buy(tg_id, plan, intent, use_id)
            except (InsufficientBalance, OfferChanged):
                return False
            return True

        return Act(do, lambda done: [lambda model: model.buy(tg_id, plan, intent, use_id) is done])

    def give(self, first: int, second: int) -> Act:
        """The same for somebody else."""
        tg_id, plan = self.person(first), PLANS[second // 2 % 2]
        return self.gives(tg_id, plan, f"gift{max(0, len(self.model.people[tg_id].given) - second % 2)}")

    def gives(self, tg_id: int, plan: Plan, intent: str) -> Act:
        """A gift is bought."""
        use_id = self.model.people[tg_id].use_shown(self.clock.now())

        async def do(half: Half) -> str | None:
            try:
                return await half.give(tg_id, plan, intent, use_id)
            except (InsufficientBalance, OfferChanged):
                return None

        def follow(code: object) -> Sequence[Unit]:
            made = code if isinstance(code, str) else None
            return [lambda model: model.give(tg_id, plan, intent, use_id, made) is (made is not None)]

        return Act(do, follow)

    def unwrap(self, first: int, second: int) -> Act:
        """Somebody comes with a gift's code, if there is one."""
        codes = list(self.model.gifts)
        return self.unwraps(self.person(first), codes[second % len(codes)]) if codes else self.give(first, second)

    def unwraps(self, tg_id: int, code: str) -> Act:
        """A gift is redeemed."""
        return Act(
            lambda half: _redeemed(half, tg_id, code, "any"),
            lambda got: [lambda model: model.unwrap(tg_id, code) is (got is not None)],
        )

    def promo(self, first: int, second: int) -> Act:
        """A code is sent: anew, or the same message again."""
        name = list(CODES)[second % len(CODES)]
        return self.redeems(self.person(first), name, f"{name}{second % 7}")

    def redeems(self, tg_id: int, name: str, message: str) -> Act:
        """A promo code is used."""

        def follow(got: object) -> Sequence[Unit]:
            use_id = got.use_id if isinstance(got, Discount) else 0
            return [lambda model: model.redeem(tg_id, name, message, use_id) is (got is not None)]

        return Act(lambda half: _redeemed(half, tg_id, name, message), follow)

    def lapse(self, first: int, second: int) -> Act:
        return Act(lambda half: half.promos.release_lapsed(), lambda _none: [lambda model: model.lapse()])

    def adjust(self, first: int, second: int) -> Act:
        """The operator changes a balance, or asks for the last change again."""
        tg_id, amount = self.person(second), Money.rub(CHANGES[first % len(CHANGES)])
        turn = max(0, len(self.model.adjusted) - second % 2)
        return self.adjusts(tg_id, amount, f"{tg_id}.{first % len(CHANGES)}.{turn}")

    def adjusts(self, tg_id: int, amount: Money, key: str) -> Act:
        """A balance is put right."""

        async def do(half: Half) -> bool:
            try:
                await half.desk.adjust(Adjustment(tg_id, amount, "a reason", key, is_told=False))
            except Refused:
                return False
            return True

        return Act(do, lambda done: [lambda model: model.adjust(tg_id, amount, key) is done])

    def assign(self, first: int, second: int) -> Act:
        """The operator gives a transfer that named nobody to somebody, if there is one."""
        seen = [step for step in self.outside.chain.history if step.lt in self.model.transfers]
        waiting = [(step.lt, step.in_msg.value) for step in seen if step.in_msg and step.in_msg.decoded_body is None]
        if not waiting:
            self.outside.chain.add(10**9, None, self.clock.now())
            return self.poll(first, second)
        return self.assigns(self.person(first), *waiting[second % len(waiting)])

    def assigns(self, tg_id: int, lt: int, nano: int) -> Act:
        """Money that waits becomes somebody's."""
        worth = Money.rub_rounded_down(nano * WORTH_OF_A_COIN / 10**9)

        async def do(half: Half) -> bool:
            try:
                money = await half.desk.find(f"ton:{lt:064x}")
                await half.desk.assign(money, tg_id, worth_of(money, WORTH_OF_A_COIN, STAR_RATE))
            except Refused:
                return False
            return True

        return Act(do, lambda done: [lambda model: model.assign(lt, tg_id, worth) is done])

    def poll(self, first: int, second: int) -> Act:
        raise NotImplementedError

    def card(self, first: int, second: int) -> Act:
        """Somebody has paid by card, and the shop is told, now or again."""
        if first % 4 == 0 and self.cards:
            return self.booked(self.cards[second % len(self.cards)])
        return self.booked(self.pays_by_card(self.person(first), Money.rub(50 + second)))

    def pays_by_card(self, tg_id: int, worth: Money) -> PaidEvent:
        """What YooKassa says of it."""
        key, now = f"card{len(self.cards)}", self.clock.now()
        self.cards.append(PaidEvent("yookassa", key, None, None, tg_id, "RUB", worth.kopecks, worth, now))
        return self.cards[-1]

    def part(self, first: int, second: int) -> Act:
        """A part of such a charge went back, now or again."""
        if not self.cards:
            return self.card(first, second)
        if second % 4 == 0 and self.parts:
            return self.went_back(self.parts[first % len(self.parts)])
        return self.went_back(self.gives_back(self.cards[first % len(self.cards)], CARD_PARTS[second % 4]))

    def gives_back(self, charge: PaidEvent, part: Decimal) -> RefundedEvent:
        """What YooKassa says of a refund."""
        units = max(1, int(charge.asset_amount * part))
        self.parts.append(RefundedEvent("yookassa", f"back{len(self.parts)}", charge.key, units, self.clock.now()))
        return self.parts[-1]

    def booked(self, event: PaidEvent) -> Act:
        """A charge by card is booked."""
        return Act(lambda half: half.receipts.record([event]), lambda _booked: [_charged(event)])

    def went_back(self, refund: RefundedEvent) -> Act:
        """A refund is booked behind its charge."""
        charge = next(card for card in self.cards if card.key == refund.charge)
        events: list[MoneyEvent] = [charge, refund]
        return Act(
            lambda half: half.receipts.record(events),
            lambda _booked: [
                _charged(charge),
                lambda model: model.refund(YOOKASSA, charge.key, refund.key, refund.asset_amount),
            ],
        )


def _charged(event: PaidEvent) -> Unit:
    charge = Charge(YOOKASSA, event.key, 0, event.payer or 0, event.asset_amount, event.worth)
    return lambda model: model.charge(charge)


async def _redeemed(half: Half, tg_id: int, code: str, message: str) -> object:
    try:
        return await half.promos.redeem(tg_id, code, message)
    except PromoRefused:
        return None
