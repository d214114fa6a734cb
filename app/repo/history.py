"""A person's movements of money and unpaid invoices, merged by time: one statement a page, the owner checked in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.errors import NotFound
from app.domain.money import Money
from app.domain.payment import PaymentMethod
from app.repo.sql import statement
from app.services.history import Entry, EntryKind, EntryReceipt, EntryRef, EntryState, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import TextClause

    from app.repo.db import Database

WALLET = "'wallet:' || CAST(:tg_id AS text)"
# A movement's key names the payment, or else the gateway and its charge. A movement has one line of a wallet.
MOVES = f"""
    SELECT t.created_at AS at, false AS is_payment, t.id, t.kind, t.key, e.amount, CAST(NULL AS text) AS status,
           CAST(NULL AS text) AS reason
    FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id WHERE e.account = {WALLET}
"""  # noqa: S608 - constant
UNPAID = """
    SELECT created_at, true, id, 'topup', 'payment:' || id, amount, status, reason
    FROM payments WHERE user_id = :tg_id AND status <> 'confirmed'
"""
# Of a few entries: which payment, which charge, and how much of that went back. Where several charges paid one
# invoice, the first is the payment's own and the others have keys of their own.
DETAILS = """
    SELECT entry.at, entry.is_payment, entry.id, entry.kind, entry.amount, entry.status, entry.reason,
           split_part(entry.key, ':', 1) AS prefix, pay.id AS payment_id, pay.method,
           charge.gateway, charge.key AS charge,
           COALESCE(chain.hash, CASE WHEN split_part(entry.key, ':', 1) IN ('ton', 'usdt')
                                     THEN split_part(entry.key, ':', 2) END) AS hash,
           COALESCE(back.amount >= charge.asset_amount, false) AS is_back, back.amount > 0 AS is_partly_back,
           COALESCE(bought.plan_key, given.plan_key) AS plan_key, COALESCE(bought.days, given.days) AS days,
           returned.id IS NOT NULL AS is_returned
    FROM {entry} entry
    LEFT JOIN payments pay ON pay.user_id = :tg_id AND entry.key = 'payment:' || pay.id
    LEFT JOIN LATERAL (
        SELECT r.gateway, r.key, r.asset_amount FROM receipts r
        WHERE r.user_id = :tg_id AND r.direction = 'in' AND entry.kind = 'topup'
              AND (r.payment_id = pay.id OR (r.gateway = split_part(entry.key, ':', 1)
                   AND r.key = substr(entry.key, strpos(entry.key, ':') + 1)))
        ORDER BY r.seen_at, r.key LIMIT 1) charge ON true
    LEFT JOIN LATERAL (
        SELECT sum(o.asset_amount) AS amount FROM receipts o
        WHERE o.gateway = charge.gateway AND o.charge = charge.key AND o.direction = 'out') back ON true
    LEFT JOIN LATERAL (
        SELECT c.hash FROM ton_transactions c WHERE c.payment_id = pay.id AND c.status = 'credited'
        ORDER BY c.lt LIMIT 1) chain ON true
    LEFT JOIN purchases bought ON bought.user_id = :tg_id AND entry.key IN ('purchase:' || bought.id,
                                                                            'undelivered:' || bought.id)
    LEFT JOIN gifts given ON given.giver_id = :tg_id AND entry.key = 'gift:' || given.id
    LEFT JOIN purchase_returns returned ON returned.purchase_id = bought.id AND entry.kind = 'purchase'
"""


def _page(order: str, side: str) -> TextClause:
    """A page on one side of the anchor; an anchor that is another's, or gone, is none."""
    return statement(
        f"""
        WITH anchor AS (
            SELECT t.created_at AS at, false AS is_payment, t.id
            FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = {WALLET}
            WHERE t.id = :entry_id AND NOT :is_payment
            UNION ALL
            SELECT created_at, true, id FROM payments
            WHERE id = :entry_id AND :is_payment AND user_id = :tg_id
        ), page AS (
            SELECT m.* FROM ({MOVES} UNION ALL {UNPAID}) m LEFT JOIN anchor ON true
            WHERE (NOT :is_topup OR m.kind = 'topup')
                  AND (anchor.id IS NULL
                       OR (m.at, m.is_payment, m.id) {side} (anchor.at, anchor.is_payment, anchor.id))
            ORDER BY m.at {order}, m.is_payment {order}, m.id {order} LIMIT :batch
        )
        {DETAILS.format(entry="page")} ORDER BY entry.at DESC, entry.is_payment DESC, entry.id DESC
        """  # noqa: S608 - constants
    )


OLDER, NEWER = _page("DESC", "<"), _page("ASC", ">")
# An invoice that was paid since it was shown is a movement by now.
RECEIPT = statement(
    f"""
    WITH entry AS (
        SELECT * FROM ({MOVES} AND (t.id = :entry_id AND NOT :is_payment
                                    OR :is_payment AND t.key = 'payment:' || CAST(:entry_id AS text))
                       UNION ALL {UNPAID} AND :is_payment AND id = :entry_id) m
        ORDER BY is_payment LIMIT 1
    )
    {DETAILS.format(entry="entry")}
    """  # noqa: S608 - constants
)
GATEWAYS = frozenset(method.value for method in PaymentMethod)
REASONS = {"expired": EntryState.EXPIRED, "cancelled": EntryState.CANCELLED}
SPENT = frozenset({EntryKind.PURCHASE, EntryKind.GIFT})


class HistoryRepository:
    """Implements services.history.HistoryStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(self, tg_id: int, place: Place, limit: int, *, is_topup: bool) -> Sequence[Entry]:
        """Up to `limit` entries from that place on, newest first."""
        ref = place.ref or EntryRef(0, is_payment=False)
        params = {
            "tg_id": tg_id,
            "entry_id": ref.id,
            "is_payment": ref.is_payment,
            "is_topup": is_topup,
            "batch": limit,
        }
        return [_entry(row) for row in await self._database.run(NEWER if place.is_newer else OLDER, params)]

    async def receipt(self, tg_id: int, ref: EntryRef) -> EntryReceipt:
        """The entry in full; NotFound where it is another's or gone."""
        params = {"tg_id": tg_id, "entry_id": ref.id, "is_payment": ref.is_payment}
        rows = await self._database.run(RECEIPT, params)
        if not rows:
            raise NotFound
        (row,) = rows
        return EntryReceipt(_entry(row), row.payment_id, row.plan_key, row.days, row.hash, row.charge)


def _entry(row: Any) -> Entry:
    kind = EntryKind(row.kind) if row.kind in set(EntryKind) else EntryKind.OTHER
    method = row.method or (row.prefix if row.prefix in GATEWAYS else None)
    ref = EntryRef(row.id, row.is_payment)
    return Entry(ref, row.at, kind, _state(row, kind), Money.rub(row.amount), method)


def _state(row: Any, kind: EntryKind) -> EntryState:
    if row.status is not None:
        return EntryState.WAITING if row.status == "pending" else REASONS.get(row.reason, EntryState.FAILED)
    if row.is_back or row.is_returned or kind is EntryKind.REFUND:
        return EntryState.RETURNED
    if row.is_partly_back:
        return EntryState.PARTLY_RETURNED
    return EntryState.PAID if kind in SPENT or row.amount < 0 else EntryState.CREDITED
