"""What the books know of payments in Stars: invoices at checkout, charges, how far Telegram's list was read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from app.domain.payment import PaymentStatus
from app.domain.stars import AskedPayment
from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.sql import statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.services.stars import StarRow

ASKED = statement(
    """
    SELECT p.user_id, p.status, p.expires_at, p.stars, u.language
    FROM (SELECT) one
    LEFT JOIN payments p ON p.id = :payment_id AND p.method = 'stars'
    LEFT JOIN users u ON u.tg_id = :payer
    """
)
KNOWN = statement(
    """
    SELECT key, direction FROM receipts
    WHERE gateway = 'stars' AND key IN (SELECT jsonb_array_elements_text(CAST(:keys AS jsonb)))
    """
)
STANDING = statement(
    """
    SELECT COALESCE((SELECT lt FROM chain_cursors WHERE account = 'stars'), 0) AS seen,
           EXISTS (SELECT FROM payments
                   WHERE method = 'stars' AND status = 'pending' AND expires_at < :before) AS is_overdue
    """
)
ADVANCE = statement(
    """
    INSERT INTO chain_cursors (account, lt, scanned_at) VALUES ('stars', :lt, :now)
    ON CONFLICT (account) DO UPDATE
    SET lt = GREATEST(chain_cursors.lt, excluded.lt), scanned_at = excluded.scanned_at
    """
)


class StarRepository(BaseRepository):
    """Implements services.stars.StarStore."""

    async def asked(self, payment_id: int, payer: int) -> tuple[AskedPayment | None, str | None]:
        """The payment, and the payer's language where they have an account, in one read."""
        (row,) = await self.database.run(ASKED, {"payment_id": payment_id, "payer": payer})
        if row.user_id is None:
            return None, row.language
        return AskedPayment(row.user_id, PaymentStatus(row.status), row.expires_at, row.stars), row.language

    async def unknown(self, rows: Sequence[StarRow]) -> list[StarRow]:
        """Those rows that no receipt stands for, in their order."""
        if not rows:
            return []
        keys = json.dumps([row.key for row in rows])
        known = {(row.key, row.direction == "out") for row in await self.database.run(KNOWN, {"keys": keys})}
        return [row for row in rows if (row.key, row.is_refund) not in known]

    async def standing(self, before: datetime) -> tuple[int, bool]:
        """How many rows of Telegram's list were booked, and whether an invoice is open whose deadline was `before`.

        The cursor counts rows where a chain has its lt.
        """
        (row,) = await self.database.run(STANDING, {"before": before})
        return int(row.seen), bool(row.is_overdue)

    async def advance(self, seen: int, now: datetime) -> None:
        """Remember that; it never goes back."""
        await self.database.run(ADVANCE, {"lt": seen, "now": now})
        failpoint("stars.advanced")
