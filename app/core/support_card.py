"""The card that operators see first in a request: who asks, what they have, what can be done. Asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.entries import moved, state, what
from app.core.screens.history import receipt_text
from app.core.screens.support import SUBJECTS
from app.domain.payment import PaymentMethod
from app.locales.locales import Markup
from app.services.history import EntryKind, EntryState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.locales.locales import Translator
    from app.services.history import Entry, EntryReceipt
    from app.services.support import Client

KNOWS_REFUNDS = frozenset({PaymentMethod.STARS, PaymentMethod.YOOKASSA})
REFUNDABLE = frozenset({EntryState.CREDITED, EntryState.PARTLY_RETURNED})


def card(t: Translator, number: int, client: Client, entries: Sequence[Entry], receipt: EntryReceipt | None) -> Markup:
    """All that operators need to begin; what strangers wrote is escaped."""
    username = f" @{client.username}" if client.username else ""
    end = client.subscription_end
    parts = [
        t(
            "desk.card",
            number=number,
            category=t.plain(SUBJECTS[client.category]),
            name=f"{client.name}{username}",
            user=client.tg_id,
            language=client.language,
            subscription=t("desk.until", end=t.moment(end)) if end is not None else t("desk.no_subscription"),
            balance=t.money(client.balance),
        )
    ]
    if client.ban_reason is not None:
        parts.append(t("desk.banned", reason=client.ban_reason))
    if entries:
        parts.append(t("desk.entries", lines=Markup("\n".join(_line(t, entry) for entry in entries))))
    if receipt is not None:
        parts += [t("desk.about", receipt=receipt_text(t, receipt)), *_ways_back(t, client, receipt)]
    parts.append(t("desk.how", user=client.tg_id))
    return Markup("\n\n".join(parts))


def _line(t: Translator, entry: Entry) -> Markup:
    return t("desk.line", at=t.moment(entry.at), what=what(t, entry), amount=moved(t, entry), state=state(t, entry))


def _ways_back(t: Translator, client: Client, receipt: EntryReceipt) -> list[Markup]:
    """The command that gives a credited payment back, or what to do where its provider can't."""
    entry = receipt.entry
    if entry.kind is not EntryKind.TOPUP or entry.state not in REFUNDABLE:
        return []
    if entry.method in KNOWS_REFUNDS and receipt.charge is not None:
        return [t("desk.refund", gateway=entry.method, charge=receipt.charge)]
    return [t("desk.adjust", user=client.tg_id, rubles=entry.amount, number=receipt.number)]
