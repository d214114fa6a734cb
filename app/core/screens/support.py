"""Screens of support, of a ban and of the gate: values in, a screen out. Asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core import keyboards
from app.core.keys import support as keys
from app.core.screens.history import receipt_text
from app.core.screens.screen import Screen
from app.locales.locales import Markup
from app.services.support import Category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.contact import Contact
    from app.locales.locales import Translator
    from app.services.bans import Ban
    from app.services.history import Entry, EntryReceipt
    from app.services.support import Ticket

SUBJECTS = {
    Category.PAYMENT: "support.payment",
    Category.VPN: "support.vpn",
    Category.OTHER: "support.other",
}


def page(t: Translator, ticket: Ticket | None) -> Screen:
    """What to write about, or that a request is open."""
    if ticket is None:
        return Screen(t("support.title"), keys.subjects(t))
    return Screen(t("support.open", number=ticket.id), keys.open_ticket(t, ticket.id))


def which(t: Translator, entries: Sequence[Entry]) -> Screen:
    """Which payment it is about."""
    return Screen(t("support.which"), keys.which(t, entries))


def write(t: Translator, category: Category, receipt: EntryReceipt | None = None) -> Screen:
    """Write now."""
    if receipt is None:
        text = t("support.write", about=t.plain(SUBJECTS[category]))
    else:
        text = t("support.write_about", receipt=receipt_text(t, receipt))
    return Screen(text, keyboards.back_to(t.language, "support"))


def sent(t: Translator) -> Screen:
    """The message is with support."""
    return Screen(t("support.sent"), keyboards.to_home(t.language))


def closed(t: Translator) -> Screen:
    """The request is solved."""
    return Screen(t("support.closed"), keyboards.to_home(t.language))


def banned(t: Translator, ban: Ban | None, contact: Contact) -> Screen:
    """Why nothing happens, until when, and whom to ask; the reason is the operator's own text."""
    parts = [t("ban.title")]
    if ban is not None and ban.reason:
        parts.append(t("ban.reason", reason=ban.reason))
    if ban is not None and ban.until is not None:
        parts.append(t("ban.until", until=t.moment(ban.until)))
    parts.append(t("ban.mistake"))
    return Screen(Markup("\n\n".join(parts)), keys.banned(t, contact))


def gate(t: Translator, link: str) -> Screen:
    """Come to the channel first."""
    return Screen(t("gate.title"), keys.gate(t, link))
