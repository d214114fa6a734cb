"""The history of a person's money as screens: a page of entries, and a receipt. Asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.entries import moved, state, what
from app.core.keys import history as keys
from app.core.keys.sales import title_of
from app.core.screens.screen import Screen
from app.locales.locales import Markup

if TYPE_CHECKING:
    from aiogram.types import InlineKeyboardButton

    from app.locales.locales import Translator
    from app.services.history import Entry, EntryReceipt, HistoryPage, Place

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
        t("receipt.amount", amount=moved(t, entry)),
        t("receipt.state", state=state(t, entry)),
        t("receipt.at", at=t.moment(entry.at)),
    ]
    if shown.days is not None:
        parts.append(t("receipt.plan", plan=title_of(t, shown.plan_key, shown.days)))
    if entry.method is not None:
        parts.append(t("receipt.method", method=t.plain(f"method.{entry.method}")))
    if shown.hash is not None:
        parts.append(t("receipt.hash", hash=f"{shown.hash[:HASH_ENDS]}…{shown.hash[-HASH_ENDS:]}"))
    return Markup("\n".join(parts))


def _line(t: Translator, number: int, entry: Entry) -> Markup:
    return t(
        "history.line",
        number=number,
        what=what(t, entry),
        amount=moved(t, entry),
        state=state(t, entry),
        date=t.date(entry.at),
    )
