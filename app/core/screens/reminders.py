"""What reminders say, and the one button of each. Asks nobody for anything."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.core.keys import renewals as renewals_keys
from app.core.keys.sales import plan_title
from app.core.screens.screen import Screen
from app.domain.money import ZERO
from app.domain.reminders import Word
from app.domain.renewal import BEFORE
from app.domain.subscription import days_left

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.promo import Offer
    from app.locales.locales import Markup, Translator
    from app.services.reminders import Saying
    from app.services.renewal_records import Reminder


def reminder(t: Translator, shown: Reminder, said: Saying, now: datetime) -> Screen:
    """The message, by what is right to say."""
    end = shown.subscription_end
    match said.word:
        case Word.RENEWS_SOON if said.offer is not None:
            return _renews_soon(t, shown, said, said.offer)
        case Word.RENEWAL_SHORT:
            balance, missing = t.money(shown.now.balance), t.money(said.missing)
            text = t("reminder.renewal_short", balance=balance, missing=missing, end=t.moment(end))
            return Screen(text, renewals_keys.to_top_up(t, said.missing))
        case Word.ENDED_SHORT:
            text = t("reminder.ended_short", missing=t.money(said.missing))
            return Screen(text, renewals_keys.to_top_up(t, said.missing))
        case Word.RENEWAL_CHANGED | Word.RENEWS_SOON:
            return Screen(t("reminder.renewal_changed", end=t.moment(end)), renewals_keys.to_renewal(t))
        case _:
            return Screen(_of_end(t, said.word, end, now), renewals_keys.to_plans(t, is_active=end > now))


def _of_end(t: Translator, word: Word, end: datetime, now: datetime) -> Markup:
    match word:
        case Word.ENDS_SOON:
            return t("reminder.ends_soon", end=t.date(end), days=t.count("day", days_left(end, now)))
        case Word.ENDS_TOMORROW:
            return t("reminder.ends_tomorrow", end=t.moment(end))
        case Word.TRIAL_ENDS:
            return t("reminder.trial_ends", end=t.moment(end))
        case Word.TRIAL_ENDED:
            return t("reminder.trial_ended")
        case Word.MISSED:
            return t("reminder.missed", days=t.count("day", (now - end) // timedelta(days=1)))
        case _:
            return t("reminder.ended")


def _renews_soon(t: Translator, shown: Reminder, said: Saying, offer: Offer) -> Screen:
    balance = t.money(shown.now.balance)
    is_enough = said.missing == ZERO
    text = t(
        "reminder.renews_soon",
        title=plan_title(t, offer.plan),
        price=t.money(offer.price),
        when=t.moment(shown.subscription_end - BEFORE),
        funds=t("reminder.enough", balance=balance)
        if is_enough
        else t("reminder.not_enough", balance=balance, missing=t.money(said.missing)),
    )
    return Screen(text, renewals_keys.to_renewal(t) if is_enough else renewals_keys.to_top_up(t, said.missing))
