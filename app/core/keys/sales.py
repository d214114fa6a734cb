"""The keyboards of what is sold: plans, a purchase, a gift. Holds no rule."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from aiogram.types import InlineKeyboardMarkup

from app.core.actions import (
    BuyPlan,
    ChoosePlan,
    EnterPromoAtPlans,
    GiftPlan,
    Menu,
    ShowRenewal,
    new_intent,
)
from app.core.buttons import back, button, keyboard, share, to_menu
from app.domain.promo import Offer, for_less
from app.locales.locales import translator

if TYPE_CHECKING:
    from app.domain.plans import Catalogue, Plan
    from app.locales.locales import Translator


def plan_title(t: Translator, plan: Plan) -> str:
    """The plan's name in words."""
    return title_of(t, plan.key, plan.days)


def title_of(t: Translator, plan_key: str | None, days: int) -> str:
    """The name of a plan that may be sold no more; one that has no name of its own is named by its days."""
    key = f"plan.{plan_key}"
    return t.plain(key) if t.knows(key) else t.count("day", days)


@lru_cache(maxsize=64)
def plans(language: str, catalogue: Catalogue, percent_off: int = 0) -> InlineKeyboardMarkup:
    """The plans with their savings, the best one marked; both by the prices that this person pays."""
    t, shown = translator(language), for_less(catalogue, percent_off)
    rows = []
    for plan in shown:
        percent, is_best = shown.savings_percent(plan), plan is shown.best
        key = "plans.row_best" if is_best else "plans.row_saving" if percent else "plans.row"
        text = t.plain(key, title=plan_title(t, plan), price=t.money(plan.price), percent=percent)
        rows.append([button(text, ChoosePlan(key=plan.key), "success" if is_best else None)])
    extras = [button(t.plain("promo.enter"), EnterPromoAtPlans()), button(t.plain("menu.gifts"), Menu(page="gifts"))]
    by_itself = [button(t.plain("renewal.menu"), ShowRenewal(back="plans"))]
    return keyboard(*rows, by_itself, extras, back(t))


def buy(t: Translator, offer: Offer) -> InlineKeyboardMarkup:
    """Buy, for oneself or as a gift, each under an intent minted here; or back."""
    key, version = offer.plan.key, offer.version
    return keyboard(
        [
            button(
                t.plain("buy.yes", price=t.money(offer.price)),
                BuyPlan(key=key, version=version, intent=new_intent()),
                "success",
            )
        ],
        [button(t.plain("gift.buy"), GiftPlan(key=key, version=version, intent=new_intent()))],
        back(t, "plans"),
    )


def bought(t: Translator) -> InlineKeyboardMarkup:
    """After a purchase: to the configs."""
    return keyboard(
        [button(t.plain("menu.vpn"), Menu(page="vpn"), "primary")], to_menu(t)
    )


def gift(t: Translator, link: str) -> InlineKeyboardMarkup:
    """Share a gift, or copy its link."""
    return keyboard(*share(t, link, t.plain("gift.pitch")), [button(t.plain("menu.gifts"), Menu(page="gifts"))])
