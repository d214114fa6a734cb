"""What was sold and given: purchases, time, configs, bonuses. Queries only."""

SALES = {
    "every purchase is paid once, by who bought": """
        SELECT 'purchase ' || p.id, 'price ' || p.price || ', booked ' || COALESCE(sum(e.amount), 0)
        FROM purchases p
        LEFT JOIN ledger_transactions t ON t.key = 'purchase:' || p.id
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id
        GROUP BY p.id HAVING COALESCE(sum(e.amount) FILTER (WHERE e.account = 'sales'), 0) <> p.price
            OR COALESCE(sum(e.amount) FILTER (WHERE e.account = 'wallet:' || p.user_id), 0) <> -p.price""",
    "every purchase adds its days to the time left": """
        SELECT 'purchase ' || id, days || ' days, ends ' || subscription_end FROM (
            SELECT *, days * interval '24 hours' AS span,
                   lag(subscription_end) OVER (PARTITION BY user_id ORDER BY id) AS before FROM purchases) p
        WHERE subscription_end <> span + GREATEST(created_at, COALESCE(before, subscription_end - span))""",
    "every sale has its purchase": """
        SELECT t.key, 'no such purchase' FROM ledger_transactions t
        WHERE t.kind = 'purchase' AND NOT EXISTS (SELECT FROM purchases p WHERE t.key = 'purchase:' || p.id)""",
    "every referral bonus is paid once, after a top-up": """
        SELECT 'referee ' || r.referee_id, 'bonus ' || COALESCE(r.bonus, 0) || ', booked ' || COALESCE(sum(e.amount), 0)
        FROM referrals r
        LEFT JOIN ledger_transactions t ON t.key = 'referral:' || r.referee_id
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'wallet:' || r.referrer_id
        WHERE r.bonus_paid_at IS NOT NULL OR r.bonus IS NOT NULL
        GROUP BY r.referee_id, r.bonus, r.bonus_for
        HAVING COALESCE(sum(e.amount), 0) IS DISTINCT FROM r.bonus
            OR r.bonus_for IS DISTINCT FROM 'signup' AND NOT EXISTS (
                SELECT FROM ton_transactions x WHERE x.user_id = r.referee_id AND x.status = 'credited')
            AND NOT EXISTS (
                SELECT FROM receipts x
                WHERE x.user_id = r.referee_id AND x.status = 'credited' AND x.direction = 'in')""",
    "every bonus has its referral": """
        SELECT t.key, 'no paid referral' FROM ledger_transactions t
        WHERE t.kind = 'referral' AND NOT EXISTS (
            SELECT FROM referrals r WHERE t.key = 'referral:' || r.referee_id AND r.bonus_paid_at IS NOT NULL)""",
    "the time left is what was given and bought": """
        SELECT 'user ' || u.tg_id, 'ends ' || u.subscription_end || ', last purchase until ' || p.subscription_end
        FROM users u JOIN LATERAL (
            SELECT max(subscription_end) AS subscription_end FROM purchases WHERE user_id = u.tg_id) p
            ON p.subscription_end IS NOT NULL
        WHERE u.subscription_end IS DISTINCT FROM p.subscription_end""",
    "every living config ends with its subscription": """
        SELECT 'config ' || c.id, 'ends ' || c.expires_at || ', subscription ' || u.subscription_end
        FROM configs c JOIN users u ON u.tg_id = c.user_id
        WHERE c.status IN ('creating', 'active') AND c.server_id IS NULL
          AND c.expires_at IS DISTINCT FROM u.subscription_end""",
}
