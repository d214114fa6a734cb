"""The words of an entry of the history, for screens, buttons and operators' cards. Draws no screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.money import ZERO
from app.services.history import EntryKind, EntryState

if TYPE_CHECKING:
    from app.locales.locales import Translator
    from app.services.history import Entry

KINDS = {
    EntryKind.TOPUP: "entry.topup",
    EntryKind.PURCHASE: "entry.purchase",
    EntryKind.GIFT: "entry.gift",
    EntryKind.PROMO: "entry.promo",
    EntryKind.REFERRAL: "entry.referral",
    EntryKind.REFUND: "entry.refund",
    EntryKind.UNDELIVERED: "entry.undelivered",
    EntryKind.ADJUSTMENT: "entry.adjustment",
    EntryKind.OTHER: "entry.other",
}
STATES = {
    EntryState.WAITING: "entry.waiting",
    EntryState.EXPIRED: "entry.expired",
    EntryState.CANCELLED: "entry.cancelled",
    EntryState.FAILED: "entry.failed",
    EntryState.CREDITED: "entry.credited",
    EntryState.PAID: "entry.paid",
    EntryState.RETURNED: "entry.returned",
    EntryState.PARTLY_RETURNED: "entry.partly_returned",
}
ICONS = {
    EntryState.WAITING: "⏳",
    EntryState.EXPIRED: "⌛️",
    EntryState.CANCELLED: "✖️",
    EntryState.FAILED: "✖️",
    EntryState.CREDITED: "✅",
    EntryState.PAID: "🛒",
    EntryState.RETURNED: "↩️",
    EntryState.PARTLY_RETURNED: "↩️",
}


def what(t: Translator, entry: Entry) -> str:
    """What the entry is about, in two or three words."""
    return t.plain(KINDS[entry.kind])


def state(t: Translator, entry: Entry) -> str:
    """What became of it, with a sign that is seen before it is read."""
    return f"{ICONS[entry.state]} {t.plain(STATES[entry.state])}"


def summary(t: Translator, entry: Entry) -> str:
    """An entry on a button."""
    return f"{t.money(abs(entry.amount))} · {t.date(entry.at)}"


def moved(t: Translator, entry: Entry) -> str:
    """The sum with its sign, as it moved the balance; what has not moved it has none."""
    sign = "" if not entry.has_moved else "+" if entry.amount > ZERO else "−"
    return f"{sign}{t.money(abs(entry.amount))}"
