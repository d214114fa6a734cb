"""Refunds that were asked for, and the charges they are about. Takes nothing back: that is receipts.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.money import Money
from app.failpoints import failpoint
from app.repo.base import BaseRepository
from app.repo.sql import statement
from app.services.refunds import Charge, Refund, RefundStatus

if TYPE_CHECKING:
    from datetime import datetime

# A charge that was given back by other ways, and of which the books know, needs no wish any more.
ASK = statement(
    """
    WITH charge AS (
        SELECT r.user_id, EXISTS (SELECT FROM receipts o WHERE o.gateway = :gateway AND o.key = :key
                                  AND o.direction = 'out') AS is_reversed
        FROM receipts r WHERE r.gateway = :gateway AND r.key = :key AND r.direction = 'in'
    ), wish AS (
        INSERT INTO refunds (gateway, key, asked_at, status, closed_at)
        SELECT :gateway, :key, :now, CASE WHEN is_reversed THEN 'done' ELSE 'open' END,
               CASE WHEN is_reversed THEN CAST(:now AS timestamptz) END FROM charge
        ON CONFLICT (gateway, key) DO UPDATE
        SET status = CASE WHEN excluded.status = 'done' OR refunds.status = 'done' THEN 'done' ELSE 'open' END,
            closed_at = CASE WHEN refunds.status = 'done' THEN refunds.closed_at ELSE excluded.closed_at END
        RETURNING key, status
    )
    SELECT wish.key, wish.status, charge.user_id FROM wish, charge
    """
)
UNFINISHED = statement(
    """
    SELECT f.key, f.status, r.user_id FROM refunds f
    JOIN receipts r ON r.gateway = f.gateway AND r.key = f.key AND r.direction = 'in'
    WHERE f.gateway = :gateway AND f.status = 'open' ORDER BY f.asked_at
    """
)
CLOSE = statement(
    "UPDATE refunds SET status = :status, closed_at = :now"
    " WHERE gateway = :gateway AND key = :key AND status = 'open'"
)
REVERSED = statement("SELECT key FROM receipts WHERE gateway = :gateway AND key = :key AND direction = 'out'")
CHARGES = statement(
    """
    SELECT r.key, r.user_id, r.payment_id, r.asset, r.asset_amount, r.credited, r.at, o.key IS NOT NULL AS is_refunded,
           COALESCE(o.debt, 0) AS debt
    FROM receipts r
    LEFT JOIN receipts o ON o.gateway = r.gateway AND o.key = r.key AND o.direction = 'out'
    WHERE r.gateway = :gateway AND r.direction = 'in' ORDER BY r.at DESC, r.key LIMIT :batch
    """
)


class RefundRepository(BaseRepository):
    """Implements services.refunds.RefundStore."""

    async def ask(self, gateway: str, key: str, now: datetime) -> Refund | None:
        """Store the wish, once; one that was refused is opened again. None where there is no such charge."""
        rows = await self.database.run(ASK, {"gateway": gateway, "key": key, "now": now})
        failpoint("refund.asked")
        return Refund(rows[0].key, rows[0].user_id, RefundStatus(rows[0].status)) if rows else None

    async def unfinished(self, gateway: str) -> list[Refund]:
        """The wishes whose outcome is open."""
        rows = await self.database.run(UNFINISHED, {"gateway": gateway})
        return [Refund(row.key, row.user_id, RefundStatus(row.status)) for row in rows]

    async def close(self, gateway: str, key: str, status: RefundStatus, now: datetime) -> None:
        """Remember how it ended."""
        await self.database.run(CLOSE, {"gateway": gateway, "key": key, "status": status.value, "now": now})
        failpoint("refund.closed")

    async def is_reversed(self, gateway: str, key: str) -> bool:
        """Whether the books show that the charge was given back."""
        return bool(await self.database.run(REVERSED, {"gateway": gateway, "key": key}))

    async def charges(self, gateway: str, limit: int) -> list[Charge]:
        """The newest charges."""
        return [
            Charge(
                row.key,
                row.user_id,
                row.payment_id,
                row.asset,
                row.asset_amount,
                None if row.credited is None else Money.rub(row.credited),
                Money.rub(row.debt),
                row.at,
                row.is_refunded,
            )
            for row in await self.database.run(CHARGES, {"gateway": gateway, "batch": limit})
        ]
