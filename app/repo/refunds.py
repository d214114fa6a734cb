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

# How much of each charge was given back, and what of it was no longer there.
BACK = """
    LEFT JOIN LATERAL (
        SELECT COALESCE(sum(o.asset_amount), 0) AS asset_back, COALESCE(sum(o.debt), 0) AS debt FROM receipts o
        WHERE o.gateway = r.gateway AND o.charge = r.key AND o.direction = 'out') back ON true
"""
# A charge that was given back by other ways, and of which the books know, needs no wish any more.
ASK = statement(
    f"""
    WITH charge AS (
        SELECT r.user_id, back.asset_back >= r.asset_amount AS is_reversed FROM receipts r {BACK}
        WHERE r.gateway = :gateway AND r.key = :key AND r.direction = 'in'
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
    """  # noqa: S608 - constant
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
REVERSED = statement(
    f"SELECT r.key FROM receipts r {BACK}"  # noqa: S608 - constant
    " WHERE r.gateway = :gateway AND r.key = :key AND r.direction = 'in' AND back.asset_back >= r.asset_amount"
)
CHARGES = statement(
    f"""
    SELECT r.gateway, r.key, r.user_id, r.payment_id, r.asset, r.asset_amount, r.credited, r.at,
           back.asset_back, back.debt
    FROM receipts r {BACK}
    WHERE r.direction = 'in' AND (:gateway IS NULL OR r.gateway = :gateway) ORDER BY r.at DESC, r.key LIMIT :batch
    """  # noqa: S608 - constant
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
        """Whether the books show that all of the charge was given back."""
        return bool(await self.database.run(REVERSED, {"gateway": gateway, "key": key}))

    async def charges(self, gateway: str | None, limit: int) -> list[Charge]:
        """The newest charges, of one gateway or of all."""
        return [
            Charge(
                gateway=row.gateway,
                key=row.key,
                owner=row.user_id,
                payment_id=row.payment_id,
                asset=row.asset,
                asset_amount=row.asset_amount,
                asset_back=int(row.asset_back),
                credited=None if row.credited is None else Money.rub(row.credited),
                debt=Money.rub(row.debt),
                at=row.at,
            )
            for row in await self.database.run(CHARGES, {"gateway": gateway, "batch": limit})
        ]
