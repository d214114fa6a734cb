"""What buying costs one person right now, as a part of the statements that spend. Begins none of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.plans import Plan

# A discount for first purchases after a purchase, which can only have come in at the same moment.
TOO_LATE = """
    (u.first_purchase AND (EXISTS (SELECT FROM purchases p WHERE p.user_id = u.user_id)
                           OR EXISTS (SELECT FROM gifts g WHERE g.giver_id = u.user_id)))
"""

# The lock is taken first and the balance judged on the locked row, so two purchases can't both see the same money.
# The new balance is reckoned from the locked one, too: PostgreSQL holds the first attempt at an UPDATE, which may be
# made from the row as it was before the wait, against the table's checks, so a sum that a top-up has just made
# possible would be refused as an error.
# It leaves the key alone, so that nobody who holds a config and names its owner waits for it in a circle.
# The discount is the one that waits for this person in its own row; the button only says which one was shown. Where
# it is another one, or gone, nothing is sold: the person is asked again.
def offer(beside: str = "") -> str:
    """Who buys, locked, and at what price; `beside` joins rows that have to stand as they do, and are locked, too."""
    return f"""
    buyer AS (
        SELECT tg_id, subscription_end, users.max_configs, balance FROM users {beside}
        WHERE tg_id = :tg_id AND NOT is_banned FOR NO KEY UPDATE
    ), held AS (
        SELECT u.id, u.value FROM promo_uses u JOIN buyer ON buyer.tg_id = u.user_id
        WHERE u.status = 'reserved' AND u.holds_until > :now AND NOT {TOO_LATE}
        FOR NO KEY UPDATE OF u
    ), offer AS (
        SELECT buyer.tg_id, buyer.subscription_end, buyer.max_configs, held.id AS use_id,
               COALESCE(floor(:price * held.value) / 100, 0) AS discount
        FROM buyer LEFT JOIN held ON true
        WHERE COALESCE(held.id, 0) = :use_id
          AND buyer.balance >= :price - COALESCE(floor(:price * held.value) / 100, 0)
    )
"""  # noqa: S608 - constants


OFFER = offer()


def wanted(tg_id: int, plan: Plan, intent: str, use_id: int, now: datetime) -> dict[str, Any]:
    """The parameters of a statement that sells a plan: its list price, and the use of a code that was shown."""
    return {
        "tg_id": tg_id,
        "intent": intent,
        "plan_key": plan.key,
        "days": plan.days,
        "price": plan.price.decimal,
        "max_configs": plan.max_configs,
        "use_id": use_id,
        "now": now,
    }


# The use is over in the statement that has sold something for it.
BURNED = """
    burned AS (
        UPDATE promo_uses SET status = 'used', used_at = :now FROM bought WHERE promo_uses.id = bought.promo_use_id
    )
"""


def booked(kind: str, payer: str) -> str:
    """The movement of a sale, from the wallet that `payer` names in what was bought, under the business key kind:id."""
    return f"""
    booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT '{kind}:' || id, '{kind}', :now FROM bought RETURNING id
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked, bought, LATERAL (VALUES ('wallet:' || bought.{payer}, -bought.price), ('sales', bought.price))
             AS line (account, amount)
    )
"""  # noqa: S608 - constants


# Why nothing was sold: who it is, what they have, and the discount that waits for them.
STANDING = f"""
    SELECT users.balance, users.is_banned, u.id AS use_id, u.value AS percent
    FROM users LEFT JOIN promo_uses u
         ON u.user_id = users.tg_id AND u.status = 'reserved' AND u.holds_until > :now AND NOT {TOO_LATE}
    WHERE users.tg_id = :tg_id
"""  # noqa: S608 - constants
