"""The pages of the menu: an account in, a screen out. Asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core import keyboards
from app.core.keys import configs as configs_keys
from app.core.keys import sales as sales_keys
from app.core.keys import topups as topups_keys
from app.core.screens.screen import Screen
from app.domain.promo import Offer
from app.domain.subscription import TRIAL_PLAN, days_left, extended, is_active
from app.services.topups import MAXIMUM, MINIMUM

if TYPE_CHECKING:
    from datetime import datetime

    from app.core.contact import Contact
    from app.domain.money import Money
    from app.domain.payment import PaymentMethod
    from app.domain.plans import Catalogue, Plan
    from app.domain.referral import Bonus
    from app.locales.locales import Markup, Translator
    from app.services.records import Account, Arrival, ConfigCard, Purchase


def subscription_line(t: Translator, account: Account, now: datetime) -> Markup:
    """How the subscription stands, and until when."""
    end = account.subscription_end
    if end is None or not is_active(end, now):
        return t("home.none")
    key = "home.trial" if account.active_plan == TRIAL_PLAN else "home.active"
    return t(key, days=t.count("day", days_left(end, now)), end=t.date(end))


def home(t: Translator, account: Account, now: datetime) -> Screen:
    """The main menu."""
    text = t("home.title", subscription=subscription_line(t, account, now), balance=t.money(account.balance))
    return Screen(text, keyboards.home(t.language, is_active=is_active(account.subscription_end, now)))


def welcome(t: Translator, arrival: Arrival, now: datetime) -> Screen:
    """The first message: the trial runs, the next step is one button."""
    account = arrival.account
    end = account.subscription_end
    if not arrival.trial_started or end is None:
        return home(t, account, now)
    text = t("home.new", name=account.first_name, days=t.count("day", days_left(end, now)), end=t.date(end))
    return Screen(text, keyboards.newcomer(t))


def my_vpn(t: Translator, account: Account, now: datetime, configs: tuple[ConfigCard, ...] | None = None) -> Screen:
    """The configs, or how to get the first one."""
    cards = account.configs if configs is None else configs
    active = is_active(account.subscription_end, now)
    hint = t("vpn.list" if cards else "vpn.empty" if active else "vpn.expired")
    text = f"{t('vpn.title', subscription=subscription_line(t, account, now))}\n\n{hint}"
    return Screen(text, configs_keys.my_vpn(t, cards, is_active=active))


def plans(t: Translator, account: Account, now: datetime, catalogue: Catalogue) -> Screen:
    """What is on sale."""
    text = t("plans.title", subscription=subscription_line(t, account, now), balance=t.money(account.balance))
    discount = account.discount
    if discount is None or not discount.holds(now):
        return Screen(text, sales_keys.plans(t.language, catalogue))
    off = t("plans.discount", percent=discount.percent, until=t.moment(discount.until))
    rows = (
        t("plans.discounted", title=sales_keys.plan_title(t, plan), price=price_line(t, Offer(plan, discount)))
        for plan in catalogue
    )
    return Screen("\n".join((text, "", off, *rows)), sales_keys.plans(t.language, catalogue, discount.percent))


def price_line(t: Translator, offer: Offer) -> Markup | str:
    """The price; with a discount the list price stands struck before it."""
    if offer.discount is None:
        return t.money(offer.price)
    full, price = t.money(offer.plan.price), t.money(offer.price)
    return t("price.off", full=full, price=price, percent=offer.discount.percent)


def confirm(t: Translator, account: Account, now: datetime, plan: Plan) -> Screen:
    """What buying the plan means, or what is missing for it."""
    title, offer = sales_keys.plan_title(t, plan), Offer.to(plan, account.discount, now)
    if account.balance < offer.price:
        return short(t, offer, account.balance)
    text = t(
        "buy.ask",
        title=title,
        days=t.count("day", plan.days),
        end=t.date(extended(account.subscription_end, now, plan.days)),
        configs=t.count("config", plan.max_configs),
        price=price_line(t, offer),
        balance=t.money(account.balance),
    )
    return Screen(text, sales_keys.buy(t, offer))


def short(t: Translator, offer: Offer, balance: Money) -> Screen:
    """The balance is short of the price: how much, and a button for just that."""
    missing = max(offer.price - balance, MINIMUM)
    text = t(
        "buy.short",
        title=sales_keys.plan_title(t, offer.plan),
        price=price_line(t, offer),
        balance=t.money(balance),
        missing=t.money(offer.price - balance),
    )
    return Screen(text, sales_keys.top_up_missing(t, missing))


def bought(t: Translator, purchase: Purchase) -> Screen:
    """After a purchase."""
    text = t("buy.done", end=t.date(purchase.subscription_end), balance=t.money(purchase.balance))
    return Screen(text, sales_keys.bought(t))


def balance(t: Translator, account: Account, methods: tuple[PaymentMethod, ...]) -> Screen:
    """The balance and the way to raise it."""
    text = t("balance.title", balance=t.money(account.balance))
    if not methods:
        text = t("home.title", subscription=t("balance.no_methods"), balance=t.money(account.balance))
    return Screen(text, topups_keys.balance(t.language, can_pay=bool(methods)))


def choose_method(t: Translator, methods: tuple[PaymentMethod, ...], missing: int) -> Screen:
    """How to pay."""
    return Screen(t("topup.method"), topups_keys.methods(t, methods, missing))


def ask_amount(t: Translator, method: PaymentMethod, *, can_choose: bool) -> Screen:
    """How much; `can_choose` says that there are other ways to pay."""
    text = t("topup.amount", method=t.plain(f"method.{method}"), minimum=t.money(MINIMUM), maximum=t.money(MAXIMUM))
    return Screen(text, topups_keys.amounts(t, method, can_choose=can_choose))


def invite(t: Translator, link: str, bonus: Bonus, standing: tuple[int, int, Money]) -> Screen:
    """The referral link, when it pays, and what it has brought."""
    invited, paid, earned = standing
    text = t(
        "invite.title",
        link=link,
        when=t("invite.signup" if bonus.at_signup else "invite.first_payment"),
        bonus=t.money(bonus.amount),
        invited=invited,
        paid=paid,
        earned=t.money(earned),
    )
    return Screen(text, keyboards.invite(t, link))


def settings(t: Translator) -> Screen:
    """The language."""
    return Screen(t("settings.title", language=t("language.name")), keyboards.settings(t.language))


def help_page(t: Translator, contact: Contact) -> Screen:
    """How to connect, and whom to ask."""
    return Screen(t("help.title"), keyboards.help_page(t.language, contact))


def payment_support(t: Translator, contact: Contact) -> Screen:
    """What to do about a payment, and whom to ask."""
    whom = f"@{contact.username}" if contact.username else t("paysupport.contact")
    if contact.takes_requests:
        whom = t("paysupport.here")
    return Screen(t("paysupport.text", contact=whom), keyboards.help_page(t.language, contact))


def terms(t: Translator) -> Screen:
    """The terms of sale."""
    return Screen(t("terms.text"), keyboards.to_home(t.language))


def privacy(t: Translator) -> Screen:
    """What is known of a person, and what is not."""
    return Screen(t("privacy.text"), keyboards.to_home(t.language))
