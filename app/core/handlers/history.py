"""The history of a person's money: its pages, and the receipt of an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.actions import ShowHistory, ShowReceipt
from app.core.handlers.utils import row_id
from app.core.keys.support import problem_row
from app.core.screens import history as screens
from app.core.screens.screen import show
from app.core.switchboard import ScreenRouter
from app.services.history import EntryRef, Place

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery

    from app.core.shopfront import Shopfront
    from app.locales.locales import Translator

router = ScreenRouter("history")


@router.click(ShowHistory)
async def history_page(query: CallbackQuery, action: ShowHistory, t: Translator, shopfront: Shopfront) -> None:
    """A page of one's own entries."""
    place = _place(action.id, is_payment=action.payment, is_newer=action.newer)
    await show(query, screens.page(t, await shopfront.history.page(query.from_user.id, place)))


@router.click(ShowReceipt)
async def receipt(query: CallbackQuery, action: ShowReceipt, t: Translator, shopfront: Shopfront) -> None:
    """The receipt of one of one's own entries."""
    place = _place(action.at, is_payment=action.at_payment, is_newer=action.newer)
    found = await shopfront.history.receipt(query.from_user.id, EntryRef(row_id(action.id), action.payment))
    is_payment = found.payment_id is not None
    problem = problem_row(t, shopfront.contact, found) if is_payment else []
    await show(query, screens.receipt(t, found, place, problem))


def _place(number: int, *, is_payment: bool, is_newer: bool) -> Place:
    return Place(EntryRef(row_id(number), is_payment), is_newer) if number else Place()
