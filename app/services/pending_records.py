"""Purchases that wait for money, as they pass between use cases, store and notices. No behaviour but copying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.money import Money
from app.domain.pending import Wish
from app.domain.plans import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A wish whose money came: `wished_at` is when its invoice was opened."""

    payment_id: int
    owner: int
    wish: Wish
    wished_at: datetime


def facts_of(wish: Wish) -> dict[str, str]:
    """The wish as facts of a notice."""
    return {
        "plan_key": wish.plan.key,
        "days": str(wish.plan.days),
        "max_configs": str(wish.plan.max_configs),
        "list_price": str(wish.plan.price),
        "price": str(wish.price),
        "use_id": str(wish.use_id),
        "intent": wish.intent,
        "is_gift": "yes" if wish.is_gift else "no",
    }


def wish_in(facts: Mapping[str, str]) -> Wish | None:
    """The wish that a notice names; None where it names none."""
    if "intent" not in facts:
        return None
    plan = Plan(facts["plan_key"], int(facts["days"]), Money.rub(facts["list_price"]), int(facts["max_configs"]))
    price = Money.rub(facts["price"])
    return Wish(plan, int(facts["use_id"]), price, facts["intent"], is_gift=facts["is_gift"] == "yes")
