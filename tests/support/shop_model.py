"""The shop in memory, as simple as its rules can be said: what the real one is compared with. Knows no SQL.

A method is one transaction of the real shop, and says how it went. A new kind of money gets a method here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.money import ZERO, Money
from app.domain.payment import PaymentMethod
from app.domain.subscription import extended, is_active
from app.domain.ton import credit_for
from tests.support.books import NOW, TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from app.domain.plans import Plan

BONUS = Money.rub(50)
FIRST_TOP_UP = Money.rub(50)
MARGIN = timedelta(seconds=60)
KEPT = timedelta(days=7)


class State(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    SWEPT = "swept"


@dataclass
class Person:
    """An account."""

    inviter: int | None = None
    balance: Money = ZERO
    topped_up: Money = ZERO
    is_bonus_paid: bool = False
    end: datetime = NOW
    max_configs: int = 1
    configs: frozenset[int] = frozenset()
    wishes: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()


@dataclass
class Bill:
    """An invoice over `amount`; `asked` is that in what it is paid with: nanotons at `rate`, Stars, kopecks."""

    owner: int
    method: PaymentMethod
    amount: Money
    asked: int
    opened_at: datetime
    rate: Decimal | None = None
    state: State = State.PENDING
    has_receipt: bool = False

    @property
    def expires_at(self) -> datetime:
        return self.opened_at + TIMEOUT


@dataclass(frozen=True)
class Transfer:
    """What came to the wallet; `payment_id` is whose comment it carries, where it carries one."""

    lt: int
    payment_id: int | None
    nano: int
    at: datetime


@dataclass(frozen=True)
class Charge:
    """What a gateway says was paid, in its own units, and in rubles where no invoice says otherwise."""

    gateway: PaymentMethod
    key: str
    payment_id: int
    payer: int
    paid: int
    worth: Money


@dataclass
class Receipt:
    """What became of a charge."""

    owner: int | None
    credited: Money | None
    is_refunded: bool = False


@dataclass
class ShopModel:
    """All that was done, and what should have come of it. `lines` count the ledger's lines and add them up."""

    now: datetime = NOW
    most_open: int = 3
    people: dict[int, Person] = field(default_factory=dict)
    bills: dict[int, Bill] = field(default_factory=dict)
    transfers: frozenset[int] = frozenset()
    receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    sums: Counter[tuple[str, str]] = field(default_factory=Counter)

    def copy(self) -> ShopModel:
        """Another one, that goes its own way from here."""
        return replace(
            self,
            people={tg_id: replace(person) for tg_id, person in self.people.items()},
            bills={payment_id: replace(bill) for payment_id, bill in self.bills.items()},
            receipts={key: replace(receipt) for key, receipt in self.receipts.items()},
            lines=self.lines.copy(),
            sums=self.sums.copy(),
        )

    def arrive(self, tg_id: int, inviter: int | None) -> bool:
        """Whether the account is new."""
        if tg_id in self.people:
            return False
        known = inviter if inviter in self.people else None
        self.people[tg_id] = Person(known, end=self.now + timedelta(days=7))
        return True

    def may_open(self, tg_id: int) -> bool:
        """Whether there is room for another invoice."""
        unpaid = [bill for bill in self.bills.values() if bill.owner == tg_id and bill.state is State.PENDING]
        return sum(bill.expires_at > self.now for bill in unpaid) < self.most_open

    def open(self, payment_id: int, bill: Bill) -> bool:
        """Whether it could be opened."""
        if not self.may_open(bill.owner):
            return False
        self.bills[payment_id] = bill
        return True

    def settle(self, transfers: Sequence[Transfer], late_rate: Decimal) -> bool:
        """A page of the wallet's history: what was seen before changes nothing."""
        for transfer in transfers:
            if transfer.lt not in self.transfers:
                self.transfers |= {transfer.lt}
                self._transfer(transfer, late_rate)
        return True

    def charge(self, charge: Charge) -> bool:
        """A charge that a gateway tells of: what was known before changes nothing."""
        if (charge.gateway, charge.key) in self.receipts:
            return True
        bill = self.bills.get(charge.payment_id)
        owner = bill.owner if bill else charge.payer if charge.payer in self.people else None
        is_first = bill is not None and self._has_row(bill) and bill.state is not State.CONFIRMED
        credited: Money | None = charge.worth if charge.worth != ZERO and owner is not None else None
        if bill is not None and self._has_row(bill):
            bill.has_receipt = True
            if is_first and charge.paid == bill.asked:
                credited = bill.amount
        self.receipts[charge.gateway, charge.key] = Receipt(owner, credited)
        if credited is None or owner is None:
            return True
        if bill is not None and is_first:
            bill.state = State.CONFIRMED
        self._top_up(owner, credited, f"gateway:{charge.gateway}")
        return True

    def refund(self, gateway: PaymentMethod, key: str) -> bool:
        """A charge goes back, once; what was spent of it is a debt."""
        receipt = self.receipts.get((gateway, key))
        if receipt is None or receipt.credited is None or receipt.owner is None or receipt.is_refunded:
            return True
        receipt.is_refunded = True
        person = self.people[receipt.owner]
        taken = min(person.balance, receipt.credited)
        person.balance -= taken
        self._book("refund", f"wallet:{receipt.owner}", -taken)
        self._book("refund", "debts", taken - receipt.credited)
        self._book("refund", f"gateway:{gateway}", receipt.credited)
        return True

    def cancel(self, payment_id: int) -> bool:
        """Whether there was something to cancel."""
        bill = self.bills[payment_id]
        was_pending = bill.state is State.PENDING
        if was_pending:
            bill.state = State.FAILED
        return was_pending

    def expire(self, method: PaymentMethod) -> bool:
        """The provider was asked, and knows of no more money for what is overdue."""
        for bill in self.bills.values():
            is_overdue = bill.expires_at < self.now - MARGIN
            if bill.method is method and bill.state is State.PENDING and is_overdue:
                bill.state = State.FAILED
        return True

    def sweep(self) -> bool:
        """What nobody paid for a week goes."""
        for bill in self.bills.values():
            if bill.state is State.FAILED and not bill.has_receipt and bill.opened_at < self.now - KEPT:
                bill.state = State.SWEPT
        return True

    def buy(self, tg_id: int, plan: Plan, intent: str) -> bool:
        """Whether the plan is the person's, by this press or by an earlier one."""
        person = self.people[tg_id]
        if intent in person.intents:
            return True
        if person.balance < plan.price:
            return False
        person.intents |= {intent}
        person.balance -= plan.price
        kept = person.max_configs if is_active(person.end, self.now) else 0
        person.max_configs = max(kept, plan.max_configs)
        person.end = extended(person.end, self.now, plan.days)
        self._book("purchase", f"wallet:{tg_id}", -plan.price)
        self._book("purchase", "sales", plan.price)
        return True

    def may_request(self, tg_id: int) -> bool:
        """Whether another config fits in."""
        person = self.people[tg_id]
        return is_active(person.end, self.now) and len(person.configs) < person.max_configs

    def request(self, tg_id: int, wish: str, config_id: int) -> bool:
        """Whether this config, of this wish, could be made, or had been."""
        person = self.people[tg_id]
        if wish in person.wishes:
            return True
        if not self.may_request(tg_id):
            return False
        person.wishes |= {wish}
        person.configs |= {config_id}
        return True

    def delete(self, tg_id: int, config_id: int) -> bool:
        """Whether there was such a config."""
        person = self.people[tg_id]
        was_there = config_id in person.configs
        person.configs -= {config_id}
        return was_there

    def _transfer(self, transfer: Transfer, late_rate: Decimal) -> None:
        bill = self.bills.get(transfer.payment_id or 0)
        if bill is None:
            return
        worth = _worth(bill, transfer, late_rate)
        bill.has_receipt = bill.has_receipt or self._has_row(bill)
        if worth == ZERO:
            return
        if self._has_row(bill):
            bill.state = State.CONFIRMED
        self._top_up(bill.owner, worth, "gateway:ton")

    def _top_up(self, tg_id: int, amount: Money, source: str) -> None:
        person = self.people[tg_id]
        person.balance += amount
        person.topped_up += amount
        self._book("topup", f"wallet:{tg_id}", amount)
        self._book("topup", source, -amount)
        if person.inviter and not person.is_bonus_paid and person.topped_up >= FIRST_TOP_UP:
            person.is_bonus_paid = True
            self.people[person.inviter].balance += BONUS
            self._book("referral", f"wallet:{person.inviter}", BONUS)
            self._book("referral", "bonuses", -BONUS)

    def _book(self, kind: str, account: str, amount: Money) -> None:
        if amount != ZERO:
            self.lines[kind, account] += 1
            self.sums[kind, account] += amount.kopecks

    @staticmethod
    def _has_row(bill: Bill) -> bool:
        return bill.state is not State.SWEPT


def _worth(bill: Bill, transfer: Transfer, late_rate: Decimal) -> Money:
    assert bill.rate is not None
    is_late = transfer.at > bill.expires_at or bill.state is State.SWEPT
    if bill.state in {State.CONFIRMED, State.SWEPT} or is_late:
        return Money.rub_rounded_down((late_rate if is_late else bill.rate) * transfer.nano / 10**9)
    return credit_for(transfer.nano, bill.asked, bill.amount, bill.rate)
