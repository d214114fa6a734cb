"""Codes, gifts and discounts in memory, beside shop_model.py: what the real ones are compared with. Knows no SQL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.domain.money import ZERO, Money
from app.domain.promo import HOLD, PromoKind, discounted
from app.domain.subscription import extended, is_active
from tests.support.books import NOW

if TYPE_CHECKING:
    from app.domain.plans import Plan

PATIENCE = timedelta(hours=24)


@dataclass
class Code:
    """A promo code; `used` counts discounts that wait, too."""

    kind: PromoKind
    value: int
    most_uses: int | None = None
    used: int = 0


@dataclass(frozen=True)
class Held:
    """A discount that waits for its purchase."""

    code: str
    percent: int
    until: datetime
    use_id: int


@dataclass
class Gift:
    """A plan that was paid for somebody."""

    plan: Plan
    redeemed_by: int | None = None


@dataclass(frozen=True)
class Gained:
    """Days that were bought, or given: then without a price. What was bought may be given back."""

    days: int
    at: datetime
    price: Money | None = None


@dataclass
class Person:
    """An account. `taken` are codes that were used, with the message that did it; `gained` is in order of time."""

    inviter: int | None = None
    balance: Money = ZERO
    topped_up: Money = ZERO
    is_bonus_paid: bool = False
    end: datetime = NOW
    max_configs: int = 1
    configs: frozenset[int] = frozenset()
    wishes: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()
    held: Held | None = None
    debt: Money = ZERO
    gained: tuple[Gained, ...] = ()
    delivered: frozenset[int] = frozenset()
    renews: bool = False
    taken: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Person:
        return replace(self, taken=dict(self.taken))

    def use_shown(self, now: datetime) -> int:
        """The discount that a screen would show, 0 where none holds."""
        return self.held.use_id if self.held is not None and self.held.until > now else 0

    def price(self, plan: Plan, now: datetime) -> Money:
        """What the plan costs this person."""
        holds = self.held is not None and self.held.until > now
        return discounted(plan.price, self.held.percent) if holds and self.held else plan.price

    def longer(self, now: datetime, days: int, max_configs: int, price: Money | None = None) -> None:
        """Days are added, and as many configs allowed as go with them."""
        self.gained += (Gained(days, now, price),)
        kept = self.max_configs if is_active(self.end, now) else 0
        self.max_configs = max(kept, max_configs)
        self.end = extended(self.end, now, days)


@dataclass
class Sales:
    """What is sold and given away. A method is one transaction of the real shop, and says how it went."""

    now: datetime = NOW
    people: dict[int, Person] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    gifts: dict[str, Gift] = field(default_factory=dict)

    def book(self, kind: str, account: str, amount: Money) -> None:
        raise NotImplementedError

    def buy(self, tg_id: int, plan: Plan, intent: str, use_id: int = 0) -> bool:
        """Whether the plan is the person's, by this press or by an earlier one."""
        person = self.people[tg_id]
        price = person.price(plan, self.now)
        if intent in person.intents:
            return True
        if not self._pays("purchase", tg_id, plan, use_id):
            return False
        person.intents |= {intent}
        person.longer(self.now, plan.days, plan.max_configs, price)
        return True

    def renew(self, tg_id: int, plan: Plan, end: datetime) -> bool:
        """Whether what ends then was renewed by itself just now."""
        person = self.people[tg_id]
        if not person.renews or person.end != end or not self._pays("purchase", tg_id, plan, 0):
            return False
        person.longer(self.now, plan.days, plan.max_configs, plan.price)
        return True

    def stop_renewing(self, tg_id: int) -> bool:
        """Nothing is bought by itself any more."""
        self.people[tg_id].renews = False
        return True

    def deliver(self, tg_id: int) -> bool:
        """Panels have made all that the person has asked for."""
        self.people[tg_id].delivered |= self.people[tg_id].configs
        return True

    def give_back(self, tg_id: int) -> bool:
        """Whether there was something of a day ago that no config came for; the time behind it moves forward."""
        person, before = self.people[tg_id], len(self.people[tg_id].gained)
        for sold in person.gained:
            if sold.price is None or sold.at > self.now - PATIENCE or person.delivered or not person.configs:
                continue
            later = sum(gained.days for gained in person.gained[person.gained.index(sold) + 1 :])
            least = max(person.end - timedelta(days=sold.days), self.now + timedelta(days=later))
            person.end = min(person.end, least)
            person.gained = tuple(gained for gained in person.gained if gained is not sold)
            settled = min(person.debt, sold.price)
            person.debt -= settled
            self.book("undelivered", "debts", settled)
            self.book("undelivered", f"wallet:{tg_id}", sold.price - settled)
            self.book("undelivered", "sales", -sold.price)
            person.balance += sold.price - settled
            person.max_configs = person.max_configs if person.gained else 1
            person.configs = person.configs if is_active(person.end, self.now) else frozenset()
        return len(person.gained) < before

    def give(self, tg_id: int, plan: Plan, intent: str, use_id: int, code: str | None) -> bool:
        """Whether the gift is paid for, by this press or by an earlier one; `code` is the real one's."""
        person = self.people[tg_id]
        if intent in person.given:
            return code in self.gifts
        if not self._pays("gift", tg_id, plan, use_id) or code is None:
            return False
        person.given |= {intent}
        self.gifts[code] = Gift(plan)
        return True

    def unwrap(self, tg_id: int, code: str) -> bool:
        """Whether the gift became this person's just now."""
        gift, person = self.gifts[code], self.people[tg_id]
        if gift.redeemed_by is not None:
            return False
        gift.redeemed_by = tg_id
        person.longer(self.now, gift.plan.days, gift.plan.max_configs)
        return True

    def redeem(self, tg_id: int, name: str, message: str, use_id: int) -> bool:
        """Whether the person has what the code gives, by this message or because it waits already."""
        self._lapse(name)
        code, person = self.codes[name], self.people[tg_id]
        if person.held is not None and person.held.code == name:
            return True
        if name in person.taken:
            return code.kind is not PromoKind.PERCENT and person.taken[name] == message
        if code.most_uses is not None and code.used >= code.most_uses:
            return False
        code.used += 1
        if code.kind is PromoKind.PERCENT:
            self._release(person)
            person.held = Held(name, code.value, self.now + HOLD, use_id)
            return True
        person.taken[name] = message
        if code.kind is PromoKind.DAYS:
            person.longer(self.now, code.value, 1)
        else:
            self._change("promo", tg_id, Money.rub(code.value), "promotions")
        return True

    def lapse(self) -> bool:
        """What nobody has used in time is given back."""
        for name in self.codes:
            self._lapse(name)
        return True

    def _pays(self, kind: str, tg_id: int, plan: Plan, use_id: int) -> bool:
        """Whether the person was shown what holds now and can pay for it; then a discount is used up."""
        person = self.people[tg_id]
        shown, price = person.use_shown(self.now), person.price(plan, self.now)
        if shown != use_id or person.balance < price:
            return False
        if shown and person.held is not None:
            person.taken[person.held.code] = ""
            person.held = None
        self._change(kind, tg_id, -price, "sales")
        return True

    def _change(self, kind: str, tg_id: int, amount: Money, other: str) -> None:
        self.people[tg_id].balance += amount
        self.book(kind, f"wallet:{tg_id}", amount)
        self.book(kind, other, -amount)

    def _lapse(self, name: str) -> None:
        for person in self.people.values():
            if person.held is not None and person.held.code == name and person.held.until <= self.now:
                self._release(person)

    def _release(self, person: Person) -> None:
        if person.held is not None:
            self.codes[person.held.code].used -= 1
            person.held = None
