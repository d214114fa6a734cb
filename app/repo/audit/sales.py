"""What was sold and given: purchases, time, configs, bonuses. Queries only."""

# Everything that has moved the end of a subscription but the trial. Each moves it on, so the ends tell the order, but
# for a purchase that was given back: it says itself what came before it, and begins another turn.
EXTENSIONS = """
    SELECT 'purchase ' || p.id AS name, p.user_id, p.days, p.subscription_end, p.created_at,
           CAST(NULL AS timestamptz) AS end_before,
           (SELECT count(*) FROM purchase_returns r WHERE r.user_id = p.user_id AND r.last_purchase < p.id) AS turn
    FROM purchases p
    UNION ALL
    SELECT g.key, g.user_id, g.days, g.subscription_end, g.created_at, NULL,
           (SELECT count(*) FROM purchase_returns r WHERE r.user_id = g.user_id AND r.last_grant < g.id)
    FROM grants g
    UNION ALL
    SELECT 'undelivered ' || purchase_id, user_id, NULL, subscription_end, created_at, end_before,
           row_number() OVER (PARTITION BY user_id ORDER BY id)
    FROM purchase_returns
"""

SALES = {
    "every purchase is paid once, by who bought": """
        SELECT 'purchase ' || p.id, 'price ' || p.price || ', booked ' || COALESCE(sum(e.amount), 0)
        FROM purchases p
        LEFT JOIN ledger_transactions t ON t.key = 'purchase:' || p.id
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id
        GROUP BY p.id HAVING COALESCE(sum(e.amount) FILTER (WHERE e.account = 'sales'), 0) <> p.price
            OR COALESCE(sum(e.amount) FILTER (WHERE e.account = 'wallet:' || p.user_id), 0) <> -p.price""",
    "every purchase and grant adds its days to the time left": f"""
        SELECT name, COALESCE(days || ' days', 'given back') || ', ends ' || subscription_end FROM (
            SELECT *, days * interval '24 hours' AS span, lag(subscription_end) OVER (
                PARTITION BY user_id ORDER BY turn, days IS NOT NULL, subscription_end) AS before
            FROM ({EXTENSIONS}) every) x
        WHERE CASE WHEN days IS NULL THEN end_before IS DISTINCT FROM before
                   ELSE subscription_end <> span + GREATEST(created_at, COALESCE(before, subscription_end - span)) END
    """,  # noqa: S608 - constants
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
    "the time left is what was given and bought": f"""
        SELECT 'user ' || u.tg_id, 'ends ' || u.subscription_end || ', given and bought until ' || x.subscription_end
        FROM users u JOIN (
            SELECT DISTINCT ON (user_id) user_id, subscription_end FROM ({EXTENSIONS}) every
            ORDER BY user_id, turn DESC, days IS NOT NULL DESC, subscription_end DESC) x ON x.user_id = u.tg_id
        WHERE u.subscription_end IS DISTINCT FROM x.subscription_end""",  # noqa: S608 - constants
    "every living config ends with its subscription": """
        SELECT 'config ' || c.id, 'ends ' || c.expires_at || ', subscription ' || u.subscription_end
        FROM configs c JOIN users u ON u.tg_id = c.user_id
        WHERE c.status IN ('creating', 'active') AND c.server_id IS NULL
          AND c.expires_at IS DISTINCT FROM u.subscription_end""",
}
