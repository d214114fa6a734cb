"""The keyboards of the history: entries by number, pages, a receipt. Holds no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiogram.types import InlineKeyboardMarkup

from app.core.actions import CheckInvoice, Menu, ShowHistory, ShowReceipt
from app.core.buttons import back, button, in_rows, keyboard
from app.services.history import EntryRef, EntryState, Place

if TYPE_CHECKING:
    from aiogram.types import InlineKeyboardButton

    from app.locales.locales import Translator
    from app.services.history import EntryReceipt, HistoryPage

A_ROW = 4


def page(t: Translator, shown: HistoryPage) -> InlineKeyboardMarkup:
    """A number for each entry, four a row, then the pages beside this one."""
    numbers = [
        button(str(number), _receipt(entry.ref, shown.place)) for number, entry in enumerate(shown.entries, start=1)
    ]
    beside = []
    if shown.has_newer and shown.entries:
        beside.append(button(t.plain("history.newer"), _history(Place(shown.entries[0].ref, is_newer=True))))
    if shown.has_older and shown.entries:
        beside.append(button(t.plain("history.older"), _history(Place(shown.entries[-1].ref))))
    return keyboard(*in_rows(numbers, A_ROW), beside, back(t, "balance"))


def receipt(
    t: Translator, shown: EntryReceipt, place: Place, problem: list[InlineKeyboardButton]
) -> InlineKeyboardMarkup:
    """What can be done about the entry, and back to its page or out to the menu."""
    waits = shown.payment_id is not None and shown.entry.state is EntryState.WAITING
    check = [button(t.plain("invoice.check"), CheckInvoice(id=shown.payment_id or 0))] if waits else []
    leave = [button(t.plain("menu.back"), _history(place)), button(t.plain("menu.home"), Menu(page="home"))]
    return keyboard(check, problem, leave)


def _history(place: Place) -> ShowHistory:
    ref = place.ref or EntryRef(0, is_payment=False)
    return ShowHistory(id=ref.id, payment=ref.is_payment, newer=place.is_newer)


def _receipt(ref: EntryRef, place: Place) -> ShowReceipt:
    page = place.ref or EntryRef(0, is_payment=False)
    return ShowReceipt(id=ref.id, payment=ref.is_payment, at=page.id, at_payment=page.is_payment, newer=place.is_newer)
