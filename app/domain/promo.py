"""Promo codes: their normal form, whom they serve when, and what a discount makes of a price. Reads no clock."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.money import Money
from app.domain.plans import Catalogue

if TYPE_CHECKING:
    from app.domain.plans import Plan

# How long a discount waits for its purchase, unless its code ends earlier.
HOLD = timedelta(days=3)
MOST_MISSES = 10
MISSES_WITHIN = timedelta(hours=1)
# Days with nothing before them allow as many configs as a trial does.
GIVEN_PLAN = "given"
GIVEN_MAX_CONFIGS = 1

# Without 0 and O, 1, I and L. Thirteen of 31 characters are 64 bits, sixteen of them 79.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
PROMO_LENGTH = 13
GIFT_LENGTH = 16
LONGEST_TYPED = 128
_NORMAL = re.compile(r"[A-Z0-9]{3,32}", re.ASCII)
_PAYLOAD = re.compile(r"(?:promo|gift)_([A-Za-z0-9_-]{3,58})", re.ASCII)
_LOOK_ALIKES = str.maketrans("АВЕЁКМНОРСТУХІЈЅ", "ABEEKMHOPCTYXIJS")
_LEFT_OUT = {"Cc", "Cf", "Pc", "Pd", "Zl", "Zp", "Zs"}


class PromoKind(StrEnum):
    """What a code gives."""

    PERCENT = "percent"
    BALANCE = "balance"
    DAYS = "days"


class Refusal(StrEnum):
    """Why a code was not taken; the value names the sentence."""

    UNKNOWN = "promo.unknown"
    ENDED = "promo.ended"
    NOT_YET = "promo.not_yet"
    USED_UP = "promo.used_up"
    USED_BY_YOU = "promo.used_by_you"
    FIRST_ONLY = "promo.first_only"
    GIFT_TAKEN = "promo.gift_taken"
    TOO_MANY_MISSES = "promo.too_many_misses"


@dataclass(frozen=True, slots=True)
class Terms:
    """Whom a code serves, and when: from `valid_from` on, before `valid_until`; None where nothing limits it."""

    most_uses: int | None = None
    per_person: int = 1
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    first_purchase: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of a code is used, by all and by this person, and whether the person has bought before."""

    used: int
    used_by_person: int
    has_bought: bool
    is_stopped: bool


def refusal(terms: Terms, standing: Standing, now: datetime) -> Refusal | None:
    """Why the code can't be used now, or None where it can."""
    if standing.is_stopped or (terms.valid_until is not None and now >= terms.valid_until):
        return Refusal.ENDED
    if terms.valid_from is not None and now < terms.valid_from:
        return Refusal.NOT_YET
    if standing.used_by_person >= terms.per_person:
        return Refusal.USED_BY_YOU
    if terms.first_purchase and standing.has_bought:
        return Refusal.FIRST_ONLY
    if terms.most_uses is not None and standing.used >= terms.most_uses:
        return Refusal.USED_UP
    return None


def holds_until(terms: Terms, now: datetime) -> datetime:
    """Until when a discount that is taken now waits for its purchase."""
    end = now + HOLD
    return end if terms.valid_until is None else min(end, terms.valid_until)


def normal_form(typed: str) -> str | None:
    """The one form of a code: upper case, no spaces, hyphens and underscores, Latin for what looks like it.

    None where what was typed can be no code.
    """
    if len(typed) > LONGEST_TYPED:
        return None
    wide = unicodedata.normalize("NFKC", typed).upper().translate(_LOOK_ALIKES)
    code = "".join(char for char in wide if unicodedata.category(char) not in _LEFT_OUT)
    return code if _NORMAL.fullmatch(code) else None


def new_code(length: int = PROMO_LENGTH) -> str:
    """A code that nobody can guess, in normal form."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def code_in(payload: str) -> str | None:
    """The code that a deep link brings, of a promotion or of a gift; None where it brings none."""
    match = _PAYLOAD.fullmatch(payload)
    return match.group(1) if match else None


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount that waits for an account's next purchase; `use_id` names the use of the code that holds it."""

    use_id: int
    percent: int
    until: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it can still be used; the end itself is outside (half-open)."""
        return now < self.until


def discounted(price: Money, percent: int) -> Money:
    """The price less so many percent (0 to 99); the discount is rounded down, so that at least a kopeck is left."""
    return Money(price.kopecks - price.kopecks * percent // 100)


def for_less(catalogue: Catalogue, percent: int) -> Catalogue:
    """What is on sale at the prices that a discount leaves."""
    return Catalogue(replace(plan, price=discounted(plan.price, percent)) for plan in catalogue)


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan as it is offered to one person: with the discount that waits for them, or without one."""

    plan: Plan
    discount: Discount | None = None

    @classmethod
    def to(cls, plan: Plan, discount: Discount | None, now: datetime) -> Offer:
        """The offer with the discount, where that still holds."""
        return cls(plan, discount if discount is not None and discount.holds(now) else None)

    @property
    def price(self) -> Money:
        """What is paid."""
        return discounted(self.plan.price, self.discount.percent) if self.discount else self.plan.price

    @property
    def version(self) -> str:
        """What a button carries, so that something else than what was shown is never bought."""
        return offer_version(self.plan, self.discount.use_id if self.discount else 0)


def offer_version(plan: Plan, use_id: int) -> str:
    """The plan's version with the use of a code whose discount is in the price; 0 for none."""
    return f"{plan.version}-{use_id}" if use_id else plan.version


def use_in(version: str) -> tuple[str, int] | None:
    """The plan's version and the use of a code (0 for none) in a version of an offer; None where it is none."""
    plan_version, _, use = version.partition("-")
    if not use:
        return None if "-" in version else (plan_version, 0)
    return (plan_version, int(use)) if re.fullmatch(r"[1-9][0-9]{0,17}", use, re.ASCII) else None
