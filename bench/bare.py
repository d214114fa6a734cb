"""Owns the bare statements that money is measured beside: they write the same rows and judge nothing.

Each is one statement, sent by SQLAlchemy's engine as it sends any, in one round trip; beside it, without a bound, goes
the same statement through the shop's own quick door. Left out are all questions: whether the transfer is known, late,
short or too much, whose tombstone its comment stands on, whether an invited person earns somebody a bonus, whether the
buyer is banned or has bought before. Who runs these twice, books twice.
"""

from __future__ import annotations

from app.repo.sql import statement

SETTLE = statement(
    """
    WITH incoming AS (
        SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
            hash text, lt bigint, at timestamptz, nano bigint, comment text)
    ), paid AS (
        SELECT i.*, p.id AS payment_id, p.user_id, p.amount, p.rate, p.rate_source, p.rate_at FROM incoming i
        JOIN payments p ON p.comment = i.comment
    ), fresh AS (
        INSERT INTO ton_transactions (hash, account, lt, at, nano, comment, verdict, status, payment_id, user_id,
                                      credited, rate, rate_source, rate_at, seen_at)
        SELECT hash, :account, lt, at, nano, comment, 'money', 'credited', payment_id, user_id, amount, rate,
               rate_source, rate_at, :now
        FROM paid
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT 'payment:' || payment_id, 'topup', :now FROM paid RETURNING id, key
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount FROM booked JOIN paid ON booked.key = 'payment:' || payment_id,
               LATERAL (VALUES ('wallet:' || paid.user_id, paid.amount), ('gateway:ton', -paid.amount))
               AS line (account, amount)
    ), balances AS (
        UPDATE users SET balance = balance + sums.total
        FROM (SELECT user_id, sum(amount) AS total FROM paid GROUP BY user_id) sums WHERE users.tg_id = sums.user_id
    ), confirmed AS (
        UPDATE payments SET status = 'confirmed', confirmed_at = :now FROM paid WHERE payments.id = paid.payment_id
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'paid:' || hash, user_id, 'payment_confirmed',
               jsonb_build_object('amount', amount::text, 'receipt', payment_id::text), :now, :now FROM paid
    ), moved AS (
        INSERT INTO chain_cursors (account, lt) VALUES (:account, :lt)
        ON CONFLICT (account) DO UPDATE SET lt = excluded.lt
    )
    SELECT payment_id, user_id, amount FROM paid
    """
)

CREDIT = statement(
    """
    WITH paid AS (
        UPDATE payments SET status = 'confirmed', confirmed_at = :now WHERE id = :payment_id
        RETURNING id, user_id, amount
    ), fresh AS (
        INSERT INTO receipts (gateway, key, direction, payment_id, user_id, asset, asset_amount, status, credited,
                              at, seen_at)
        SELECT 'stars', :key, 'in', id, user_id, 'XTR', 100, 'credited', amount, :now, :now FROM paid
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT 'payment:' || id, 'topup', :now FROM paid RETURNING id
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount FROM booked, paid,
               LATERAL (VALUES ('wallet:' || paid.user_id, paid.amount), ('gateway:stars', -paid.amount))
               AS line (account, amount)
    ), told AS (
        INSERT INTO notices (key, recipient, kind, facts, next_attempt_at, created_at)
        SELECT 'paid:stars:' || :key, user_id, 'payment_confirmed',
               jsonb_build_object('amount', amount::text, 'receipt', id::text, 'method', 'stars'), :now, :now FROM paid
    )
    UPDATE users SET balance = balance + paid.amount FROM paid WHERE users.tg_id = paid.user_id RETURNING users.balance
    """
)

BUY = statement(
    """
    WITH bought AS (
        INSERT INTO purchases (user_id, intent, plan_key, days, price, created_at, subscription_end)
        VALUES (:tg_id, :intent, :plan_key, :days, :price, :now, :now + :days * interval '24 hours')
        RETURNING id, user_id, subscription_end
    ), booked AS (
        INSERT INTO ledger_transactions (key, kind, created_at)
        SELECT 'purchase:' || id, 'purchase', :now FROM bought RETURNING id
    ), lines AS (
        INSERT INTO ledger_entries (transaction_id, account, amount)
        SELECT booked.id, line.account, line.amount
        FROM booked, bought, LATERAL (VALUES ('wallet:' || bought.user_id, -:price), ('sales', :price))
             AS line (account, amount)
    )
    UPDATE users SET balance = balance - :price, subscription_end = bought.subscription_end, active_plan = :plan_key
    FROM bought WHERE users.tg_id = bought.user_id RETURNING users.balance
    """
)
