"""Pays referral bonuses, inside the transaction of what earned them. Begins none of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from app.repo.sql import statement
from app.services.topups import MINIMUM as SMALLEST_TOP_UP

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from decimal import Decimal

    from sqlalchemy.ext.asyncio import AsyncConnection

Trigger = Literal["first_payment", "signup"]

# An invoice may be paid with less than it asks for; a bonus for a few kopecks would be money for empty accounts.
PAY = statement(
    """
    WITH due AS (
        UPDATE referrals SET bonus = :bonus, bonus_paid_at = :now, bonus_for = :trigger
        WHERE bonus_paid_at IS NULL
          AND referee_id IN (SELECT CAST(id AS bigint) FROM jsonb_array_elements_text(CAST(:referees AS jsonb)) id)
          AND (:trigger = 'signup' OR :least <= (
               SELECT sum(e.amount) FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
               WHERE e.account = 'wallet:' || referee_id AND t.kind = 'topup'))
        RETURNING referee_id, referrer_id
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT 'referral:' || referee_id, 'referral', :now FROM due RETURNING id, key
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked JOIN due ON booked.key = 'referral:' || due.referee_id,
             LATERAL (VALUES ('wallet:' || due.referrer_id, :bonus), ('bonuses', -:bonus)) AS line (account, amount)
    ), balances AS (
        UPDATE users SET balance = balance + sums.total
        FROM (SELECT referrer_id, :bonus * count(*) AS total FROM due GROUP BY referrer_id) sums
        WHERE users.tg_id = sums.referrer_id
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'referral:' || referee_id, referrer_id, 'referral_bonus',
               jsonb_build_object('amount', CAST(:bonus AS text)), :now, :now FROM due
    )
    SELECT referrer_id FROM due
    """
)


class Bonuses:
    """The bonus for an invited person: `amount` rubles, once, when `trigger` happens.

    A first payment is one when as much has come in as the smallest invoice asks for.
    """

    def __init__(self, trigger: Trigger, amount: Decimal) -> None:
        self._trigger = trigger
        self._amount = amount

    def due_at(self, event: Trigger) -> bool:
        """Whether this event pays at all."""
        return event == self._trigger and self._amount > 0

    async def pay(
        self, connection: AsyncConnection, event: Trigger, referees: Collection[int], now: datetime
    ) -> set[int]:
        """Pay for those of `referees` that nobody was paid for yet; the inviters whose wallets changed."""
        if not referees or not self.due_at(event):
            return set()
        params: dict[str, object] = {
            "bonus": self._amount,
            "least": SMALLEST_TOP_UP.decimal,
            "now": now,
            "trigger": event,
            "referees": json.dumps(sorted(referees)),
        }
        return {row.referrer_id for row in await connection.execute(PAY, params)}
