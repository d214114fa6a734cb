"""Promo codes as the operator makes, lists and ends them. Redeems nothing: that is promos.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.money import Money
from app.domain.promo import PromoKind
from app.repo.base import BaseRepository
from app.repo.promos import RELEASE_ALL_OF, terms_of
from app.repo.sql import statement
from app.services.promos import NewPromo, PromoReport

if TYPE_CHECKING:
    from datetime import datetime

ADD = statement(
    """
    INSERT INTO promocodes (code, kind, value, most_uses, per_person, valid_from, valid_until, first_purchase,
                            created_at)
    VALUES (:code, :kind, :value, :most_uses, :per_person, :valid_from, :valid_until, :first_purchase, :now)
    ON CONFLICT DO NOTHING RETURNING code
    """
)
STOP = statement("UPDATE promocodes SET stopped_at = COALESCE(stopped_at, :now) WHERE code = :code RETURNING code")
LIST = statement(
    """
    SELECT p.*, COALESCE(u.reserved, 0) AS reserved, COALESCE(u.given, 0) AS given, COALESCE(u.days, 0) AS days
    FROM promocodes p LEFT JOIN (
        SELECT u.code, count(*) FILTER (WHERE u.status = 'reserved') AS reserved,
               sum(CASE u.kind WHEN 'balance' THEN u.value
                               WHEN 'percent' THEN COALESCE(b.discount, g.discount) END) AS given,
               sum(u.value) FILTER (WHERE u.kind = 'days') AS days
        FROM promo_uses u
        LEFT JOIN purchases b ON b.promo_use_id = u.id
        LEFT JOIN gifts g ON g.promo_use_id = u.id
        GROUP BY u.code) u ON u.code = p.code
    ORDER BY p.created_at DESC, p.code
    """
)


class PromoDeskRepository(BaseRepository):
    """Implements services.promos.PromoDesk."""

    async def add(self, promo: NewPromo, now: datetime) -> bool:
        """Store a code; False where there is one of that name."""
        terms = promo.terms
        params = {
            "code": promo.code,
            "kind": promo.kind.value,
            "value": promo.value,
            "most_uses": terms.most_uses,
            "per_person": terms.per_person,
            "valid_from": terms.valid_from,
            "valid_until": terms.valid_until,
            "first_purchase": terms.first_purchase,
            "now": now,
        }
        return bool(await self.database.run(ADD, params))

    async def stop(self, code: str, now: datetime) -> bool:
        """End a code, and give back the discounts that wait by it; False where there is none."""
        async with self.database.transaction() as connection:
            if (await connection.execute(STOP, {"code": code, "now": now})).one_or_none() is None:
                return False
            waiting = [row.user_id for row in await connection.execute(RELEASE_ALL_OF, {"code": code})]
        if waiting:
            await self.drop_account(*waiting, parts=("discount",))
        return True

    async def listing(self) -> list[PromoReport]:
        """Every code, newest first."""
        return [
            PromoReport(
                NewPromo(row.code, PromoKind(row.kind), row.value, terms_of(row)),
                row.used - row.reserved,
                row.reserved,
                Money.rub(row.given),
                int(row.days),
                row.stopped_at is not None,
            )
            for row in await self.database.run(LIST)
        ]
