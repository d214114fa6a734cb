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


def plans(
    t: Translator, catalogue: Catalogue, chosen: str | None, hinted: str | None, came_from: str
) -> InlineKeyboardMarkup:
    """The plans to agree to: the `chosen` one marked, the `hinted` one bright."""
    rows = [
        [
            button(
                t.plain(
                    "renewal.chosen" if plan.key == chosen else "renewal.plan",
                    title=plan_title(t, plan),
                    price=t.money(plan.price),
                ),
                AgreeRenewal(key=plan.key, version=plan.version, back=came_from),
                "success" if plan.key == hinted else None,
            )
        ]
        for plan in catalogue
    ]
    return keyboard(*rows, _back(t, came_from, is_on=chosen is not None))


def renewal(t: Translator, missing: Money | None, came_from: str) -> InlineKeyboardMarkup:
    """While it is on: money, where it lacks, another plan, off."""
    return keyboard(
        _top_up(t, missing) if missing is not None else [],
        [button(t.plain("renewal.change"), ShowRenewal(back=came_from, choosing=True))],
        [button(t.plain("renewal.turn_off"), StopRenewal(back=came_from))],
        back(t, came_from),
    )


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


def _back(t: Translator, came_from: str, *, is_on: bool) -> list[InlineKeyboardButton]:
    return [button(t.plain("menu.back"), ShowRenewal(back=came_from))] if is_on else back(t, came_from)
