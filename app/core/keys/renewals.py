"""The keyboards of what happens by itself: renewals, reminders and what these lead to. Holds no rule."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from app.core.actions import AgreeRenewal, Menu, SetReminders, ShowRenewal, StopRenewal, TopUp
from app.core.buttons import back, button, keyboard
from app.core.keys.sales import plan_title
from app.locales.locales import translator
from app.services.topups import MINIMUM

if TYPE_CHECKING:
    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

    from app.domain.money import Money
    from app.domain.plans import Catalogue
    from app.locales.locales import Translator


def renewal(
    t: Translator, catalogue: Catalogue, chosen: str | None, hinted: str | None, missing: Money | None, came_from: str
) -> InlineKeyboardMarkup:
    """The plans, the `chosen` one marked, the `hinted` one bright; off, where one is chosen; money, where it lacks."""
    plans = [
        button(
            t.plain(
                "renewal.chosen" if plan.key == chosen else "renewal.plan",
                title=plan_title(t, plan),
                price=t.money(plan.price),
            ),
            AgreeRenewal(key=plan.key, version=plan.version, back=came_from),
            "success" if plan.key == hinted else None,
        )
        for plan in catalogue
    ]
    pairs = [plans[at : at + 2] for at in range(0, len(plans), 2)]
    off = [button(t.plain("renewal.turn_off"), StopRenewal(back=came_from))] if chosen else []
    return keyboard(_top_up(t, missing) if missing else [], *pairs, off, back(t, came_from))


@lru_cache(maxsize=8)
def reminders(language: str, *, wanted: bool) -> InlineKeyboardMarkup:
    """The switch."""
    t = translator(language)
    text = t.plain("reminder.turn_off" if wanted else "reminder.turn_on")
    return keyboard([button(text, SetReminders(wanted=not wanted))], back(t, "settings"))


def to_plans(t: Translator, *, is_active: bool) -> InlineKeyboardMarkup:
    """Buy, or renew."""
    return keyboard([button(t.plain("menu.renew" if is_active else "menu.plans"), Menu(page="plans"), "primary")])


def to_renewal(t: Translator) -> InlineKeyboardMarkup:
    """The page of renewals."""
    return keyboard([button(t.plain("renewal.menu"), ShowRenewal(back="home"))])


def to_top_up(t: Translator, missing: Money) -> InlineKeyboardMarkup:
    """Top up just what is missing."""
    return keyboard(_top_up(t, missing))


def _top_up(t: Translator, missing: Money) -> list[InlineKeyboardButton]:
    amount = max(missing, MINIMUM)
    return [button(t.plain("buy.top_up", missing=t.money(amount)), TopUp(missing=amount.kopecks), "success")]
