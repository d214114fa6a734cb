"""The pages of renewals and of the switch for reminders: values in, a screen out. Asks nobody for anything."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.core.keys import renewals as renewals_keys
from app.core.keys.sales import plan_title
from app.core.screens.screen import Screen
from app.domain.money import ZERO
from app.domain.renewal import BEFORE
from app.services.renewals import offered

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.money import Money
    from app.domain.plans import Catalogue
    from app.domain.renewal import Agreement
    from app.locales.locales import Markup, Translator
    from app.services.renewal_records import Renewing


def renewal(
    t: Translator, standing: Renewing, catalogue: Catalogue, now: datetime, came_from: str, *, choosing: bool = False
) -> Screen:
    """What renews itself when and by which plan, and the switch; without an agreement what one would mean."""
    agreement = standing.agreement
    if agreement is None:
        return _off(t, standing, catalogue, now, came_from)
    if choosing:
        keyboard = renewals_keys.plans(t, catalogue, agreement.plan_key, None, came_from)
        return Screen(t("renewal.choose", balance=t.money(standing.balance)), keyboard)
    return _on(t, standing, agreement, catalogue, now, came_from)


def _off(t: Translator, standing: Renewing, catalogue: Catalogue, now: datetime, came_from: str) -> Screen:
    parts = [t("renewal.off", balance=t.money(standing.balance))]
    end = standing.subscription_end
    if end is not None and now < end < now + BEFORE:
        parts.append(t("renewal.at_once"))
    known = [plan.key for plan in catalogue]
    hinted = standing.last_plan if standing.last_plan in known else known[0]
    return Screen("\n\n".join(parts), renewals_keys.plans(t, catalogue, None, hinted, came_from))


def _on(
    t: Translator, standing: Renewing, agreement: Agreement, catalogue: Catalogue, now: datetime, came_from: str
) -> Screen:
    offer = offered(agreement, standing.discount, catalogue, now)
    stands = offer is not None and agreement.covers(offer)
    price = offer.price if offer is not None and stands else agreement.price
    missing = max(price - standing.balance, ZERO) if stands else ZERO
    text = t(
        "renewal.on",
        title=plan_title(t, offer.plan) if offer is not None else t.count("day", agreement.days),
        price=t.money(price),
        balance=t.money(standing.balance),
        next=_next(t, standing.subscription_end, now, missing) if stands else t("renewal.next_changed"),
    )
    return Screen(text, renewals_keys.renewal(t, missing if missing > ZERO else None, came_from))


def _next(t: Translator, end: datetime | None, now: datetime, missing: Money) -> Markup:
    if end is None or end <= now:
        return t("renewal.next_later")
    when = max(end - BEFORE, now)
    if missing > ZERO:
        return t("renewal.next_short", when=t.moment(when), missing=t.money(missing))
    return t("renewal.next", when=t.moment(when)) if when - now > timedelta(minutes=5) else t("renewal.next_soon")


def reminders(t: Translator, *, wanted: bool) -> Screen:
    """Whether one is reminded, and the switch."""
    return Screen(t("reminder.on" if wanted else "reminder.off"), renewals_keys.reminders(t.language, wanted=wanted))
