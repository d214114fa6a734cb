"""What statements that credit, open or close a payment do to the purchase that waits for it. Begins none of its own."""

from __future__ import annotations

# For whom money came is locked before the wish, and the payment before it as well, as everywhere: so nobody waits in
# a circle. One that was short is looked at again; what comes on top of money that came in time makes it no later. In a
# statement that has `balances` (tg_id) and `confirmed` (id).
AWAITED = """
    awaited AS (
        UPDATE pending_purchases SET status = 'due', due_at = :now,
               paid_at = CASE WHEN status = 'due' THEN LEAST(paid_at, money.at) ELSE money.at END,
               credited = pending_purchases.credited + money.credited
        FROM (SELECT payment_id, user_id, sum(credited) AS credited, min(at) AS at FROM paid
              WHERE payment_id IS NOT NULL GROUP BY payment_id, user_id) money
             JOIN balances ON balances.tg_id = money.user_id LEFT JOIN confirmed ON confirmed.id = money.payment_id
        WHERE pending_purchases.payment_id = money.payment_id AND pending_purchases.user_id = money.user_id
              AND pending_purchases.status IN ('waiting', 'due', 'short')
        RETURNING pending_purchases.payment_id
    )"""
# Who waits for a purchase is told of that instead, by whoever looks at what is due.
UNTOLD = "NOT EXISTS (SELECT FROM awaited WHERE awaited.payment_id = paid.payment_id)"

# What a button needs to ask for the same again, in the notice of an invoice that nobody paid.
WISH_FACTS = """
    CASE WHEN w.payment_id IS NULL THEN '{}' ELSE jsonb_build_object(
        'plan_key', w.plan_key, 'days', w.days::text, 'max_configs', w.max_configs::text,
        'list_price', w.list_price::text, 'price', w.price::text, 'use_id', COALESCE(w.promo_use, 0)::text,
        'intent', w.intent, 'is_gift', CASE WHEN w.is_gift THEN 'yes' ELSE 'no' END) END
"""
# With the invoice goes what was to be bought by it; what comes for it all the same is only credited.
DROPPED = """
    dropped AS (
        UPDATE pending_purchases SET status = 'cancelled' FROM cancelled
        WHERE payment_id = cancelled.id AND pending_purchases.status = 'waiting'
    )"""
