"""The keyboards of a purchase that is paid for in the same go. Holds no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import ChoosePlan, Menu, NewConfig, PayFor, ShowConfig, new_intent
from app.core.buttons import back, button, keyboard, to_menu
from app.core.keys.topups import way

if TYPE_CHECKING:
    from aiogram.types import InlineKeyboardMarkup

    from app.domain.money import Money
    from app.domain.payment import PaymentMethod
    from app.domain.pending import Wish
    from app.domain.promo import Offer
    from app.locales.locales import Translator
    from app.services.records import ConfigCard


def pay(t: Translator, offer: Offer, missing: Money, intent: str | None = None) -> InlineKeyboardMarkup:
    """Pay what is missing and have the plan, or have it as a gift; each once for its intent."""
    key, version = offer.plan.key, offer.version
    mine = PayFor(key=key, version=version, intent=intent or new_intent(), is_gift=False)
    gift = PayFor(key=key, version=version, intent=new_intent(), is_gift=True)
    return keyboard(
        [button(t.plain("buy.pay", amount=t.money(missing)), mine, "success")],
        [button(t.plain("gift.buy"), gift)],
        back(t, "plans"),
    )


def methods(t: Translator, ways: tuple[PaymentMethod, ...], wanted: PayFor) -> InlineKeyboardMarkup:
    """The ways to pay for what is wanted."""
    return keyboard(
        *([button(way(t, each), wanted.model_copy(update={"method": each.value}))] for each in ways),
        [button(t.plain("menu.back"), ChoosePlan(key=wanted.key))],
    )


def pay_again(t: Translator, wish: Wish, missing: Money, text: str = "buy.pay") -> InlineKeyboardMarkup:
    """Another invoice for the same wish, or the menu."""
    again = PayFor(key=wish.plan.key, version=wish.version, intent=wish.intent, is_gift=wish.is_gift)
    return keyboard([button(t.plain(text, amount=t.money(missing)), again, "success")], to_menu(t))


def made(t: Translator, configs: tuple[ConfigCard, ...]) -> InlineKeyboardMarkup:
    """After the purchase: the config, the list where there are several, or a first one."""
    if not configs:
        first = button(t.plain("vpn.new"), NewConfig(intent=new_intent()), "primary")
    elif len(configs) == 1:
        first = button(t.plain("menu.vpn"), ShowConfig(id=configs[0].id), "primary")
    else:
        first = button(t.plain("menu.vpn"), Menu(page="vpn"), "primary")
    return keyboard([first], to_menu(t))


def plan_again(t: Translator, key: str | None) -> InlineKeyboardMarkup:
    """What the plan is by now, or what there is instead; or the menu."""
    page = Menu(page="plans") if key is None else ChoosePlan(key=key)
    return keyboard([button(t.plain("menu.plans"), page, "primary")], to_menu(t))
