"""The keyboards of support, of a ban and of the gate: ways to ask, what about, the channel. Holds no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from app.core.actions import AskSupport, CheckChannel, ChooseSubject, CloseTicket, Menu
from app.core.buttons import back, button, keyboard, styled
from app.core.entries import summary
from app.services.support import Category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.contact import Contact
    from app.locales.locales import Translator
    from app.services.history import Entry, EntryReceipt


def contact_row(t: Translator, contact: Contact) -> list[InlineKeyboardButton]:
    """The way to support, where there is one."""
    if contact.takes_requests:
        return [button(t.plain("help.support"), Menu(page="support"))]
    if contact.username:
        return [InlineKeyboardButton(text=t.plain("help.support"), url=f"https://t.me/{contact.username}")]
    return []


def problem_row(t: Translator, contact: Contact, receipt: EntryReceipt) -> list[InlineKeyboardButton]:
    """The way to support with this receipt in hand."""
    words, ref = t.plain("receipt.problem"), receipt.entry.ref
    if contact.takes_requests:
        return [button(words, AskSupport(category=Category.PAYMENT, id=ref.id, payment=ref.is_payment))]
    if contact.username:
        draft = quote(t.plain("receipt.draft", number=receipt.number), safe="")
        return [InlineKeyboardButton(text=words, url=f"https://t.me/{contact.username}?text={draft}")]
    return []


def subjects(t: Translator) -> InlineKeyboardMarkup:
    """What it may be about."""
    return keyboard(
        [button(t.plain("support.payment"), ChooseSubject(category=Category.PAYMENT))],
        [button(t.plain("support.vpn"), ChooseSubject(category=Category.VPN))],
        [button(t.plain("support.other"), ChooseSubject(category=Category.OTHER))],
        back(t, "help"),
    )


def open_ticket(t: Translator, ticket_id: int) -> InlineKeyboardMarkup:
    """While a request is open: it is solved, or back."""
    return keyboard([button(t.plain("support.solved"), CloseTicket(id=ticket_id))], back(t, "help"))


def which(t: Translator, entries: Sequence[Entry]) -> InlineKeyboardMarkup:
    """The payments to choose from, or none of them."""
    rows = [
        [
            button(
                summary(t, entry),
                AskSupport(category=Category.PAYMENT, id=entry.ref.id, payment=entry.ref.is_payment),
            )
        ]
        for entry in entries
    ]
    no_entry = AskSupport(category=Category.PAYMENT, id=0, payment=False)
    return keyboard(*rows, [button(t.plain("support.no_entry"), no_entry)], back(t, "support"))


def banned(t: Translator, contact: Contact) -> InlineKeyboardMarkup | None:
    """The way to support, which a ban leaves open."""
    row = contact_row(t, contact)
    return keyboard(row) if row else None


def gate(t: Translator, link: str) -> InlineKeyboardMarkup:
    """To the channel, and on."""
    return keyboard(
        [styled(t.plain("gate.channel"), "primary", url=link)], [button(t.plain("gate.check"), CheckChannel())]
    )
