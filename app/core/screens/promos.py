"""Screens of promo codes and gifts: values in, a screen out. Asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core import keyboards
from app.core.keys import sales as sales_keys
from app.core.keys import topups as topups_keys
from app.core.screens.screen import Screen
from app.domain.promo import Discount
from app.locales.locales import Markup
from app.services.promos import RublesGiven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.plans import Catalogue
    from app.locales.locales import Translator
    from app.services.gifts import Gift, GiftBought
    from app.services.promos import Redeemed


def ask(t: Translator, page: str = "balance") -> Screen:
    """Send the code, or go back to the page."""
    return Screen(t("promo.ask"), keyboards.back_to(t.language, page))


def redeemed(t: Translator, got: Redeemed) -> Screen:
    """What the code has brought, and where to go on."""
    if isinstance(got, Discount):
        text = t("promo.discount", percent=got.percent, until=t.moment(got.until))
        return Screen(text, topups_keys.paid(t))
    if isinstance(got, RublesGiven):
        return Screen(t("promo.rubles", amount=t.money(got.amount), balance=t.money(got.balance)), topups_keys.paid(t))
    key = "promo.gift" if got.is_gift else "promo.days"
    return Screen(t(key, days=t.count("day", got.days), end=t.date(got.subscription_end)), sales_keys.bought(t))


def gift_link(gift: Gift, username: str) -> str:
    """The deep link that redeems the gift."""
    return f"https://t.me/{username}?start=gift_{gift.code}"


def gift_bought(t: Translator, bought: GiftBought, catalogue: Catalogue, link: str) -> Screen:
    """The gift to hand on."""
    text = t(
        "gift.done",
        title=_title(t, bought.gift, catalogue),
        link=link,
        code=bought.gift.code,
        balance=t.money(bought.balance),
    )
    return Screen(text, sales_keys.gift(t, link))


def gifts(t: Translator, given: Sequence[Gift], catalogue: Catalogue, links: Sequence[str]) -> Screen:
    """One's gifts, with the links of those that wait."""
    rows = []
    for gift, link in zip(given, links, strict=True):
        title = _title(t, gift, catalogue)
        if gift.redeemed_at is None:
            rows.append(t("gift.open", title=title, link=link))
        else:
            rows.append(t("gift.redeemed", title=title, date=t.date(gift.redeemed_at)))
    text = t("gift.list", gifts=Markup("\n\n".join(rows) or t("gift.none")))
    return Screen(text, keyboards.back_to(t.language, "plans"))


def _title(t: Translator, gift: Gift, catalogue: Catalogue) -> str:
    """The plan's name where it is still sold as it was; else its days."""
    plan = catalogue.find(gift.plan_key)
    return sales_keys.plan_title(t, plan) if plan is not None and plan.days == gift.days else t.count("day", gift.days)
