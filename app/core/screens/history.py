"""The history of a person's money as screens: a page of entries, and a receipt. Asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.keys import history as keys
from app.core.screens.screen import Screen
from app.domain.money import ZERO
from app.locales.locales import Markup
from app.services.history import EntryKind, EntryState

if TYPE_CHECKING:
    from aiogram.types import InlineKeyboardButton

    from app.domain.money import Money
    from app.locales.locales import Translator
    from app.services.history import Entry, EntryReceipt, HistoryPage, Place

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
HASH_ENDS = 8


def page(t: Translator, shown: HistoryPage) -> Screen:
    """The entries under the numbers of their buttons."""
    if not shown.entries:
        return Screen(t("history.empty"), keys.page(t, shown))
    lines = Markup("\n\n".join(_line(t, number, entry) for number, entry in enumerate(shown.entries, start=1)))
    return Screen(t("history.title", entries=lines), keys.page(t, shown))


def receipt(t: Translator, shown: EntryReceipt, place: Place, problem: list[InlineKeyboardButton]) -> Screen:
    """One entry in full."""
    return Screen(receipt_text(t, shown), keys.receipt(t, shown, place, problem))


def receipt_text(t: Translator, shown: EntryReceipt) -> Markup:
    """The receipt's lines, those left out that say nothing here."""
    entry = shown.entry
    parts = [
        Markup(f"{t('receipt.title', number=shown.number)}\n"),
        t("receipt.what", what=what(t, entry)),
        t("receipt.amount", amount=_sum(t, entry)),
        t("receipt.state", state=state(t, entry)),
        t("receipt.at", at=t.moment(entry.at)),
    ]
    if shown.days is not None:
        parts.append(t("receipt.plan", plan=_plan(t, shown.plan_key, shown.days)))
    if entry.method is not None:
        parts.append(t("receipt.method", method=t.plain(f"method.{entry.method}")))
    if shown.hash is not None:
        parts.append(t("receipt.hash", hash=f"{shown.hash[:HASH_ENDS]}…{shown.hash[-HASH_ENDS:]}"))
    return Markup("\n".join(parts))


def what(t: Translator, entry: Entry) -> str:
    """What the entry is about, in two or three words."""
    return t.plain(KINDS[entry.kind])


def state(t: Translator, entry: Entry) -> str:
    """What became of it, with a sign that is seen before it is read."""
    return f"{ICONS[entry.state]} {t.plain(STATES[entry.state])}"


def summary(t: Translator, entry: Entry) -> str:
    """An entry on a button."""
    return f"{t.money(_size(entry.amount))} · {t.date(entry.at)}"


def _line(t: Translator, number: int, entry: Entry) -> Markup:
    way = "" if entry.method is None else f" · {t.plain(f'method.{entry.method}')}"
    return t(
        "history.line",
        number=number,
        what=f"{what(t, entry)}{way}",
        amount=_sum(t, entry),
        state=state(t, entry),
        at=t.moment(entry.at),
    )


def _sum(t: Translator, entry: Entry) -> str:
    sign = "" if not entry.has_moved else "+" if entry.amount > ZERO else "−"
    return f"{sign}{t.money(_size(entry.amount))}"


def _size(amount: Money) -> Money:
    return max(amount, -amount)


def _plan(t: Translator, plan_key: str | None, days: int) -> str:
    key = f"plan.{plan_key}"
    return t.plain(key) if t.knows(key) else t.count("day", days)
