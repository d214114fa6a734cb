"""What can happen to a shop, one act at a time: on the real one, and what the model has to say to it.

An act is a method of `Life` under the name that ACTIONS gives it. It chooses among who and what there is, and answers
with an `Act`. Another kind of money: a method here or in life_sales.py, its name in ACTIONS, its rule in the model.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from app.domain.errors import NoSubscription, NotFound, TooManyConfigs, TooManyPayments
from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.domain.stars import payment_in, stars_for, worth_of
from app.domain.ton import quoted_nano
from app.services.records import Newcomer
from tests.support.act import CRYPTOBOT, METHODS, PEOPLE, RATES, STARS, TON, Act
from tests.support.half import STAR_RATE
from tests.support.life_pending import PendingLife
from tests.support.shop_model import Charge, ShopModel, Transfer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.payments.gateway.cryptopay_models import Invoice
    from app.payments.gateway.tonapi_models import Transaction
    from app.services.records import Payment
    from app.services.stars import StarRow
    from tests.support.half import Half
    from tests.support.orders import Unit

PARTS = ("1", "1", "1", "0.5", "0.999999999", "1.5", "3", "0.000000001")
SPANS = (timedelta(minutes=1), timedelta(minutes=9), timedelta(minutes=30), timedelta(days=2), timedelta(days=6))

# The first is what a life that goes wrong is made shorter with; what is said more than once happens more often.
ACTIONS = (
    *("wait", "arrive", "open", "open", "open", "pay", "pay", "pay", "pay", "again", "poll", "reconcile", "cancel"),
    *("sweep", "buy", "buy", "refund", "refunded", "request", "delete", "provision", "look", "restart"),
    *("promo", "promo", "lapse", "give", "unwrap", "card", "part", "adjust", "assign"),
    *("want", "want", "want", "complete", "complete"),
)
FOR_BILLS, FOR_CHARGES = {"pay", "cancel"}, {"refund", "refunded"}
FOR_PEOPLE = {"open", "want", "buy", "request", "delete", "promo", "give", "unwrap", "card", "part", "adjust", "assign"}
FOR_PEOPLE |= FOR_BILLS | FOR_CHARGES


class Step(NamedTuple):
    """Something that happens; the numbers choose among who and what there is at that moment."""

    what: str
    first: int
    second: int


class Life(PendingLife):
    """What can happen with gateways and configs; what is sold, given and put right stands in life_sales.py."""

    def act(self, step: Step) -> Act:
        """What the step is at this moment."""
        made: Act = getattr(self, self.named(step))(step.first, step.second)
        return made

    def named(self, step: Step) -> str:
        """What is done at this moment; where nothing is there yet to do the step with, that is made first."""
        what, has_charge = step.what, bool(self.outside.stars.rows)
        if what in FOR_PEOPLE and not self.model.people:
            return "arrive"
        if (what in FOR_BILLS and not self.model.bills) or (what in FOR_CHARGES and not has_charge):
            return "open"
        return what

    def wait(self, first: int, second: int) -> None:
        """Time passes, and the rate moves. Everybody must stand still meanwhile."""
        self.clock.at += SPANS[first % len(SPANS)]
        self.model.now = self.clock.now()
        self.outside.rates.rub = Decimal(RATES[second % 3])

    def arrive(self, first: int, second: int) -> Act:
        tg_id, inviter = PEOPLE[first % 3], PEOPLE[second % 3]

        async def do(half: Half) -> bool:
            return (await half.accounts.start(Newcomer(tg_id, "A", None, "ru", inviter))).is_new

        return Act(do, lambda is_new: [lambda model: model.arrive(tg_id, inviter) is is_new])

    def open(self, first: int, second: int) -> Act:
        tg_id, amount, method = self.person(first), Money.rub(50 + second), METHODS[second % 3]
        rate = self.outside.rates.rub

        async def do(half: Half) -> Payment | None:
            try:
                return (await half.manager.open(tg_id, method, amount)).payment
            except TooManyPayments:
                return None

        def follow(payment: Payment | None) -> Sequence[Unit]:
            if payment is None:
                return [lambda model: not model.may_open(tg_id)]
            asked = {TON: quoted_nano(amount, rate), STARS: stars_for(amount, STAR_RATE), CRYPTOBOT: amount.kopecks}
            bill = self._known(payment, self.clock.now(), rate)
            assert bill.asked == asked[method]
            return [lambda model: model.open(payment.id, bill)]

        return Act(do, follow)  # type: ignore[arg-type]  # what `do` gave

    def pay(self, first: int, second: int) -> Act:
        """Somebody pays, now or again, and mostly the shop is told at once."""
        payment_id = self._bill(first)
        bill = self.model.bills[payment_id]
        part = Decimal(PARTS[second % len(PARTS)])
        paid = max(1, int(bill.asked * part))
        if bill.method is TON:
            comment = next(code for code, owner in self.comments.items() if owner == payment_id)
            spelled = (comment, f" {comment.lower()}\n", comment, None if second % 5 == 0 else comment)[second % 4]
            self.outside.chain.add(paid, spelled, self.clock.now())
            told = self.poll(first, second)
        elif bill.method is STARS:
            row = self.outside.stars.charge(bill.owner, payment_id, paid, self.clock.now())
            told = self.news_of(row)
        else:
            invoice = self.outside.till.pay(self.names[payment_id])
            told = self._crypto_news(invoice) if invoice else self.reconcile(first, 1)
        return told if first % 4 else Act(_nothing)

    def again(self, first: int, second: int) -> Act:
        """News of a charge: once more, late, or before those of an older one."""
        invoices, rows = self.outside.till.paid(), self.outside.stars.rows
        if second % 2 and invoices:
            return self._crypto_news(invoices[first % len(invoices)])
        return self.news_of(rows[first % len(rows)]) if rows else self.poll(first, second)

    def poll(self, first: int, second: int) -> Act:
        return Act(lambda half: half.updater.run_once(), lambda _report: self._polled())

    def reconcile(self, first: int, second: int) -> Act:
        if second % 2:
            return Act(lambda half: half.crypto.run_once(), lambda _booked: self._crypto_looked_through())
        return Act(lambda half: half.stars.run_once(), lambda _booked: self._stars_looked_through())

    def cancel(self, first: int, second: int) -> Act:
        payment_id = self._bill(first)
        owner = self.model.bills[payment_id].owner

        async def do(half: Half) -> bool:
            try:
                await half.topups.cancel(owner, payment_id)
            except NotFound:
                return False
            return True

        return Act(do, lambda done: [lambda model: model.cancel(payment_id, done=bool(done))])

    def sweep(self, first: int, second: int) -> Act:
        return Act(lambda half: half.cleanup.run_once(), lambda _gone: [ShopModel.sweep])

    def refund(self, first: int, second: int) -> Act:
        """The operator gives a charge back."""
        charges = self.outside.stars.charges()
        key = charges[first % len(charges)].key

        def follow(_status: object) -> Sequence[Unit]:
            return [*self._stars_looked_through(), lambda model: model.refund(STARS, key)]

        return Act(lambda half: half.refunds.refund("stars", key), follow)

    def refunded(self, first: int, second: int) -> Act:
        """Telegram itself gives one back, and tells."""
        charges = self.outside.stars.charges()
        return self.news_of(self.outside.stars.give_back(charges[first % len(charges)]))

    def request(self, first: int, second: int) -> Act:
        return self.requests(self.person(first), f"wish{second % 50}")

    def requests(self, tg_id: int, wish: str) -> Act:
        """A config is wished for."""

        async def do(half: Half) -> int | None:
            try:
                return (await half.configs.request(tg_id, wish, None, self.clock.now())).id
            except (NoSubscription, TooManyConfigs):
                return None

        def follow(config_id: object) -> Sequence[Unit]:
            if not isinstance(config_id, int):
                return [lambda model: wish not in model.people[tg_id].wishes and not model.may_request(tg_id)]
            return [lambda model: model.request(tg_id, wish, config_id)]

        return Act(do, follow)

    def delete(self, first: int, second: int) -> Act:
        tg_id = self.person(first)
        configs = sorted(self.model.people[tg_id].configs) or [second]
        config_id = configs[second % len(configs)]

        async def do(half: Half) -> bool:
            try:
                await half.configs.request_deletion(tg_id, config_id, self.clock.now())
            except NotFound:
                return False
            return True

        return Act(do, lambda done: [lambda model: model.delete(tg_id, config_id) is done])

    def provision(self, first: int, second: int) -> Act:
        """Panels follow, or do not answer."""

        async def do(half: Half) -> None:
            now = self.clock.now()
            for job in await half.provisioning.claim_due(now, 30, 10):
                if first % 3 == 0:
                    await half.provisioning.retry(job, now, now, "test")
                elif job.work == "delete":
                    await half.provisioning.deleted(job, now)
                else:
                    await half.provisioning.created(job, "https://sub", "vless://", now)

        return Act(do)

    def look(self, first: int, second: int) -> Act:
        """A screen is opened: what it leaves in that half's cache is never cleaned by the other half."""
        return Act(lambda half: half.users.glance(PEOPLE[first % 3]))

    def news_of(self, row: StarRow) -> Act:
        """Telegram tells of a charge or of its refund."""
        news = self.outside.stars.update_of(row)
        return Act(lambda half: half.star_payments.book(news), lambda _none: self._booked(row))

    def _booked(self, row: StarRow) -> list[Unit]:
        units = [_charges(_star_charge(row))]
        return [*units, lambda model: model.refund(STARS, row.key)] if row.is_refund else units

    def _polled(self) -> list[Unit]:
        """The chain is read to its end, and what is overdue by it ends."""
        rate = self.outside.rates.rub
        transfers = [
            Transfer(step.lt, self._named_by(step), step.in_msg.value, step.utime)
            for step in self.outside.chain.history
            if step.in_msg and step.lt not in self.model.transfers
        ]
        return [lambda model: model.settle(transfers, rate), _expires(TON)]

    def _named_by(self, step: Transaction) -> int | None:
        body = step.in_msg.decoded_body if step.in_msg else None
        return self.comments.get(body["text"].strip().upper()) if isinstance(body, dict) else None

    def _crypto_looked_through(self) -> list[Unit]:
        charges = [self._crypto_charge(invoice) for invoice in self.outside.till.paid()]
        fresh = [charge for charge in charges if (CRYPTOBOT, charge.key) not in self.model.receipts]
        return [*(_charges(charge) for charge in fresh), _expires(CRYPTOBOT)]

    def _stars_looked_through(self) -> list[Unit]:
        fresh = [row for row in self.outside.stars.rows if self._is_news(row)]
        return [*(unit for row in fresh for unit in self._booked(row)), _expires(STARS)]

    def _is_news(self, row: StarRow) -> bool:
        known = self.model.receipts.get((STARS, row.key))
        return known is None or (row.is_refund and known.back < known.paid)

    def _crypto_news(self, invoice: Invoice) -> Act:
        charge = self._crypto_charge(invoice)
        return Act(lambda half: half.webhook(invoice), lambda _none: [_charges(charge)])

    def _crypto_charge(self, invoice: Invoice) -> Charge:
        payment_id = next(payment for payment, name in self.names.items() if name == invoice.invoice_id)
        bill = self.model.bills[payment_id]
        assert invoice.paid_at is not None
        name, at = str(invoice.invoice_id), invoice.paid_at
        return Charge(CRYPTOBOT, name, payment_id, bill.owner, bill.asked, bill.amount, at)

    def _bill(self, number: int) -> int:
        """One of the newest mostly: the oldest have seen everything."""
        bills = sorted(self.model.bills, reverse=True)
        return bills[number % min(len(bills), 6 if number % 3 else len(bills))]


async def _nothing(_half: Half) -> None:
    """The news are lost."""


def _charges(charge: Charge) -> Unit:
    return lambda model: model.charge(charge)


def _expires(method: PaymentMethod) -> Unit:
    return lambda model: model.expire(method)


def _star_charge(row: StarRow) -> Charge:
    payment_id, worth = payment_in(row.payload), worth_of(row.stars, STAR_RATE)
    return Charge(STARS, row.key, payment_id or 0, row.payer or 0, row.stars, worth, row.at)

