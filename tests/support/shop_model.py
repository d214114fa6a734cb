"""The shop in memory, as simple as its rules can be said: what the real one is compared with. Knows no SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.money import ZERO, Money
from app.domain.subscription import extended, is_active
from app.domain.ton import credit_for
from tests.support.books import NOW, TIMEOUT

if TYPE_CHECKING:
    from app.domain.plans import Plan

BONUS = Money.rub(50)
LATE_RATE = Decimal(190)


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
    configs: int = 0


@dataclass
class Bill:
    """An invoice of `nano` nanotons at `rate`."""

    owner: int
    amount: Money
    nano: int
    rate: Decimal
    opened_at: datetime
    state: State = State.PENDING
    has_receipt: bool = False

    @property
    def expires_at(self) -> datetime:
        return self.opened_at + TIMEOUT

    def worth(self, nano: int, at: datetime) -> Money:
        """What a transfer that arrives at `at` is credited with."""
        is_late = at > self.expires_at or self.state is State.SWEPT
        if self.state in {State.CONFIRMED, State.SWEPT} or is_late:
            return Money.rub_rounded_down((LATE_RATE if is_late else self.rate) * nano / 10**9)
        return credit_for(nano, self.nano, self.amount, self.rate)


@dataclass
class ShopModel:
    """All that was done, and what should have come of it."""

    now: datetime = NOW
    people: dict[int, Person] = field(default_factory=dict)
    bills: dict[int, Bill] = field(default_factory=dict)

    def arrive(self, tg_id: int, inviter: int) -> None:
        if tg_id not in self.people:
            known = inviter if inviter in self.people else None
            self.people[tg_id] = Person(known, end=self.now + timedelta(days=7))

    def pay(self, payment_id: int, nano: int) -> None:
        bill = self.bills[payment_id]
        worth = bill.worth(nano, self.now)
        bill.has_receipt = bill.has_receipt or bill.state is not State.SWEPT
        if worth == ZERO:
            return
        if bill.state is not State.SWEPT:
            bill.state = State.CONFIRMED
        person = self.people[bill.owner]
        person.balance += worth
        person.topped_up += worth
        if person.inviter and not person.is_bonus_paid and person.topped_up >= Money.rub(50):
            person.is_bonus_paid = True
            self.people[person.inviter].balance += BONUS

    def cancel(self, payment_id: int) -> bool:
        bill = self.bills[payment_id]
        was_pending = bill.state is State.PENDING
        if was_pending:
            bill.state = State.FAILED
        return was_pending

    def scan(self) -> None:
        for bill in self.bills.values():
            if bill.state is State.PENDING and bill.expires_at < self.now - timedelta(seconds=60):
                bill.state = State.FAILED

    def sweep(self) -> None:
        for bill in self.bills.values():
            if bill.state is State.FAILED and not bill.has_receipt and bill.opened_at < self.now - timedelta(days=7):
                bill.state = State.SWEPT

    def buy(self, tg_id: int, plan: Plan) -> bool:
        person = self.people[tg_id]
        if person.balance < plan.price:
            return False
        person.balance -= plan.price
        kept = person.max_configs if is_active(person.end, self.now) else 0
        person.max_configs = max(kept, plan.max_configs)
        person.end = extended(person.end, self.now, plan.days)
        return True

    def request(self, tg_id: int) -> bool:
        person = self.people[tg_id]
        may = is_active(person.end, self.now) and person.configs < person.max_configs
        person.configs += may
        return may
