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
from app.domain.subscription import is_active
from app.domain.ton import credit_for
from tests.support.books import NOW, TIMEOUT
from tests.support.pending_model import Pending
from tests.support.sales_model import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from tests.support.pending_model import Waiting


BONUS = Money.rub(50)
FIRST_TOP_UP = Money.rub(50)
MARGIN = timedelta(seconds=60)
KEPT = timedelta(days=7)


class State(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SWEPT = "swept"


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
    at: datetime = NOW


@dataclass
class Receipt:
    """What became of a charge."""

    owner: int | None
    credited: Money | None
    paid: int
    back: int = 0
    taken_back: Money = ZERO


@dataclass
class ShopModel(Pending):
    """All that was done, and what should have come of it. `lines` count the ledger's lines and add them up."""

    most_open: int = 3
    bills: dict[int, Bill] = field(default_factory=dict)
    transfers: frozenset[int] = frozenset()
    receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    refunds: frozenset[str] = frozenset()
    assigned: frozenset[int] = frozenset()
    adjusted: frozenset[str] = frozenset()
    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    sums: Counter[tuple[str, str]] = field(default_factory=Counter)

    def copy(self) -> ShopModel:
        """Another one, that goes its own way from here."""
        return replace(
            self,
            people={tg_id: person.copy() for tg_id, person in self.people.items()},
            codes={name: replace(code) for name, code in self.codes.items()},
            gifts={name: replace(gift) for name, gift in self.gifts.items()},
            bills={payment_id: replace(bill) for payment_id, bill in self.bills.items()},
            receipts={key: replace(receipt) for key, receipt in self.receipts.items()},
            wishes={payment_id: replace(wish) for payment_id, wish in self.wishes.items()},
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

    def open(self, payment_id: int, bill: Bill, wish: Waiting | None = None) -> bool:
        """Whether it could be opened, for what is wished or for nothing."""
        if not self.may_open(bill.owner):
            return False
        self.bills[payment_id] = bill
        if wish is not None:
            self.wishes[payment_id] = wish
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
        self.receipts[charge.gateway, charge.key] = Receipt(owner, credited, charge.paid)
        if credited is None or owner is None:
            return True
        if bill is not None and is_first:
            bill.state = State.CONFIRMED
        if bill is not None and self._has_row(bill):
            self.money_came(charge.payment_id, charge.at)
        self._top_up(owner, credited, f"gateway:{charge.gateway}")
        return True

    def refund(self, gateway: PaymentMethod, charge: str, key: str = "", part: int | None = None) -> bool:
        """A charge goes back, or a part of it, each once for its key; what was spent of it is a debt."""
        receipt, name = self.receipts.get((gateway, charge)), f"{gateway}:{key or charge}"
        if receipt is None or name in self.refunds or receipt.back >= receipt.paid:
            return True
        self.refunds |= {name}
        left = receipt.paid - receipt.back
        back = left if part is None else min(part, left)
        receipt.back += back
        if receipt.credited is None or receipt.owner is None:
            return True
        rest = receipt.credited - receipt.taken_back
        worth = rest if back == left else min(rest, _share(receipt.credited, back, receipt.paid))
        receipt.taken_back += worth
        person = self.people[receipt.owner]
        taken = min(person.balance, worth)
        person.balance -= taken
        person.debt += worth - taken
        self.book("refund", f"wallet:{receipt.owner}", -taken)
        self.book("refund", "debts", taken - worth)
        self.book("refund", f"gateway:{gateway}", worth)
        return True

    def assign(self, lt: int, tg_id: int, amount: Money) -> bool:
        """Whether money that named nobody became this person's just now."""
        if lt in self.assigned or amount == ZERO:
            return False
        self.assigned |= {lt}
        self._top_up(tg_id, amount, "gateway:ton")
        return True

    def adjust(self, tg_id: int, amount: Money, key: str) -> bool:
        """Whether the balance is changed, by this wish or by an earlier one of its key."""
        if key in self.adjusted:
            return True
        if self.people[tg_id].balance + amount < ZERO:
            return False
        self.adjusted |= {key}
        self._change("adjustment", tg_id, amount, "adjustments")
        return True

    def cancel(self, payment_id: int, *, done: bool) -> bool:
        """Whether it can have gone so. What is cancelled can be cancelled again, but not by two at the same moment."""
        bill = self.bills[payment_id]
        if done and bill.state is State.PENDING:
            bill.state = State.CANCELLED
            self.invoice_gone(payment_id, for_good=False)
        return bill.state is State.CANCELLED if done else bill.state is not State.PENDING

    def expire(self, method: PaymentMethod) -> bool:
        """The provider was asked, and knows of no more money for what is overdue."""
        for bill in self.bills.values():
            is_overdue = bill.expires_at < self.now - MARGIN
            if bill.method is method and bill.state is State.PENDING and is_overdue:
                bill.state = State.FAILED
        return True

    def sweep(self) -> bool:
        """What nobody paid for a week goes."""
        for payment_id, bill in self.bills.items():
            is_dead = bill.state in {State.FAILED, State.CANCELLED} and not bill.has_receipt
            if is_dead and bill.opened_at < self.now - KEPT:
                bill.state = State.SWEPT
                self.invoice_gone(payment_id, for_good=True)
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
            self.money_came(transfer.payment_id or 0, transfer.at)
        self._top_up(bill.owner, worth, "gateway:ton")

    def _top_up(self, tg_id: int, amount: Money, source: str) -> None:
        person = self.people[tg_id]
        person.balance += amount
        person.topped_up += amount
        self.book("topup", f"wallet:{tg_id}", amount)
        self.book("topup", source, -amount)
        if person.inviter and not person.is_bonus_paid and person.topped_up >= FIRST_TOP_UP:
            person.is_bonus_paid = True
            self.people[person.inviter].balance += BONUS
            self.book("referral", f"wallet:{person.inviter}", BONUS)
            self.book("referral", "bonuses", -BONUS)

    def book(self, kind: str, account: str, amount: Money) -> None:
        """A line of the ledger."""
        if amount != ZERO:
            self.lines[kind, account] += 1
            self.sums[kind, account] += amount.kopecks

    @staticmethod
    def _has_row(bill: Bill) -> bool:
        return bill.state is not State.SWEPT


def _share(credited: Money, back: int, paid: int) -> Money:
    """What a part of a charge had brought, to the nearest kopeck."""
    return Money((2 * credited.kopecks * back + paid) // (2 * paid))


def _worth(bill: Bill, transfer: Transfer, late_rate: Decimal) -> Money:
    assert bill.rate is not None
    is_late = transfer.at > bill.expires_at or bill.state is State.SWEPT
    if bill.state in {State.CONFIRMED, State.SWEPT} or is_late:
        return Money.rub_rounded_down((late_rate if is_late else bill.rate) * transfer.nano / 10**9)
    return credit_for(transfer.nano, bill.asked, bill.amount, bill.rate)
