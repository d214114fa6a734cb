"""Screens of a purchase that is paid for in the same go: what is missing, for what, and how it ended. Asks nobody."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from app.core.keys import checkout as checkout_keys
from app.core.keys import sales as sales_keys
from app.core.screens.screen import CELEBRATION, Screen
from app.domain.money import Money
from app.domain.pending import Outcome
from app.domain.subscription import extended, is_active
from app.services.pending import to_pay
from app.services.topups import MINIMUM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.core.actions import PayFor
    from app.domain.payment import PaymentMethod
    from app.domain.pending import Wish
    from app.domain.plans import Plan
    from app.domain.promo import Offer
    from app.locales.locales import Markup, Translator
    from app.services.records import Account, ConfigCard


def what(t: Translator, plan: Plan, *, is_gift: bool) -> str:
    """What the money is for, as plain text."""
    return t.plain("wish.gift" if is_gift else "wish.plan", title=sales_keys.plan_title(t, plan))


def until(t: Translator, account: Account, now: datetime, plan: Plan) -> Markup:
    """Until when a purchase would last; with time left, from when it moves."""
    end = t.date(extended(account.subscription_end, now, plan.days))
    if account.subscription_end is None or not is_active(account.subscription_end, now):
        return t("buy.until", end=end)
    return t("buy.renewal", was=t.date(account.subscription_end), end=end)


def short(
    t: Translator, account: Account, now: datetime, offer: Offer, price: Markup | str, intent: str | None
) -> Screen:
    """The balance is short of the price: what is to be paid, and that the rest happens by itself."""
    missing, amount = offer.price - account.balance, to_pay(offer.price, account.balance)
    text = t(
        "buy.short",
        what=what(t, offer.plan, is_gift=False),
        until=until(t, account, now, offer.plan),
        price=price,
        balance=t.money(account.balance),
        amount=t.money(amount),
    )
    if missing < MINIMUM:
        text = t("buy.short_rest", text=text, missing=t.money(missing), amount=t.money(amount))
    return Screen(text, checkout_keys.pay(t, offer, amount, intent))


def choose_method(
    t: Translator, offer: Offer, balance: Money, ways: tuple[PaymentMethod, ...], wanted: PayFor
) -> Screen:
    """How to pay for it."""
    text = t(
        "wish.method",
        what=what(t, offer.plan, is_gift=wanted.is_gift),
        amount=t.money(to_pay(offer.price, balance)),
    )
    return Screen(text, checkout_keys.methods(t, ways, wanted))


def made(t: Translator, wish: Wish, facts: Mapping[str, str], configs: tuple[ConfigCard, ...]) -> Screen:
    """The money has come and the plan is bought."""
    text = t(
        "wish.bought",
        what=what(t, wish.plan, is_gift=False),
        end=t.date(datetime.fromisoformat(facts["end"])),
        balance=t.money(Money.rub(facts["balance"])),
        amount=t.money(Money.rub(facts["amount"])),
        receipt=facts["receipt"],
    )
    return Screen(text, checkout_keys.made(t, configs), effect=CELEBRATION)


def unmade(t: Translator, wish: Wish, facts: Mapping[str, str]) -> Screen:
    """The money has come, and why the plan is not bought."""
    thing, amount = what(t, wish.plan, is_gift=wish.is_gift), t.money(Money.rub(facts["amount"]))
    end, balance = Outcome(facts["why"]), Money.rub(facts["balance"])
    if end is Outcome.SHORT:
        missing = t.money(wish.price - balance)
        text = t("wish.short", what=thing, amount=amount, missing=missing)
        return Screen(text, checkout_keys.pay_again(t, wish, to_pay(wish.price, balance), "wish.pay_rest"))
    if "price_now" not in facts:
        return Screen(t("wish.gone", what=thing, amount=amount), checkout_keys.plan_again(t, None))
    if end is Outcome.CHANGED:
        price = t.money(Money.rub(facts["price_now"]))
        text = t("wish.changed", what=thing, amount=amount, price=price)
    else:
        text = t("wish.late", what=thing, amount=amount)
    return Screen(text, checkout_keys.plan_again(t, wish.plan.key))
